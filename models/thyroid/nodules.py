"""From an outline to nodules: the parts of it, their shapes, and what surrounds them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage
from scipy.spatial import ConvexHull

Grey = NDArray[np.uint8]
Mask = NDArray[np.bool_]
Floats = NDArray[np.float32]

ROWS = 300
"""Echoes are measured at so many rows: grain and size mean the same in all pictures then."""
SMALLEST = 150
"""Pixels of these that a nodule has at least."""
LEAST_OF_LARGEST = 0.1
"""Smaller parts of the outline are scraps of it."""
AROUND = 1.0
"""How much of the surroundings is looked at, in radii of the nodule."""
LEAST = 24
"""Pixels that it is at least in each direction, and made up for where the picture ends: filters
reach that far."""
BRIGHT = 8
"""Greys above this are echoes."""
NUMBERS = (
    *("height", "roundness", "solidity", "stretch", "slant", "fullness", "size"),
    *("top", "middle", "bottom", "aside", "surroundings", "unevenness"),
)
"""What is measured of a nodule without a network."""


@dataclass(frozen=True)
class Nodule:
    """One part of an outline with what surrounds it, ready to be judged."""

    mask: Mask
    """In the pixels of the whole sight that was given."""
    grey: Floats
    """The nodule and what is around it, at `ROWS` rows."""
    top: int
    left: int
    """Where that lies in the whole, at `ROWS` rows."""
    distance: Floats
    """From the outline to each pixel of it: positive within."""
    numbers: Floats
    """As in `NUMBERS`."""

    @property
    def radius(self) -> float:
        """Of a circle as large, at `ROWS` rows."""
        return math.sqrt(np.count_nonzero(self.distance > 0) / math.pi)


def parts(inside: Mask) -> list[Mask]:
    """The parts of an outline that are worth a name, the largest first."""
    names, count = ndimage.label(inside)
    sizes = np.bincount(names.ravel(), minlength=count + 1)[1:]
    least = max(1.0, LEAST_OF_LARGEST * max(sizes, default=0))
    order = sorted(range(count), key=lambda number: (-sizes[number], number))
    return [names == number + 1 for number in order if sizes[number] >= least]


def scaled_shape(grey: Grey) -> tuple[int, int]:
    """Rows and columns of echoes as they are measured."""
    return ROWS, max(1, round(grey.shape[1] * ROWS / grey.shape[0]))


def nodules(grey: Grey, inside: Mask) -> list[Nodule]:
    """The nodules of an outline, the largest first."""
    rows, columns = scaled_shape(grey)
    size = columns, rows
    scaled = np.asarray(Image.fromarray(grey).resize(size, Image.Resampling.BICUBIC))
    found = []
    for mask in parts(inside):
        drawn = np.asarray(Image.fromarray(mask).resize(size, Image.Resampling.NEAREST))
        if np.count_nonzero(drawn) >= SMALLEST:
            found.append(_nodule(scaled, drawn, mask))
    return found


def _nodule(grey: Grey, drawn: Mask, mask: Mask) -> Nodule:
    y, x = np.nonzero(drawn)
    reach = max(LEAST, int(AROUND * math.sqrt(len(y) / math.pi)) + 4)
    near = (
        slice(max(0, y.min() - reach), y.max() + reach + 1),
        slice(max(0, x.min() - reach), x.max() + reach + 1),
    )
    high, wide = drawn[near].shape
    beyond = (0, max(0, LEAST - high)), (0, max(0, LEAST - wide))
    cut = np.pad(np.pad(drawn[near], beyond), 1)
    distance = ndimage.distance_transform_edt(cut) - ndimage.distance_transform_edt(~cut)
    distance = distance[1:-1, 1:-1].astype(np.float32)
    shown = np.pad(grey[near].astype(np.float32), beyond, mode="edge")
    return Nodule(mask, shown, near[0].start, near[1].start, distance, _numbers(grey, drawn))


def _numbers(grey: Grey, drawn: Mask) -> Floats:
    """The shape of the nodule, where it lies, and its greys against all others."""
    y, x = np.nonzero(drawn)
    rows, columns = drawn.shape
    high, wide, area = np.ptp(y) + 1, np.ptp(x) + 1, len(y)
    spread, axes = np.linalg.eigh(np.cov(np.stack([y, x]).astype(np.float64)))
    spread = np.maximum(spread, 1e-3)
    bordered = np.pad(drawn, 6).astype(np.float64)
    fades = np.hypot(*np.gradient(ndimage.gaussian_filter(bordered, 1.5)))
    typical = math.log(float(np.median(grey[drawn])) + 4)
    echoes = grey[grey > BRIGHT]
    everywhere = float(np.median(echoes)) if len(echoes) else 0.0
    numbers = (
        math.log(high / wide),
        math.log(fades.sum() ** 2 / (4 * math.pi * area)),
        area / ConvexHull(_corners(drawn)).volume,
        math.sqrt(spread[0] / spread[1]),
        abs(axes[0, 1]),
        area / (4 * math.pi * math.sqrt(spread[0] * spread[1])),
        math.log(area),
        *(y.min() / rows, y.mean() / rows, y.max() / rows, abs(x.mean() / columns - 0.5)),
        math.log(everywhere + 4) - typical,
        _unevenness(grey, drawn, typical),
    )
    return np.array(numbers, np.float32)


def _corners(drawn: Mask) -> NDArray[np.float64]:
    """The corners of the pixels at both ends of each row: no shape is flat by them."""
    rows = np.flatnonzero(drawn.any(axis=1))
    left = drawn[rows].argmax(axis=1)
    right = drawn.shape[1] - drawn[rows, ::-1].argmax(axis=1)
    return np.concatenate(
        [np.stack([rows + down, side], axis=1) for down in (0, 1) for side in (left, right)]
    ).astype(np.float64)


def _unevenness(grey: Grey, drawn: Mask, typical: float) -> float:
    """How much the greys of the nodule's middle differ from place to place."""
    radius = math.sqrt(np.count_nonzero(drawn) / math.pi)
    smooth = ndimage.gaussian_filter(grey.astype(np.float32), 0.15 * radius)
    core = ndimage.distance_transform_edt(drawn) > 0.15 * radius
    return math.log(float(smooth[core].std()) / math.exp(typical) + 1e-3) if core.any() else -3.0
