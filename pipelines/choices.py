"""What a site may choose of a pipeline that asks a model, and by which rules that then judges.

No framework is imported here: the node reads options before it starts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass as plain
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

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


NUMBER = BeforeValidator(_number)
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False), NUMBER]
STRICT = ConfigDict(extra="forbid")


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Choices:
    """The options of every such pipeline; each adds its own."""

    model: str
    """Which entry of the registry judges: `dicom-node models list`."""
    operating_point: str = ""
    """Which of the thresholds on the model's card holds; empty: the card's own choice."""
    threshold: Share | None = None
    """From which probability the finding is called present, in place of an operating point."""
    alert_threshold: Share | None = None
    """From which probability somebody is told at once; by default the card's `specificity-0.99`,
    and without one there are no alerts."""
    threads: Annotated[int, Field(ge=0, le=256), NUMBER] = 0
    """Processor threads for one picture; 0: as the framework chooses."""


T = TypeVar("T", bound=Choices)


def checked(kind: type[T], options: Mapping[str, Any]) -> T:
    """The options of a site; a ValueError says which is wrong."""
    try:
        return TypeAdapter(kind).validate_python(dict(options))
    except ValidationError as error:
        raise ValueError(_sentence(error, kind.__dataclass_fields__)) from None


def _sentence(error: ValidationError, known: Iterable[str]) -> str:
    """Every option that is wrong, for a person who wrote them."""
    said = []
    for one in error.errors(include_url=False):
        name = ".".join(map(str, one["loc"]))
        unknown = one["type"] == "unexpected_keyword_argument"
        told = one["msg"].removeprefix("Value error, ")
        if unknown and len(one["loc"]) == 1:
            said.append(f"there is no option {name}; there are {', '.join(known)}")
        else:
            said.append(f"{name}: {'there is no such option' if unknown else told}")
    return "; ".join(said) + "."


@plain(frozen=True, kw_only=True)
class Rules:
    """By which a probability is judged; a report names them."""

    threshold: float
    operating_point: str
    """Its name on the card, or `SITE`."""
    alert_from: float | None
    """None: there are no alerts."""

    def to_dict(self) -> dict[str, str]:
        """The rules as a report names them."""
        return {
            "threshold": f"{self.threshold:.4f}",
            "operating_point": self.operating_point,
            "alert_threshold": "none" if self.alert_from is None else f"{self.alert_from:.4f}",
        }


def rules(choices: Choices, card: Card) -> Rules:
    """What holds for a model; a ValueError says that it has no such operating point."""
    point, own = choices.operating_point or card.operating_point, choices.threshold
    if point not in card.thresholds:
        known = ", ".join(card.thresholds)
        raise ValueError(f"The model {card.name} has no operating point {point}; it has {known}.")
    alert = choices.alert_threshold
    return Rules(
        threshold=card.thresholds[point] if own is None else own,
        operating_point=point if own is None else SITE,
        alert_from=card.thresholds.get(ALERT) if alert is None else alert,
    )
