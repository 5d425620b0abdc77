"""What a site may say of the thyroid pipeline, `[pipelines.thyroid.options]`, and what then is.

No framework is imported here: the node reads options before it starts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass as plain
from dataclasses import field
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field
from pydantic.dataclasses import dataclass

from pipelines import choices
from pipelines.choices import NUMBER, STRICT, Share

if TYPE_CHECKING:
    from models.registry.card import Card

Count = Annotated[int, Field(ge=1, le=1000), NUMBER]
Words = Annotated[str, Field(max_length=1000)]


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Levels:
    """From which probability on each risk begins; below the last it is low."""

    high: Share = 0.75
    moderate: Share = 0.5
    borderline: Share = 0.25

    def __post_init__(self) -> None:
        if not self.high > self.moderate > self.borderline:
            raise ValueError("high, moderate and borderline have to descend")


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Recommendations:
    """What is recommended at each risk; an empty text recommends nothing."""

    high: Words = "See a thyroid specialist without delay; fine-needle biopsy is to be considered."
    moderate: Words = "Have a specialist look at it, and repeat the ultrasound soon."
    borderline: Words = "Repeat the ultrasound in some months."
    low: Words = "Routine monitoring."


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Options(choices.Choices):
    """The options with their defaults."""

    model: str = "thyroid"
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


def read(options: Mapping[str, Any]) -> Options:
    """The options of a site; a ValueError says which is wrong."""
    return choices.checked(Options, options)


@plain(frozen=True, kw_only=True)
class Rules(choices.Rules):
    """By which the nodules of a study are judged."""

    levels: Levels
    recommendations: Recommendations | None
    """None: nothing is recommended."""
    kept_frames: int

    def to_dict(self) -> dict[str, str]:
        """The rules as a report names them."""
        levels = (self.levels.high, self.levels.moderate, self.levels.borderline)
        return {
            **super().to_dict(),
            "risk_levels": " ".join(f"{level:.4f}" for level in levels),
            "kept_frames": str(self.kept_frames),
        }


def rules(options: Options, card: Card) -> Rules:
    """What holds for a model; a ValueError says that it has no such operating point."""
    return Rules(
        **vars(choices.rules(options, card)),
        levels=options.risk_levels,
        recommendations=options.recommendations if options.recommend else None,
        kept_frames=options.kept_frames,
    )
