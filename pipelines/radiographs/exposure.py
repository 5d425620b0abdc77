"""How well a radiograph is exposed, in numbers; what is too little is for others to say."""

from __future__ import annotations

from dataclasses import dataclass
from math import isqrt

import numpy as np

from pipelines.radiographs.radiograph import Radiograph

_SAMPLE = 2**18
"""About so many pixels are looked at."""


@dataclass(frozen=True, kw_only=True)
class Exposure:
    """Shares of the visible part, and how far apart its greys are; each from 0 to 1."""

    black: float
    """How much of it is black, without any detail: air beside the patient too."""
    white: float
    """How much of it is white."""
    contrast: float
    """From the 5th to the 95th percentile of its greys; 1 is from black to white."""
    visible: float
    """How much of the frame is visible."""


def exposure(radiograph: Radiograph) -> Exposure:
    """Measure what is visible of the displayed picture."""
    step = max(1, isqrt(radiograph.grey.size // _SAMPLE))
    visible = radiograph.visible[::step, ::step]
    greys = radiograph.grey[::step, ::step][visible]
    if not greys.size:
        return Exposure(black=1.0, white=0.0, contrast=0.0, visible=0.0)
    counts = np.bincount(greys, minlength=256)
    upto = np.cumsum(counts) / greys.size
    low, high = np.searchsorted(upto, (0.05, 0.95))
    return Exposure(
        black=float(counts[0] / greys.size),
        white=float(counts[255] / greys.size),
        contrast=float(high - low) / 255,
        visible=float(visible.mean()),
    )
