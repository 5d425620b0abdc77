"""Lines laid exactly along outlines, by the corners of pixels that an outline goes through."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw

from pipelines.contract import Mask, Shape
from results.drawing.colours import BLACK, RGB
from results.shapes import inside, outlines

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Stroke:
    """The pixels of a line within a part of the frame that starts at a row and a column."""

    top: int
    left: int
    line: NDArray[np.bool_]
    """As many pixels on the one side of the outline as on the other."""
    casing: NDArray[np.bool_]
    """The line and a dark rim of it, so that it is seen on any ground."""
    covered: NDArray[np.bool_]
    """The casing and what it encloses: where nothing should be written."""

    @property
    def bounds(self) -> tuple[int, int, int, int]:
        """Top, left, bottom and right of it."""
        rows, columns = self.casing.shape
        return self.top, self.left, self.top + rows, self.left + columns


def stroke(shape: Shape, rows: int, columns: int, half: int) -> Stroke | None:
    """The line along a shape, with so many pixels on either side; None if there is nothing."""
    marked = _of_mask(inside(shape)) if isinstance(shape, Mask) else _of_lines(shape, rows, columns)
    if marked is None:
        return None
    top, left, corners = marked
    rim = half + max(1, half // 2)
    # Pixel (r, c) has its corners at r, r + 1 and c, c + 1: they reach from -rim to rim - 1.
    above, before = min(rim, top), min(rim, left)
    below = min(rim, rows - (top + corners.shape[0] - 1))
    behind = min(rim, columns - (left + corners.shape[1] - 1))
    padded = np.pad(corners, rim)
    line, casing = (_thick(padded, reach, rim) for reach in (half, rim))
    keep = np.s_[
        rim - above : line.shape[0] - (rim - below), rim - before : line.shape[1] - (rim - behind)
    ]
    made = casing[keep]
    covered = made | _enclosed(shape, top - above, left - before, made.shape)
    return Stroke(top - above, left - before, line[keep], made, covered)


def paint(picture: NDArray[np.uint8], stroke: Stroke, colour: RGB, *, dashed: bool) -> None:
    """Draw a line into a picture; dashes are gaps in the colour, not in its rim."""
    top, left, bottom, right = stroke.bounds
    part = picture[top:bottom, left:right]
    part[stroke.casing] = BLACK
    line = stroke.line
    if dashed:
        period = max(2, min(picture.shape[:2]) // 80)
        rows, columns = np.ogrid[top:bottom, left:right]
        line = line & ((rows + columns) // period % 3 != 2)
    part[line] = colour


def _of_mask(mask: NDArray[np.bool_]) -> tuple[int, int, NDArray[np.bool_]] | None:
    """The corners on the edge of a mask: those where not all four pixels are alike."""
    rows, columns = (np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0))
    if not len(rows):
        return None
    top, left = int(rows[0]), int(columns[0])
    framed = np.pad(mask[top : int(rows[-1]) + 1, left : int(columns[-1]) + 1], 1)
    edges = np.zeros((framed.shape[0] - 1, framed.shape[1] - 1), np.bool_)
    across = framed[1:] != framed[:-1]
    edges |= across[:, 1:] | across[:, :-1]
    along = framed[:, 1:] != framed[:, :-1]
    edges |= along[1:] | along[:-1]
    return top, left, edges


def _of_lines(shape: Shape, rows: int, columns: int) -> tuple[int, int, NDArray[np.bool_]] | None:
    """The corners nearest to points set closely along the lines."""
    found = []
    for outline in outlines(shape):
        points = np.asarray(outline.points, float)
        ends = np.roll(points, -1, axis=0) if outline.closed else points[1:]
        begins = points if outline.closed else points[:-1]
        counts = np.ceil(2 * np.abs(ends - begins).max(axis=1)).astype(int) + 1
        which = np.repeat(np.arange(len(counts)), counts)
        part = (np.arange(len(which)) - np.repeat(np.cumsum(counts) - counts, counts)) / np.repeat(
            np.maximum(counts - 1, 1), counts
        )
        found.append(begins[which] + (ends - begins)[which] * part[:, None])
    if not found:
        return None
    x, y = np.floor(np.concatenate(found) + 0.5).astype(int).T
    x, y = x.clip(0, columns), y.clip(0, rows)
    top, left = int(y.min()), int(x.min())
    corners = np.zeros((int(y.max()) - top + 1, int(x.max()) - left + 1), np.bool_)
    corners[y - top, x - left] = True
    return top, left, corners


def _enclosed(shape: Shape, top: int, left: int, size: tuple[int, ...]) -> NDArray[np.bool_]:
    """About which pixels of a part of the frame a shape encloses: its line is known better."""
    if isinstance(shape, Mask):
        return inside(shape)[top : top + size[0], left : left + size[1]]
    image = Image.new("L", (size[1], size[0]))
    for outline in outlines(shape):
        if outline.closed:
            corners = [(x - left, y - top) for x, y in outline.points]
            ImageDraw.Draw(image).polygon(corners, fill=1)
    return np.asarray(image) > 0


def _thick(padded: NDArray[np.bool_], reach: int, rim: int) -> NDArray[np.bool_]:
    """The pixels of which a corner lies within reach, from corners that have a rim around them."""
    rows, columns = padded.shape[0] - 1, padded.shape[1] - 1
    wide = np.zeros((padded.shape[0], columns), np.bool_)
    for step in range(1 - reach, reach + 1):
        first, last = max(0, -step), min(columns, padded.shape[1] - step)
        wide[:, first:last] |= padded[:, first + step : last + step]
    thick = np.zeros((rows, columns), np.bool_)
    for step in range(1 - reach, reach + 1):
        first, last = max(0, -step), min(rows, padded.shape[0] - step)
        thick[first:last] |= wide[first + step : last + step]
    return thick
