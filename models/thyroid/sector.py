"""Where in an ultrasound picture the echoes are; words, scales and logos mostly lie outside."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from models.thyroid.marks import Grey, wider
from models.thyroid.strokes import Mask

DARK = 8
"""Greys up to this are background."""
LEAST = 0.04
"""An image takes at least this share of the picture."""
BESIDE = 0.25
"""A second image beside the largest takes at least this share of it."""
STRIP, STRIP_SHARE = 0.8, 0.03
"""A strip of the image that a bar cut off is as wide as this share of it, and as large."""
BLANK = 2
"""Where greys spread less than this there is nothing to be seen."""
FILLED = 0.25
"""A row or column belongs to the image where this share of it is bright."""


@dataclass(frozen=True)
class Sector:
    """A part of the picture, in pixels; `bottom` and `right` are one behind the last."""

    top: int
    left: int
    bottom: int
    right: int

    @property
    def slices(self) -> tuple[slice, slice]:
        """What cuts it out of an array."""
        return slice(self.top, self.bottom), slice(self.left, self.right)


def found(grey: Grey, hidden: Mask | None = None) -> Sector | None:
    """The rectangle around the image; None where there is none.

    What is hidden (words, marks) says nothing: it is image where image is on both sides of it.
    """
    bright = grey > DARK
    if hidden is not None:
        bright = _between(bright, hidden) | _between(bright.T, hidden.T).T
    bright = wider(~wider(~bright, 2), 2)
    bright = ~wider(~wider(bright, 4), 4)
    names, count = ndimage.label(bright)
    if not count:
        return None
    parts = _large(names, count)
    if not parts.any():
        return None
    kept = parts[names]
    top, bottom = _run(kept.mean(axis=1))
    left, right = _run(kept.mean(axis=0))
    image = Sector(top, left, bottom, right)
    return image if grey[image.slices].std() > BLANK else None


def _large(names: NDArray[np.int32], count: int) -> Mask:
    """Which parts are images: the largest, those like it, and strips of it above a bar or below."""
    sizes = np.bincount(names.ravel(), minlength=count + 1)
    sizes[0] = 0
    widths = [0, *(part[1].stop - part[1].start for part in ndimage.find_objects(names))]
    strips = np.array(widths) >= STRIP * widths[sizes.argmax()]
    alike = (sizes >= LEAST * names.size) & (sizes >= BESIDE * sizes.max())
    strip = strips & (sizes >= STRIP_SHARE * sizes.max())
    return np.asarray((alike | strip) & (sizes.max() >= LEAST * names.size))


def _between(bright: Mask, hidden: Mask) -> Mask:
    """What is bright, and what is hidden with something bright before and after it in its row."""
    seen = np.ascontiguousarray(np.pad(bright & ~hidden, 1))
    at = np.flatnonzero(np.pad(hidden, 1))
    first = at[np.diff(at, prepend=-2) > 1]
    last = at[np.diff(at, append=hidden.size * 2) > 1]
    within = seen.ravel()[first - 1] & seen.ravel()[last + 1]
    seen.ravel()[at[np.repeat(within, last - first + 1)]] = True
    return seen[1:-1, 1:-1]


def _run(share: NDArray[np.float64]) -> tuple[int, int]:
    """From the first to behind the last where the share is large enough."""
    at = np.flatnonzero(share > FILLED * share.max())
    return int(at[0]), int(at[-1]) + 1
