"""Where text goes: beside what it is about, and over nothing that matters if that can be."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

REGION = 1e4
"""What it costs to cover a cell with a region in it: more than any way to go around."""
TEXT = 1e8
"""What it costs to cover a cell with text or an outline in it: that is never done."""
_HEAT = 0.1
"""What it costs to cover a cell where the heat map is at its highest: a short way."""
_CONTENT = 0.3
"""What it costs to cover a cell that is as unlike the edges of the image as can be."""

Bounds = tuple[int, int, int, int]
"""Top, left, bottom and right in pixels."""


class Room:
    """A picture in coarse cells, each with what it would cost to cover it."""

    def __init__(self, rows: int, columns: int, cell: int) -> None:
        self.cell = cell
        self._size = (rows, columns)
        self._cost = np.zeros((-(-rows // cell), -(-columns // cell)))

    def occupy(self, bounds: Bounds, weight: float) -> None:
        """Make a rectangle dear."""
        top, left, bottom, right = bounds
        cell = self.cell
        part = self._cost[top // cell : -(-bottom // cell), left // cell : -(-right // cell)]
        np.maximum(part, weight, out=part)

    def occupy_pixels(self, top: int, left: int, pixels: NDArray[np.bool_], weight: float) -> None:
        """Make the cells of some pixels dear."""
        rows, columns = self._edges(top, pixels.shape[0]), self._edges(left, pixels.shape[1])
        coarse = np.logical_or.reduceat(pixels, rows - top, axis=0)
        coarse = np.logical_or.reduceat(coarse, columns - left, axis=1)
        y, x = top // self.cell, left // self.cell
        part = self._cost[y : y + coarse.shape[0], x : x + coarse.shape[1]]
        np.maximum(part, coarse * weight, out=part)

    def warm(self, heat: NDArray[np.uint8]) -> None:
        """Prefer the cells where a heat map is low; it has a number for each cell."""
        self._cost += heat * (_HEAT / 255)

    def prefer_background(self, picture: NDArray[np.uint8]) -> None:
        """Prefer what looks like the edges of the picture: seldom is anything there."""
        sample = picture[:: self.cell, :: self.cell, 1].astype(np.float64)
        edges = (sample[0], sample[-1], sample[:, 0], sample[:, -1])
        self._cost += np.abs(sample - np.median(np.concatenate(edges))) * (_CONTENT / 255)

    @property
    def cells(self) -> tuple[int, int]:
        """How many there are, down and across."""
        return self._cost.shape[0], self._cost.shape[1]

    def place(self, height: int, width: int, near: Bounds) -> tuple[float, int, int]:
        """Where a block is closest to something and covers the least: the cost, top and left."""
        rows, columns = self._size
        cell = self.cell
        down = np.unique([*range(0, max(1, rows - height + 1), cell), max(0, rows - height)])
        across = np.unique([*range(0, max(1, columns - width + 1), cell), max(0, columns - width)])
        total = np.pad(self._cost, ((1, 0), (1, 0))).cumsum(0).cumsum(1)
        low, high = down // cell, np.minimum(-(-(down + height) // cell), self.cells[0])
        begin, end = across // cell, np.minimum(-(-(across + width) // cell), self.cells[1])
        covered = (
            total[np.ix_(high, end)]
            - total[np.ix_(low, end)]
            - total[np.ix_(high, begin)]
            + total[np.ix_(low, begin)]
        )
        away = np.hypot(
            _gap(down, height, near[0], near[2])[:, None],
            _gap(across, width, near[1], near[3])[None, :],
        )
        # Sums of floats differ in their last digits: what is as good as equal shall be equal.
        costs = np.round(covered + away / cell, 3)
        best = int(np.argmin(costs))
        top, left = divmod(best, len(across))
        return float(costs.flat[best]), int(down[top]), int(across[left])

    def _edges(self, begin: int, length: int) -> NDArray[np.int64]:
        """Where the cells begin that a stretch of pixels lies in, from its own beginning."""
        first = begin // self.cell * self.cell
        edges = np.arange(first, begin + length, self.cell)
        edges[0] = begin
        return edges


def _gap(starts: NDArray[np.int64], length: int, low: int, high: int) -> NDArray[np.float64]:
    """How far stretches of a length are from another one; a little for lying beside its start."""
    apart = np.maximum(np.maximum(low - (starts + length), starts - high), 0)
    return apart + 0.01 * np.abs(starts - low)
