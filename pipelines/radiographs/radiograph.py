"""One radiograph in the pixels of its stored frame, and the same with square pixels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from pipelines.contract import Reference
from pipelines.radiographs.limits import MOST_PIXELS

if TYPE_CHECKING:
    from numpy.typing import NDArray

SQUARE_ENOUGH = 0.01
"""So far from 1 an aspect is a matter of rounded digits, and pixels are left as they are."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Radiograph:
    """A frame as a viewer shows it, never cut and never stretched, and what is known of it."""

    reference: Reference
    grey: NDArray[np.uint8]
    """Rows and columns of the stored frame; bones are bright, what is not `visible` is black."""
    visible: NDArray[np.bool_]
    """Which pixels show the patient: within shutters and collimation, and no padding."""
    spacing: tuple[float, float] | None
    """Between rows and between columns, in mm; at the detector where nothing better is stated."""
    aspect: float
    """How many times higher than wide a pixel is."""
    body_parts: tuple[str, ...]
    """Names of `pipelines.bodyparts`, as routes mean them; none where nothing is said."""
    body_parts_by: str
    """On what evidence, in words; empty where BodyPartExamined says it plainly."""
    laterality: str
    """L, R, B for both, or empty: not known, or none."""
    view: str
    """As ViewPosition has it, or in the words of its code; empty where nothing is said."""
    age: float | None
    """The patient's, in years."""
    burned_in: bool | None
    """Whether text is burned in; None where nothing is said."""
    for_presentation: bool
    remarks: tuple[str, ...] = ()
    """What makes the reading less sure, in sentences."""


def square_size(radiograph: Radiograph) -> tuple[int, int]:
    """Rows and columns once pixels are as high as wide; no detail is lost but to a size limit."""
    rows, columns = radiograph.grey.shape
    aspect = radiograph.aspect
    if abs(aspect - 1) <= SQUARE_ENOUGH:
        return rows, columns
    high, wide = rows * max(1.0, aspect), columns * max(1.0, 1 / aspect)
    fits = min(1.0, (MOST_PIXELS / (high * wide)) ** 0.5)
    return max(1, round(high * fits)), max(1, round(wide * fits))


def square(radiograph: Radiograph) -> NDArray[np.uint8]:
    """The picture with pixels as high as wide; the same array where they are so already."""
    rows, columns = square_size(radiograph)
    if (rows, columns) == radiograph.grey.shape:
        return radiograph.grey
    resized = Image.fromarray(radiograph.grey).resize((columns, rows), Image.Resampling.BILINEAR)
    return np.array(resized)


def from_square(radiograph: Radiograph, x: float, y: float) -> tuple[float, float]:
    """Where a point of the square picture is in the stored frame, in the contract's coordinates."""
    rows, columns = square_size(radiograph)
    return x * radiograph.grey.shape[1] / columns, y * radiograph.grey.shape[0] / rows
