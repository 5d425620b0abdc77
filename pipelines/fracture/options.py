"""What a site may say of the fracture pipeline, `[pipelines.fracture.options]`, and what then is.

No framework is imported here: the node reads options before it starts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass as plain
from typing import TYPE_CHECKING, Any, Literal

from pydantic import ConfigDict, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from pipelines.choices import Share, Threads, alert_from, sentence, threshold

if TYPE_CHECKING:
    from models.registry.card import Card

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
    threads: Threads = 0
    """Processor threads for one picture; 0: as torch chooses."""


_OPTIONS = TypeAdapter(Options)


def read(options: Mapping[str, Any]) -> Options:
    """The options of a site; a ValueError says which is wrong."""
    try:
        return _OPTIONS.validate_python(dict(options))
    except ValidationError as error:
        raise ValueError(sentence(error, Options.__dataclass_fields__)) from None


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
    present_from, point = threshold(card, options.operating_point, options.threshold)
    return Rules(
        threshold=present_from,
        operating_point=point,
        alert_from=alert_from(card, options.alert_threshold),
        unknown_age=options.unknown_age,
    )
