"""One radiograph in the pixels of its stored frame, and what a model is shown of it.

A model is shown what can be seen, and not the black around it: shutters, collimation, padding and
plain borders change nothing of how the rest looks. What it finds is brought back to the frame.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from pipelines.contract import Reference
from pipelines.radiographs.limits import MOST_PIXELS

if TYPE_CHECKING:
    from numpy.typing import NDArray

SQUARE_ENOUGH = 0.01
"""So far from 1 an aspect is a matter of rounded digits, and pixels are left as they are."""
PLAIN = 3
"""Up to this grey an edge shows nothing: black, and what lossy compression makes of it."""
DARKEST = 0.005
"""What is hidden among what is shown gets the grey below which this share of the shown lies: the
range of greys stays what it is."""
_MAP_SIDE = 640
"""The longer side of a map that had to be placed in its frame."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Radiograph:
    """A frame as a viewer shows it, never cut and never stretched, and what is known of it."""

    reference: Reference
    grey: NDArray[np.uint8]
    """Rows and columns of the stored frame; bones are bright, what is not `visible` is black."""
    visible: NDArray[np.bool_]
    """Which pixels show the patient: within shutters and collimation, and no padding."""
    aspect: float
    """How many times higher than wide a pixel is."""
    body_parts: tuple[str, ...]
    """Names of `pipelines.bodyparts`, as routes mean them, and words of the header that it does
    not know; none where nothing is said."""
    laterality: str
    """L, R, B for both, or empty: not known, or none."""
    view: str
    """As ViewPosition has it, or in the words of its code; empty where no known one is said."""
    age: float | None
    """The patient's, in years."""
    for_presentation: bool
    remarks: tuple[str, ...] = ()
    """What makes the reading less sure, in sentences."""

    @cached_property
    def shown(self) -> tuple[slice, slice]:
        """The rows and columns within plain black edges; all where there is nothing else."""
        lit = self.grey > PLAIN
        rows, columns = (np.flatnonzero(lit.any(axis=axis)) for axis in (1, 0))
        if not rows.size:
            return slice(0, lit.shape[0]), slice(0, lit.shape[1])
        return (
            slice(int(rows[0]), int(rows[-1]) + 1),
            slice(int(columns[0]), int(columns[-1]) + 1),
        )


def square_size(radiograph: Radiograph) -> tuple[int, int]:
    """Rows and columns of what is shown, once pixels are as high as wide.

    No detail is lost but to a size limit.
    """
    rows, columns = radiograph.grey[radiograph.shown].shape
    aspect = radiograph.aspect
    if abs(aspect - 1) <= SQUARE_ENOUGH:
        return rows, columns
    high, wide = rows * max(1.0, aspect), columns * max(1.0, 1 / aspect)
    fits = min(1.0, (MOST_PIXELS / (high * wide)) ** 0.5)
    return max(1, round(high * fits)), max(1, round(wide * fits))


def square(radiograph: Radiograph) -> NDArray[np.uint8]:
    """What is shown, with pixels as high as wide; no copy where they are so already."""
    grey = _filled(radiograph)
    rows, columns = square_size(radiograph)
    if (rows, columns) == grey.shape:
        return grey
    return np.array(Image.fromarray(grey).resize((columns, rows), Image.Resampling.BILINEAR))


def from_square(radiograph: Radiograph, x: float, y: float) -> tuple[float, float]:
    """Where a point of the square picture is in the stored frame, in the contract's coordinates."""
    rows, columns = square_size(radiograph)
    down, across = radiograph.shown
    return (
        across.start + x * (across.stop - across.start) / columns,
        down.start + y * (down.stop - down.start) / rows,
    )


def over_frame(radiograph: Radiograph, found: NDArray[np.float32]) -> NDArray[np.float32]:
    """A map over the square picture, as one over the whole frame: 0 where nothing is shown."""
    rows, columns = radiograph.grey.shape
    down, across = radiograph.shown
    if (down, across) == (slice(0, rows), slice(0, columns)):
        return found
    scale = min(1.0, _MAP_SIDE / max(rows, columns))
    top, bottom = _cells(down, scale)
    left, right = _cells(across, scale)
    size = max(bottom, round(rows * scale)), max(right, round(columns * scale))
    whole = np.zeros(size, np.float32)
    placed = Image.fromarray(found).resize((right - left, bottom - top), Image.Resampling.BILINEAR)
    whole[top:bottom, left:right] = np.asarray(placed).clip(0, 1)
    return whole


def _cells(part: slice, scale: float) -> tuple[int, int]:
    """Where a part of a side begins and ends once it is scaled; never nowhere."""
    start = round(part.start * scale)
    return start, max(start + 1, round(part.stop * scale))


def _filled(radiograph: Radiograph) -> NDArray[np.uint8]:
    """What is shown, with what is hidden among it as dark as its dark parts."""
    grey, visible = radiograph.grey[radiograph.shown], radiograph.visible[radiograph.shown]
    if visible.all() or not visible.any():
        return grey
    upto = np.cumsum(np.bincount(grey[visible], minlength=256))
    darkest = np.searchsorted(upto, DARKEST * upto[-1])
    return np.where(visible, grey, np.uint8(darkest))
