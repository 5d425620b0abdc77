"""What a site may say of the fracture pipeline, `[pipelines.fracture.options]`, and what then is.

No framework is imported here: the node reads options before it starts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass as plain
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BeforeValidator, ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

if TYPE_CHECKING:
    from models.registry.card import Card

ALERT = "specificity-0.99"
"""The operating point of the card from which on somebody is told, unless the site says another."""
SITE = "site"
"""In place of an operating point's name where the threshold is the site's own."""


def _number(value: Any) -> Any:
    """Pydantic would take true for 1."""
    if isinstance(value, bool):
        raise ValueError("true and false are no numbers")  # noqa: TRY004 - pydantic's way to say it
    return value


Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False), BeforeValidator(_number)]
UnknownAge = Literal["indeterminate", "note"]


@dataclass(frozen=True, kw_only=True, config=ConfigDict(extra="forbid"))
class Options:
    """The options with their defaults."""

    model: str = "fracture"
    """Which entry of the registry judges: `dicom-node models list`."""
    operating_point: str = ""
    """Which of the thresholds on the model's card holds; empty: the card's own choice."""
    threshold: Share | None = None
    """From which probability a fracture is called present, in place of an operating point."""
    alert_threshold: Share | None = None
    """From which probability somebody is told at once; by default the card's `specificity-0.99`,
    and without one there are no alerts."""
    unknown_age: UnknownAge = "indeterminate"
    """What is made of a patient whose age nobody states: the model was not taught to tell children
    from adults."""
    threads: Annotated[int, Field(ge=0, le=256), BeforeValidator(_number)] = 0
    """Processor threads for one picture; 0: as torch chooses."""


_OPTIONS = TypeAdapter(Options)


def read(options: Mapping[str, Any]) -> Options:
    """The options of a site; a ValueError says which is wrong."""
    try:
        return _OPTIONS.validate_python(dict(options))
    except ValidationError as error:
        raise ValueError(_sentence(error)) from None


@plain(frozen=True, kw_only=True)
class Rules:
    """By which a probability is judged; a report names them."""

    threshold: float
    operating_point: str
    """Its name on the card, or `SITE`."""
    alert_from: float | None
    """None: there are no alerts."""
    unknown_age: UnknownAge

    def to_dict(self) -> dict[str, str]:
        """The rules as a report names them."""
        alert = "none" if self.alert_from is None else f"{self.alert_from:.4f}"
        return {
            "threshold": f"{self.threshold:.4f}",
            "operating_point": self.operating_point,
            "alert_threshold": alert,
            "unknown_age": self.unknown_age,
        }


def rules(options: Options, card: Card) -> Rules:
    """What holds for a model; a ValueError says that it has no such operating point."""
    point = options.operating_point or card.operating_point
    if point not in card.thresholds:
        known = ", ".join(card.thresholds)
        raise ValueError(f"The model {card.name} has no operating point {point}; it has {known}.")
    own, alert = options.threshold, options.alert_threshold
    return Rules(
        threshold=card.thresholds[point] if own is None else own,
        operating_point=point if own is None else SITE,
        alert_from=card.thresholds.get(ALERT) if alert is None else alert,
        unknown_age=options.unknown_age,
    )


def _sentence(error: ValidationError) -> str:
    known = ", ".join(Options.__dataclass_fields__)
    said = []
    for one in error.errors(include_url=False):
        name = ".".join(map(str, one["loc"]))
        unknown = one["type"] == "unexpected_keyword_argument"
        said.append(
            f"there is no option {name}; there are {known}" if unknown else f"{name}: {one['msg']}"
        )
    return "; ".join(said) + "."
