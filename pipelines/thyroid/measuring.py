"""How large a nodule is on one frame, by its outline."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.spatial import ConvexHull

from pipelines.contract import Raster

if TYPE_CHECKING:
    from numpy.typing import NDArray

PIXELS = "{pixels}"


@dataclass(frozen=True, kw_only=True)
class Size:
    """Lengths and area of a nodule, rounded to what another machine would find as well."""

    long: float
    """The longest diameter."""
    short: float
    """The diameter across it."""
    area: float
    ratio: float
    """How many times higher than wide, along the beam of the probe and across it."""
    unit: str
    """Of the lengths; of an area in mm, that is mm2."""

    @property
    def area_unit(self) -> str:
        """Of the area; pixels are counted."""
        return "mm2" if self.unit == "mm" else self.unit

    @property
    def says(self) -> str:
        """'14.2 x 9.1 mm'."""
        return f"{self.long:g} x {self.short:g} {'mm' if self.unit == 'mm' else 'pixels'}"


def measured(raster: Raster, spacing: tuple[float, float] | None) -> Size:
    """The size of a mask that is not empty, in mm where the spacing (down, across) is known."""
    down, across = map(abs, spacing or (1.0, 1.0))
    corners = _corners(raster.array) * np.array([down, across])
    hull = corners[ConvexHull(corners).vertices]
    apart = hull[:, None] - hull[None]
    lengths = np.hypot(apart[..., 0], apart[..., 1])
    longest = apart[np.unravel_index(int(lengths.argmax()), lengths.shape)]
    along = longest / np.hypot(*longest)
    beside = hull @ np.array([-along[1], along[0]])
    high, wide = np.ptp(hull, axis=0)
    covered = int.from_bytes(raster.data).bit_count() * down * across
    digits = 1 if spacing else 0
    return Size(
        long=round(float(lengths.max()), digits),
        short=round(float(np.ptp(beside)), digits),
        area=round(covered, digits),
        ratio=round(float(high / wide), 2),
        unit="mm" if spacing else PIXELS,
    )


def _corners(mask: NDArray[np.bool_]) -> NDArray[np.float64]:
    """The outer corners of the first and the last pixel in each row, as row and column."""
    rows = np.flatnonzero(mask.any(axis=1))
    first = mask[rows].argmax(axis=1)
    last = mask.shape[1] - mask[rows][:, ::-1].argmax(axis=1)
    sides = [np.column_stack([edge, at]) for edge in (rows, rows + 1) for at in (first, last)]
    return np.concatenate(sides).astype(float)
