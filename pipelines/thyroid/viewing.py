"""One look of the model at a frame: what it outlines there, and how good the picture is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipelines.contract import Raster, Reference, Side

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True, eq=False)
class Outline:
    """A nodule as the model outlines it on one frame."""

    raster: Raster
    """Bits over the whole frame."""
    pixels: int
    share: float
    """Of what the model was shown, so much is the nodule."""
    score: float
    """How sure it is that there is a nodule."""
    probability: float
    """That it is suspicious."""
    features: Mapping[str, float]


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where in the study a view is; views are looked at in this order."""

    loop: int
    """Of the images that are looked at, counted from 1."""
    part: int
    """Of several pictures side by side in one frame, counted from 1."""
    frame: int

    @property
    def key(self) -> tuple[int, int, int]:
        """What views are sorted by."""
        return self.loop, self.part, self.frame


@dataclass(frozen=True, kw_only=True, eq=False)
class View:
    """A frame, or one of the pictures in it, with the model's opinion of it."""

    place: Place
    frames: int
    """How many the loop has."""
    reference: Reference
    laterality: Side | None
    spacing: tuple[float, float] | None
    """Millimetres from pixel to pixel, down and across; None where nobody says."""
    outlines: tuple[Outline, ...]
    probability: float
    """That the picture as a whole has something suspicious."""
    doubts: tuple[str, ...]
    activation: NDArray[np.float32] | None
    """What spoke for the judgement, over the whole frame."""
    why_no_activation: str
    gated: bool
    """Whether the model can tell pictures of other kinds from its own."""
    quality: float
    """From 0 to 1: contrast, and how much there is to see."""
    sharpness: float
    """To be compared within a loop only: it depends on the scanner."""
    small: NDArray[np.uint8]
    """The picture in a few pixels, by which two that are the same are known."""

    @property
    def worth(self) -> float:
        """How much the frame has to say: area and certainty of its nodules, by its quality."""
        return self.quality * sum(one.share * one.score for one in self.outlines)


@dataclass(frozen=True, kw_only=True, eq=False)
class Sighting:
    """A nodule on one view; without an outline, the picture as a whole."""

    view: View
    outline: Outline | None

    @property
    def probability(self) -> float:
        """That it is suspicious."""
        return self.outline.probability if self.outline else self.view.probability
