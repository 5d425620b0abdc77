"""Where something was found: shapes on frames of the source, and the regions they make up.

Coordinates are pixels of the stored frame as it lies in the file: x to the right, y down, and
(0, 0) is the outer corner of the first pixel, so that pixel (column 3, row 5) covers x 3 to 4.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

from pipelines.contract.pictures import Raster
from pipelines.contract.records import Record, in_order
from pipelines.contract.words import Concept, Reference, Site, is_line

Point = tuple[float, float]
ANATOMY = Concept(value="123037004", scheme="SCT", meaning="Anatomical Structure")
ALTERED = Concept(value="49755003", scheme="SCT", meaning="Morphologically Altered Structure")


def _finite(points: tuple[Point, ...]) -> bool:
    return all(math.isfinite(x) and math.isfinite(y) for x, y in points)


@dataclass(frozen=True, kw_only=True)
class Mask(Record):
    """A pixel-for-pixel mask of a whole frame: yes or no, or how much (0 to 1)."""

    kind: ClassVar[str] = "mask"
    on: Reference
    raster: Raster

    def __post_init__(self) -> None:
        super().__post_init__()
        in_order(self.raster.depth != "uint8", "a mask is made of bits, or of floats")
        if self.raster.depth == "float32":
            array = self.raster.array
            in_order(array.min() >= 0 and array.max() <= 1, "a mask's numbers are 0 to 1")


@dataclass(frozen=True, kw_only=True)
class Box(Record):
    """An upright rectangle from its upper left corner to its lower right one."""

    kind: ClassVar[str] = "box"
    on: Reference
    left: float
    top: float
    right: float
    bottom: float

    def __post_init__(self) -> None:
        super().__post_init__()
        in_order(_finite(self.points), "a box is finite")
        in_order(self.left < self.right and self.top < self.bottom, "a box has an inside")

    @property
    def points(self) -> tuple[Point, ...]:
        """The four corners, clockwise from the upper left one."""
        return (
            (self.left, self.top),
            (self.right, self.top),
            (self.right, self.bottom),
            (self.left, self.bottom),
        )


@dataclass(frozen=True, kw_only=True)
class Polygon(Record):
    """An area, by the corners of its outline; the last is joined to the first."""

    kind: ClassVar[str] = "polygon"
    on: Reference
    points: tuple[Point, ...]

    def __post_init__(self) -> None:
        super().__post_init__()
        in_order(len(self.points) >= 3, "a polygon has three corners or more")
        in_order(_finite(self.points), "a polygon is finite")


@dataclass(frozen=True, kw_only=True)
class Contour(Record):
    """A line through points, open unless it ends where it began: a fracture line, say."""

    kind: ClassVar[str] = "contour"
    on: Reference
    points: tuple[Point, ...]

    def __post_init__(self) -> None:
        super().__post_init__()
        in_order(len(self.points) >= 2, "a contour has two points or more")
        in_order(_finite(self.points), "a contour is finite")


Shape = Mask | Box | Polygon | Contour


@dataclass(frozen=True, kw_only=True)
class Region(Record):
    """One thing that was found somewhere: a shape on a frame, or one on each of many frames."""

    tracking: str
    """Its name within the study, the same in every revision: `nodule-1`."""
    type: Concept
    """What it is: a fracture, a nodule, a face."""
    shapes: tuple[Shape, ...]
    label: str
    """What a viewer writes beside it."""
    category: Concept = ALTERED
    score: float | None = None
    """How sure the algorithm is, from 0 to 1."""
    site: Site | None = None
    """Where in the body it lies."""

    def __post_init__(self) -> None:
        super().__post_init__()
        in_order(is_line(self.tracking) and is_line(self.label), "a region has names of one line")
        in_order(bool(self.shapes), "a region has a shape")
        in_order(self.score is None or 0 <= self.score <= 1, "a score is between 0 and 1")
