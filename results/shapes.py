"""Shapes as outlines to draw and as areas to fill, exact to the pixel.

Coordinates are the contract's: (0, 0) is the outer corner of the first pixel, which is also how
DICOM counts in SCOORD and in presentation states (PS3.3 C.18.6.1.2, C.10.5.1.2: the upper left
corner of the upper left pixel is 0, 0).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from pipelines.contract import Contour, Mask, Shape

if TYPE_CHECKING:
    from numpy.typing import NDArray

Point = tuple[float, float]
HALF = 0.5
"""From here on a fractional mask counts as inside."""


@dataclass(frozen=True)
class Outline:
    """A line to draw; a closed one ends where it begins, without naming that point again."""

    points: tuple[Point, ...]
    closed: bool


def inside(mask: Mask) -> NDArray[np.bool_]:
    """Which pixels a mask counts as its own."""
    array = mask.raster.array
    return array if array.dtype == np.bool_ else array >= HALF


def outlines(shape: Shape) -> list[Outline]:
    """The lines that show a shape: none for an empty mask, several for one in parts."""
    if isinstance(shape, Mask):
        return [Outline(points, closed=True) for points in trace(inside(shape))]
    if isinstance(shape, Contour):
        closed = shape.points[0] == shape.points[-1] and len(shape.points) > 3
        return [Outline(shape.points[:-1] if closed else shape.points, closed)]
    return [Outline(shape.points, closed=True)]


def area(shape: Shape, rows: int, columns: int) -> NDArray[np.bool_]:
    """The pixels a shape covers: those whose centres it holds; an open line, those it touches."""
    if isinstance(shape, Mask):
        return inside(shape)
    (outline,) = outlines(shape)
    if outline.closed:
        return _filled(np.asarray(outline.points, float), rows, columns)
    return _touched(np.asarray(outline.points, float), rows, columns)


def corners(mask: NDArray[np.bool_]) -> int:
    """How many unit edges the outlines of a mask have: what tracing them costs."""
    return int(
        np.count_nonzero(mask[1:] != mask[:-1])
        + np.count_nonzero(mask[:, 1:] != mask[:, :-1])
        + sum(map(np.count_nonzero, (mask[0], mask[-1], mask[:, 0], mask[:, -1])))
    )


def trace(mask: NDArray[np.bool_]) -> list[tuple[Point, ...]]:
    """Every outline of a mask, along the edges of its pixels, holes too.

    The inside is on the right of the way. Pixels that touch at a corner only are two parts.
    """
    down, across = (np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0))
    if not len(down):
        return []
    (top, bottom), (left, right) = ((int(at[0]), int(at[-1]) + 1) for at in (down, across))
    framed = np.pad(mask[top:bottom, left:right], 1)
    # An edge for each side of a pixel whose neighbour on that side is outside, by its start.
    ways = [
        np.flatnonzero(framed[1:, 1:] & ~framed[:-1, 1:]),  # along the top, to the right
        np.flatnonzero(framed[1:, :-1] & ~framed[1:, 1:]),  # along the right side, down
        np.flatnonzero(framed[:-1, :-1] & ~framed[1:, :-1]),  # along the bottom, to the left
        np.flatnonzero(framed[:-1, 1:] & ~framed[:-1, :-1]),  # along the left side, up
    ]
    width = right - left + 1
    following, corner = _joined(ways, (1, width, -1, -width))
    y, x = np.divmod(np.concatenate(ways), width)
    points = list(zip((x + left).tolist(), (y + top).tolist(), strict=True))
    # Each outline has an edge to the right; from its first one on, the loop is followed whole.
    found, left_over = [], bytearray(b"\1") * len(points)
    for start in range(len(ways[0])):
        loop, edge = [], start
        while left_over[edge]:
            left_over[edge] = 0
            if corner[edge]:
                loop.append(points[edge])
            edge = following[edge]
        if loop:
            found.append(tuple(loop))
    return found


def _joined(ways: Sequence[NDArray[np.intp]], steps: Sequence[int]) -> tuple[list[int], list[bool]]:
    """For each edge, the one that follows it, and whether the way turns where it begins.

    Edges go right, down, left and up, by where they start. The way turns right where it can.
    """
    first = np.cumsum([0, *(len(way) for way in ways)])
    following = np.full(first[-1], -1)
    corner = np.zeros(first[-1], np.bool_)
    for heading, (way, step) in enumerate(zip(ways, steps, strict=True)):
        ends, mine = way + step, slice(first[heading], first[heading + 1])
        for turn in (3, 0, 1):  # what is found later counts
            toward = (heading + turn) % 4
            at = np.searchsorted(ways[toward], ends)
            there = at < len(ways[toward])
            there[there] = ways[toward][at[there]] == ends[there]
            following[mine][there] = first[toward] + at[there]
    headings = np.repeat(np.arange(4), np.diff(first))
    corner[following] = headings[following] != headings
    return following.tolist(), corner.tolist()


def _filled(points: NDArray[np.float64], rows: int, columns: int) -> NDArray[np.bool_]:
    """The pixels whose centres lie inside by the even-odd rule."""
    mask = np.zeros((rows, columns), np.bool_)
    ends = np.roll(points, -1, axis=0)
    centres = np.arange(columns) + 0.5
    low = max(0, int(np.floor(points[:, 1].min() - 0.5)))
    high = min(rows, int(np.ceil(points[:, 1].max() + 0.5)))
    for row in range(low, high):
        y = row + 0.5
        crossed = (points[:, 1] <= y) != (ends[:, 1] <= y)
        (x1, y1), (x2, y2) = points[crossed].T, ends[crossed].T
        at = x1 + (y - y1) * (x2 - x1) / (y2 - y1)
        mask[row] = np.searchsorted(np.sort(at), centres, side="right") % 2 == 1
    return mask


def _touched(points: NDArray[np.float64], rows: int, columns: int) -> NDArray[np.bool_]:
    """The pixels that a line goes through."""
    mask = np.zeros((rows, columns), np.bool_)
    for begin, end in pairwise(points):
        count = max(2, int(4 * np.abs(end - begin).max()) + 1)
        x, y = np.floor(np.linspace(begin, end, count)).astype(int).T
        np.clip(x, 0, columns - 1, out=x)
        np.clip(y, 0, rows - 1, out=y)
        mask[y, x] = True
    return mask
