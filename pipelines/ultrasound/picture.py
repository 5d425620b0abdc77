"""The ultrasound images of a study, and one frame of them in the pixels in which it is stored."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pipelines.contract import Instance, Reference, Side

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True)
class Loop:
    """An ultrasound image of a study: a single picture, or a run of them."""

    instance: Instance
    count: int
    """How many frames it says it has, at least 1; frames are counted from 1."""
    body_parts: tuple[str, ...] = ()
    """Names of `pipelines.bodyparts`, as routes mean them, and words of the header that it does
    not know; none where nothing is said."""
    laterality: Side | None = None
    """None where it is not known, or the header contradicts itself."""
    exam: str = ""
    """For what the scanner was set, in a word of the standard (PS3.3 C.8.5.6.1.1) or anything;
    empty where nothing is said."""


@dataclass(frozen=True, kw_only=True)
class Region:
    """A part of the picture that shows tissue in two dimensions, as the scanner itself says."""

    sector: tuple[int, int, int, int]
    """Top, left, bottom and right in pixels, within the picture; `bottom` and `right` are one
    behind the last."""
    spacing: tuple[float, float] | None = None
    """Millimetres from pixel to pixel, down and across; None where it is not calibrated."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Frame:
    """A frame as a viewer shows it, never cut and never stretched, and what is known of it."""

    reference: Reference
    """Without a number where the image has one frame only."""
    picture: NDArray[np.uint8]
    """Rows, columns, and red, green and blue; the caller's to write to."""
    regions: tuple[Region, ...] = ()
    """The largest first: one, or several side by side, each with a calibration of its own; none
    where the header says nothing that holds, and sectors have to be looked for in the picture."""
    remarks: tuple[str, ...] = ()
    """What makes the reading less sure, in sentences."""
