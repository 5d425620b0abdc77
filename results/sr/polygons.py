"""Shapes as the lines of a report, each closed one holding exactly the pixels that are inside.

A report's polygon has no holes. So that one is not counted as inside, it is joined to the outline
around it by a bridge of no width, which is gone there and back (as PS3.3 C.8.8.6.3 does it for
structure sets): the area inside, by either rule of filling, is that of the mask.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from pipelines.contract import Mask, Shape
from results.shapes import Outline, area, inside, outlines, trace

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Line = NDArray[np.float32]

Point = tuple[float, float]
Ring = Sequence[Point]
MOST_LINES = 5_000
"""More parts than that in one region are no outline that a person can look at."""
MOST_POINTS = 8_191
"""In explicit VR the value of an FL has at most 65,535 bytes; not every reader takes longer ones
in implicit VR."""


def drawn(shape: Shape, rows: int, columns: int) -> list[Line] | None:
    """The polylines of a shape on a frame of this size; None if they are too many.

    One that is longer than a report has room for is drawn in several parts.
    """
    lines = outlines(shape)
    if len(lines) > MOST_LINES:
        return None
    if not isinstance(shape, Mask):
        (line,) = lines
        if len(line.points) < MOST_POINTS:
            return [_graphic(line, rows, columns)]
        if not line.closed:
            parts = range(0, len(line.points) - 1, MOST_POINTS - 1)
            pieces = (line.points[start : start + MOST_POINTS] for start in parts)
            return [_graphic(Outline(piece, closed=False), rows, columns) for piece in pieces]
        rings = _cut(area(shape, rows, columns))
    else:
        rings = bridged([line.points for line in lines])
        if any(len(ring) >= MOST_POINTS for ring in rings):
            rings = _cut(inside(shape))
    return [_graphic(Outline(tuple(ring), closed=True), rows, columns) for ring in rings]


def _cut(mask: NDArray[np.bool_]) -> list[Ring]:
    """The outlines of a mask, which is cut in two, and in two again, until they are short."""
    rings = bridged(trace(mask))
    if all(len(ring) < MOST_POINTS for ring in rings):
        return rings
    within = [np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0)]
    axis = int(np.argmax([at[-1] - at[0] for at in within]))
    middle = (within[axis][0] + within[axis][-1] + 1) // 2
    upper = np.zeros_like(mask)
    half = (slice(None, middle), slice(None)) if axis == 0 else (slice(None), slice(None, middle))
    upper[half] = mask[half]
    return _cut(upper) + _cut(mask & ~upper)


def _graphic(outline: Outline, rows: int, columns: int) -> Line:
    """The points of a polyline within its image; a closed one names its first point again."""
    points = np.clip(np.asarray(outline.points, np.float32), 0, (columns, rows))
    if outline.closed and not np.array_equal(points[0], points[-1]):
        points = np.vstack((points, points[:1]))
    return points.astype(np.float32, copy=False)


def bridged(rings: Sequence[Ring]) -> list[Ring]:
    """Outlines of a mask as `trace` finds them, with every hole joined to what is around it.

    A hole is left at its upper left corner, along the upper side of a pixel row, for the next
    outline on the left. That one begins further up or to the left, so there are no circles.
    """
    holes = {number for number, ring in enumerate(rings) if len(rings) > 1 and _is_hole(ring)}
    if not holes:
        return list(rings)
    walls = _walls(rings)
    starts = {number: min(rings[number], key=_upper_left) for number in holes}
    joined: dict[int, dict[Point, Ring]] = defaultdict(dict)
    for number in sorted(holes, key=lambda number: _upper_left(starts[number]), reverse=True):
        x, y = starts[number]
        here = walls[int(y)]
        at, around = here[bisect_left(here, (x, -1)) - 1]
        ring = _from(rings[number], starts[number])
        joined[around][at, y] = list(_with(ring, joined[number]))
    return [
        list(_with([*ring, ring[0]], joined[number]))[:-1]
        for number, ring in enumerate(rings)
        if number not in holes
    ]


def _is_hole(ring: Ring) -> bool:
    """Whether the outside is within: then the way goes round anticlockwise."""
    x, y = np.asarray(ring, float).T
    return float(x @ np.roll(y, -1) - y @ np.roll(x, -1)) < 0


def _upper_left(point: Point) -> Point:
    return point[1], point[0]


def _walls(rings: Sequence[Ring]) -> dict[int, list[tuple[float, int]]]:
    """For each row of pixels, where an outline passes through it, and which."""
    found: dict[int, list[tuple[float, int]]] = defaultdict(list)
    for number, ring in enumerate(rings):
        for (x, y), (end_x, end_y) in pairwise([*ring, ring[0]]):
            if x == end_x:
                for row in range(int(min(y, end_y)), int(max(y, end_y))):
                    found[row].append((x, number))
    for walls in found.values():
        walls.sort()
    return found


def _from(ring: Ring, start: Point) -> Ring:
    """A ring from a point of it back to the same point."""
    at = ring.index(start)
    return [*ring[at:], *ring[:at], start]


def _with(ring: Ring, joined: Mapping[Point, Ring]) -> Iterator[Point]:
    """A way with what is joined to it on the way."""
    if not joined:
        yield from ring
        return
    by_column: dict[float, list[float]] = defaultdict(list)
    for x, y in joined:
        by_column[x].append(y)
    for (x, y), (end_x, end_y) in pairwise(ring):
        yield x, y
        if x == end_x and x in by_column:
            low, high = min(y, end_y), max(y, end_y)
            for row in sorted((r for r in by_column[x] if low <= r < high), reverse=y > end_y):
                if (x, row) != (x, y):
                    yield x, row
                yield from joined[x, row]
                if (x, row) != (end_x, end_y):
                    yield x, row
    yield ring[-1]
