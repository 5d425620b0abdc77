"""Letters, figures and calipers that were drawn into an ultrasound picture in white or grey.

Echoes are blurred across the beam: their left and right edges are soft, or steep for a row or two.
Drawn strokes fall off within two pixels on both sides, over row after row. So the parts of the
picture that are brighter than a level are looked at, level by level. Those with long steep sides
are strokes, and those of one grey whose sides fall less steeply but longer; those with shorter
sides are strokes where they stand in a line, as letters do.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Mask = NDArray[np.bool_]
Integers = NDArray[np.int64]
Floats = NDArray[np.float64]

LEVELS = (232, 205, 180, 158, 138, 118, 100)
"""Strokes are looked for among what is brighter than one of these."""
STEEP, SOFT = 0.36, 0.11
"""By this share of its grey a stroke falls off at a steep edge, and at any."""
REACH = 640
"""It does so within two pixels, and one more for every so many columns of the picture."""
INK = 0.65
"""What is darker than this share of the stroke's grey are echoes that touch it."""
MIXED, PLAIN = 0.9, 0.75
"""A stroke's greys differ by less than this share of what is above the level; a plain one's too."""
ALIKE, RUNNING = 0.3, 0.25
"""The share of its running edges on the poorer side, and of all its edges that are running."""
LOWEST, HIGHEST, WIDEST = 4, 0.25, 0.7
"""Rows of a stroke at least; and at most, as shares of the picture's, its rows and columns."""
SHARP, DOT = 0.6, 0.5
"""The share of its edges that is steep, of a stroke and of a dot or dash beside one."""
ALONE, SHORT = 6, 2
"""Running rows on either side of a stroke that is believed alone, and of one in a line."""
PLAIN_ALONE, PLAIN_SHORT = 5, 3
"""The same for plain strokes."""
TOGETHER = 10
"""Running rows on either side of all strokes in a line."""
PALER = 0.8
"""A dot is no darker than this share of the strokes beside it."""
MOST = 800
"""No more strokes than these are put into lines at one level: a page of text must not stop us."""
MARGIN = 8
"""Pixels added around the picture, so that no neighbour is outside."""


@dataclass(frozen=True)
class Parts:
    """The connected parts of a picture that are brighter than a level and may be strokes."""

    at: Integers
    """Their pixels, in the flat picture."""
    owner: Integers
    """Which part each pixel belongs to."""
    boxes: Integers
    """Top, left, bottom, right of each part."""
    grey: Floats
    """The mean of each."""
    sharp: Floats
    """The share of its left and right edges that is steep."""
    rows: Integers
    """How many edges on either side are steep in row after row."""
    plain: Integers
    """How many fall off in five rows running, where the part is of one grey; else 0."""


def strokes(grey: NDArray[np.uint8]) -> Mask:
    """Where strokes were drawn in white or grey."""
    wide = np.pad(grey, MARGIN, mode="edge").astype(np.int16)
    drawn = np.zeros(wide.size, np.bool_)
    for level in LEVELS:
        parts = _parts(wide, level)
        ink = wide.ravel()[parts.at] >= INK * parts.grey[parts.owner]
        drawn[parts.at[ink & _written(parts, grey.shape)[parts.owner]]] = True
    return drawn.reshape(wide.shape)[MARGIN:-MARGIN, MARGIN:-MARGIN]


def _labelled(wide: NDArray[np.int16], level: int) -> NDArray[np.int32]:
    """What is brighter than a level inside the margin: the number of its part at every pixel."""
    above, inner = np.zeros(wide.shape, np.bool_), slice(MARGIN, -MARGIN)
    above[inner, inner] = wide[inner, inner] > level
    names = np.zeros(wide.shape, np.int32)
    ndimage.label(above, np.ones((3, 3)), output=names)
    return names


def _parts(wide: NDArray[np.int16], level: int) -> Parts:
    """The parts brighter than a level that may be strokes."""
    names = _labelled(wide, level)
    at = np.flatnonzero(names)
    owner = names.ravel()[at].astype(np.int64)
    grey = wide.ravel()[at].astype(np.float64)
    size = np.maximum(np.bincount(owner, minlength=1), 1)
    mean = np.bincount(owner, grey, 1) / size
    spread = np.sqrt(np.maximum(np.bincount(owner, grey * grey, 1) / size - mean**2, 0))
    every, steep, rows, longer = np.stack(
        [_edges(wide, names, at[names.ravel()[at + aside] == 0], mean, aside) for aside in (-1, 1)]
    ).swapaxes(0, 1)
    edges = every.sum(axis=0)
    sharp = steep.sum(axis=0) / np.maximum(edges, 1)
    running = _either(rows, edges) * (spread <= MIXED * (mean - level))
    plain = _either(longer, edges) * (spread <= PLAIN * (mean - level))
    kept = np.flatnonzero((sharp >= DOT) | (plain >= PLAIN_SHORT))
    place = np.full(len(mean), -1)
    place[kept] = np.arange(len(kept))
    owner = place[owner]
    at, owner = at[owner >= 0], owner[owner >= 0]
    boxes = _boxes(at, owner, wide.shape[1])
    return Parts(at, owner, boxes, mean[kept], sharp[kept], running[kept], plain[kept])


def _edges(
    wide: NDArray[np.int16], names: NDArray[np.int32], edge: Integers, mean: Floats, aside: int
) -> Integers:
    """For each part its edges on one side: all, steep ones, those running, and softer ones longer.

    A neighbouring stroke may be two pixels away: the darkest pixel within reach counts.
    """
    owner, greys = names.ravel()[edge], wide.ravel()
    reach = 2 + wide.shape[1] // REACH
    beside = np.minimum.reduce([greys[edge + far * aside] for far in range(1, reach + 1)])
    left = beside / mean[owner]
    full = np.maximum(greys[edge], greys[edge - aside]) >= INK * mean[owner]
    steep, soft = edge[full & (left < 1 - STEEP)], edge[full & (left < 1 - SOFT)]
    kinds = (
        edge,
        steep,
        _running(steep, wide.shape),
        _running(_running(soft, wide.shape), wide.shape),
    )
    return np.stack([np.bincount(names.ravel()[kind], minlength=len(mean)) for kind in kinds])


def _running(edge: Integers, shape: tuple[int, ...]) -> Integers:
    """Those of these pixels that have another of them in the row above and in the row below."""
    on = np.zeros(shape[0] * shape[1], np.bool_)
    on[edge] = True
    above, below = edge - shape[1], edge + shape[1]
    return edge[
        (on[above] | on[above - 1] | on[above + 1]) & (on[below] | on[below - 1] | on[below + 1])
    ]


def _either(sides: Integers, edges: Integers) -> Integers:
    """The count of the poorer side; 0 if it is much poorer, or if most edges are otherwise."""
    least, both = sides.min(axis=0), sides.sum(axis=0)
    return np.where((least >= ALIKE * both) & (both >= RUNNING * edges), least, 0)


def _boxes(at: Integers, owner: Integers, columns: int) -> Integers:
    """The box around the pixels of each part."""
    if not len(at):
        return np.zeros((0, 4), np.int64)
    order = np.argsort(owner, kind="stable")
    first = np.flatnonzero(np.diff(owner[order], prepend=-1))
    y, x = np.divmod(at[order], columns)
    least, most = np.minimum.reduceat, np.maximum.reduceat
    sides = least(y, first), least(x, first), 1 + most(y, first), 1 + most(x, first)
    return np.stack(sides, axis=1)


def _written(parts: Parts, shape: tuple[int, ...]) -> Mask:
    """Which parts are strokes."""
    heights, widths = (parts.boxes[:, 2:] - parts.boxes[:, :2]).T
    fits = (heights >= LOWEST) & (heights <= HIGHEST * shape[0]) & (widths <= WIDEST * shape[1])
    sharp = fits & (parts.sharp >= SHARP)
    taken = (sharp & (parts.rows >= ALONE)) | (fits & (parts.plain >= PLAIN_ALONE))
    short = (sharp & (parts.rows >= SHORT)) | (fits & (parts.plain >= PLAIN_SHORT))
    rows = np.maximum(parts.rows, parts.plain)
    some = np.flatnonzero(taken | short)
    some = some[np.argsort(-rows[some], kind="stable")[:MOST]]
    line = _lines(parts.boxes[some])
    in_line, together = np.bincount(line), np.bincount(line, rows[some])
    for one in np.flatnonzero((in_line > 1) & (together >= TOGETHER)):
        members = some[line == one]
        taken[members] = True
        taken[_beside(parts, members)] = True
    return np.asarray(taken)


def _lines(boxes: Integers) -> Integers:
    """Which line of writing each box is in; those in one line have the same number."""
    top, left, bottom, right = (side[:, None] for side in boxes.T)
    height = bottom - top
    higher, lower = np.maximum(height, height.T), np.minimum(height, height.T)
    gap = np.maximum(left, left.T) - np.minimum(right, right.T)
    off = np.abs(top + bottom - top.T - bottom.T) / 2
    linked = (gap < 0.9 * higher) & (off < 0.35 * higher) & (lower * 1.9 >= higher)
    line = np.arange(len(boxes))
    while len(boxes):
        joined = np.where(linked, line, len(boxes)).min(axis=1)
        if (joined == line).all():
            break
        line = joined
    return line


def _beside(parts: Parts, members: Integers) -> Integers:
    """Parts that belong to a line of strokes: round letters, figures, dots and dashes."""
    top, left = parts.boxes[members, :2].min(axis=0)
    bottom, right = parts.boxes[members, 2:].max(axis=0)
    high = bottom - top
    alike = np.flatnonzero(
        (parts.grey >= PALER * parts.grey[members].mean())
        & (parts.boxes[:, 0] >= top - 0.35 * high)
        & (parts.boxes[:, 2] <= bottom + 0.35 * high)
        & (parts.boxes[:, 3] - parts.boxes[:, 1] <= 2 * high)
    )
    _, start, _, end = parts.boxes[alike].T
    while True:
        near = (start <= right + high) & (end >= left - high)
        ends = start[near].min(initial=left), end[near].max(initial=right)
        if ends == (left, right):
            return np.asarray(alike[near])
        left, right = ends
