"""How large a shape is, in the units that its image's header gives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite

import numpy as np
from pydicom import Dataset
from pydicom.config import disable_value_validation

from pipelines.contract import Mask, Shape
from pipelines.display import described
from results.shapes import inside


@dataclass(frozen=True)
class Pixel:
    """How high and how wide a pixel is, and in what that is counted."""

    height: float
    width: float
    unit: str


_ONE_PIXEL = Pixel(1, 1, "px")
_UNITS = {"PixelSpacing": "mm", "ImagerPixelSpacing": "mm (detector)"}
"""A projection's spacing is that of the detector unless somebody calibrated it (C.7.6.1.1.7)."""


def pixel(header: Dataset, frame: int) -> Pixel:
    """The size of a frame's pixels; relative sizes, or one by one, where no length is known."""
    with disable_value_validation():
        said = described(header, frame, [*_UNITS, "PixelAspectRatio"])
    for keyword, unit in _UNITS.items():
        pair = _pair(said.get(keyword))
        if pair:
            return Pixel(*pair, unit)
    ratio = _pair(said.get("PixelAspectRatio"))
    return Pixel(*ratio, "px") if ratio and ratio[0] != ratio[1] else _ONE_PIXEL


def largest(shapes: Sequence[Shape]) -> Shape:
    """The shape that takes up the most of its frame: the one to look at."""
    return max(shapes, key=_area)


def bounds(shape: Shape) -> tuple[float, float, float, float] | None:
    """Left, top, right and bottom of a shape in pixels; None for an empty mask."""
    if not isinstance(shape, Mask):
        across, down = zip(*shape.points, strict=True)
        return min(across), min(down), max(across), max(down)
    mask = inside(shape)
    rows, columns = (np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0))
    if not len(rows):
        return None
    return float(columns[0]), float(rows[0]), float(columns[-1] + 1), float(rows[-1] + 1)


def size(shape: Shape, header: Dataset) -> tuple[float, float, str] | None:
    """Width and height of what a shape takes up, with their unit; None for an empty mask."""
    edges = bounds(shape)
    if edges is None:
        return None
    left, top, right, bottom = edges
    one = pixel(header, shape.on.frame or 1)
    if one.unit == "px":
        one = _ONE_PIXEL
    width, height = (right - left) * one.width, (bottom - top) * one.height
    return round(width, 3), round(height, 3), one.unit


def _area(shape: Shape) -> float:
    if isinstance(shape, Mask):
        if shape.raster.depth == "bit":
            return int.from_bytes(shape.raster.data).bit_count()
        return int(inside(shape).sum())
    edges = bounds(shape)
    return (edges[2] - edges[0]) * (edges[3] - edges[1]) if edges else 0


def _pair(value: object) -> tuple[float, float] | None:
    """Two lengths, where they are two and can be true."""
    try:
        first, second = (float(number) for number in value)  # type: ignore[attr-defined]
    except (TypeError, ValueError):
        return None
    right = isfinite(first) and isfinite(second) and first > 0 and second > 0
    return (first, second) if right else None
