"""What a site may say of the thyroid pipeline, `[pipelines.thyroid.options]`, and what then is.

No framework is imported here: the node reads options before it starts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass as plain
from dataclasses import field
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from pipelines.choices import NUMBER, Share, Threads, alert_from, sentence, threshold

if TYPE_CHECKING:
    from models.registry.card import Card

Count = Annotated[int, Field(ge=1, le=1000), NUMBER]
Words = Annotated[str, Field(max_length=1000)]
_STRICT = ConfigDict(extra="forbid")


@dataclass(frozen=True, kw_only=True, config=_STRICT)
class Levels:
    """From which probability on each risk begins; below the last it is low."""

    high: Share = 0.75
    moderate: Share = 0.5
    borderline: Share = 0.25

    def __post_init__(self) -> None:
        if not self.high > self.moderate > self.borderline:
            raise ValueError("high, moderate and borderline have to descend")


@dataclass(frozen=True, kw_only=True, config=_STRICT)
class Recommendations:
    """What is recommended at each risk; an empty text recommends nothing."""

    high: Words = "See a thyroid specialist without delay; fine-needle biopsy is to be considered."
    moderate: Words = "Have a specialist look at it, and repeat the ultrasound soon."
    borderline: Words = "Repeat the ultrasound in some months."
    low: Words = "Routine monitoring."


@dataclass(frozen=True, kw_only=True, config=_STRICT)
class Options:
    """The options with their defaults."""

    model: str = "thyroid"
    """Which entry of the registry judges: `dicom-node models list`."""
    operating_point: str = ""
    """Which of the thresholds on the model's card holds; empty: the card's own choice."""
    threshold: Share | None = None
    """From which probability a nodule is called suspicious, in place of an operating point."""
    alert_threshold: Share | None = None
    """From which probability somebody is told at once; by default the card's `specificity-0.99`,
    and without one there are no alerts."""
    risk_levels: Levels = field(default_factory=Levels)
    recommend: bool = True
    """False: the report recommends nothing."""
    recommendations: Recommendations = field(default_factory=Recommendations)
    most_frames: Count = 24
    """So many frames of a loop are read, evenly spread."""
    most_looks: Count = 60
    """So many frames of a study are read, spread over its loops and images."""
    kept_frames: Annotated[int, Field(ge=1, le=20), NUMBER] = 3
    """So many frames of a study are judged and shown."""
    grad_cam_layer: str = ""
    """Which layer of the network heat maps look at; empty: its last convolution."""
    threads: Threads = 0
    """Processor threads for one picture; 0: as the framework chooses."""


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
    levels: Levels
    recommendations: Recommendations | None
    """None: nothing is recommended."""
    kept_frames: int

    def to_dict(self) -> dict[str, str]:
        """The rules as a report names them."""
        alert = "none" if self.alert_from is None else f"{self.alert_from:.4f}"
        levels = (self.levels.high, self.levels.moderate, self.levels.borderline)
        return {
            "threshold": f"{self.threshold:.4f}",
            "operating_point": self.operating_point,
            "alert_threshold": alert,
            "risk_levels": " ".join(f"{level:.4f}" for level in levels),
            "kept_frames": str(self.kept_frames),
        }


def rules(options: Options, card: Card) -> Rules:
    """What holds for a model; a ValueError says that it has no such operating point."""
    present_from, point = threshold(card, options.operating_point, options.threshold)
    return Rules(
        threshold=present_from,
        operating_point=point,
        alert_from=alert_from(card, options.alert_threshold),
        levels=options.risk_levels,
        recommendations=options.recommendations if options.recommend else None,
        kept_frames=options.kept_frames,
    )
