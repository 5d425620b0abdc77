"""How good an ultrasound picture is, in numbers that cost next to nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby
from statistics import median
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image
from scipy import ndimage

from pipelines.thyroid.viewing import View

if TYPE_CHECKING:
    from numpy.typing import NDArray

BLACK = 8
"""Greys up to this show nothing."""
_SIDE = 32
_FEW = 3
"""Views of a loop, below which there is nothing to compare with."""


def quality(grey: NDArray[np.uint8]) -> float:
    """Contrast, less what is black: from 0 to 1."""
    counts = np.bincount(grey.ravel(), minlength=256)
    lit = counts.copy()
    lit[: BLACK + 1] = 0
    if not lit.any():
        return 0.0
    upto = np.cumsum(lit)
    low, high = np.searchsorted(upto, [0.05 * upto[-1], 0.95 * upto[-1]])
    return float((high - low) / 255 * upto[-1] / grey.size)


def sharpness(grey: NDArray[np.uint8]) -> float:
    """The variance of the Laplacian, against that of the greys."""
    varied = float(grey.var())
    return float(ndimage.laplace(grey.astype(np.int16)).var()) / varied if varied else 0.0


def small(grey: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The picture in a few pixels; speckle is gone."""
    return np.asarray(Image.fromarray(grey).resize((_SIDE, _SIDE), Image.Resampling.BOX))


def compared(views: Sequence[View]) -> list[View]:
    """The same in order, a frame that is more blurred than its loop of less quality.

    That is what the motion of the probe does, and nothing that one frame alone tells.
    """
    made: list[View] = []
    ordered = sorted(views, key=lambda view: view.place.key)
    for _, group in groupby(ordered, key=lambda view: view.place.key[:2]):
        loop = list(group)
        usual = median(view.sharpness for view in loop)
        if len(loop) < _FEW or usual <= 0:
            made += loop
            continue
        made += (
            replace(view, quality=view.quality * min(1.0, view.sharpness / usual)) for view in loop
        )
    return made
