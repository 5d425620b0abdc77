"""The pixels of a segmentation: what each region covers of each frame, drawn when it is wanted.

A study of 300 slices with ten regions would fill a gigabyte if all of it were held as numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from pipelines.contract import Mask, Region, Shape
from results.planes.geometry import Plane, plane_of
from results.shapes import area
from results.source import Source

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Bytes = NDArray[np.uint8]

Drawn = Callable[[], "Bytes"]
"""Gives rows and columns of a frame: 0 and 1, or 0 to 255 where it tells how much."""
_MOST = 255


@dataclass(frozen=True)
class Segment:
    """A region, and how to draw each frame on which there is any of it."""

    region: Region
    fractional: bool
    frames: Mapping[tuple[str, int], Drawn]
    bits: Mapping[tuple[str, int], Bytes]
    """The same where it is yes or no, packed, for comparing."""


def fractional(region: Region) -> bool:
    """Whether a region says of its pixels how much they belong to it."""
    return any(isinstance(s, Mask) and s.raster.depth == "float32" for s in region.shapes)


def segments(source: Source, regions: Iterable[Region]) -> tuple[list[Segment], list[Plane]]:
    """The regions that cover any pixel, and the frames on which they do, in the order named."""
    planes: dict[tuple[str, int], Plane] = {}
    used: dict[tuple[str, int], Plane] = {}
    made: list[Segment] = []
    for region in regions:
        shapes: dict[tuple[str, int], list[Shape]] = {}
        for shape in region.shapes:
            key = shape.on.SOPInstanceUID, shape.on.frame or 1
            if key not in planes:
                planes[key] = plane_of(source, shape.on)
            shapes.setdefault(key, []).append(shape)
        segment = _segment(region, shapes, planes)
        if segment.frames:
            made.append(segment)
            used |= {key: planes[key] for key in segment.frames}
    return made, list(used.values())


def overlapping(found: Sequence[Segment], planes: Iterable[Plane]) -> bool:
    """Whether two regions that are yes or no cover the same pixel."""
    for plane in planes:
        packed = [segment.bits[plane.key] for segment in found if plane.key in segment.bits]
        if len(packed) < 2:
            continue
        covered = packed[0].copy()
        for more in packed[1:]:
            if (covered & more).any():
                return True
            covered |= more
    return False


def _segment(
    region: Region,
    shapes: Mapping[tuple[str, int], list[Shape]],
    planes: Mapping[tuple[str, int], Plane],
) -> Segment:
    frames: dict[tuple[str, int], Drawn] = {}
    bits: dict[tuple[str, int], Bytes] = {}
    levels = fractional(region)
    for key, parts in shapes.items():
        size = planes[key].rows, planes[key].columns
        if levels:
            if _levels(parts, *size).any():
                frames[key] = partial(_levels, parts, *size)
            continue
        packed = _packed(parts, *size)
        if packed.any():
            bits[key] = packed
            frames[key] = partial(_unpacked, packed, *size)
    return Segment(region, levels, frames, bits)


def _packed(parts: Sequence[Shape], rows: int, columns: int) -> Bytes:
    only = parts[0]
    if len(parts) == 1 and isinstance(only, Mask):
        return np.frombuffer(only.raster.data, np.uint8)
    covered = np.zeros((rows, columns), np.bool_)
    for part in parts:
        covered |= area(part, rows, columns)
    return np.packbits(covered)


def _unpacked(packed: Bytes, rows: int, columns: int) -> Bytes:
    return np.unpackbits(packed, count=rows * columns).reshape(rows, columns)


def _levels(parts: Sequence[Shape], rows: int, columns: int) -> Bytes:
    """How much of each pixel is covered, the most that any part says."""
    made = np.zeros((rows, columns), np.uint8)
    for part in parts:
        if isinstance(part, Mask) and part.raster.depth == "float32":
            level = np.rint(part.raster.array * np.float32(_MOST)).astype(np.uint8)
        else:
            level = area(part, rows, columns) * np.uint8(_MOST)
        np.maximum(made, level, out=made)
    return made
