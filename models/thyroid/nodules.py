"""From outlines to nodules: their parts, the shapes of these, and what surrounds them."""

from __future__ import annotations

import math
from collections.abc import Sequence
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
AROUND = 0.7
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
class Outline:
    """A part of an outline that may be a nodule."""

    mask: Mask
    """In the pixels of the whole sight that was given."""
    drawn: Mask
    """The same at `ROWS` rows."""


@dataclass(frozen=True)
class Nodule:
    """A nodule with what surrounds it, ready to be judged, as one outlines it or as several do."""

    mask: Mask
    """In the pixels of the whole sight that was given."""
    grey: Floats
    """The nodule and what is around it, at `ROWS` rows."""
    top: int
    left: int
    """Where that lies in the whole, at `ROWS` rows."""
    distances: Floats
    """From each outline to each pixel of it: positive within."""
    numbers: Floats
    """As in `NUMBERS`, a row for each outline."""


class Echoes:
    """The echoes of a sight as nodules are measured in them."""

    def __init__(self, grey: Grey) -> None:
        self.shape = scaled_shape(grey)
        size = self.shape[::-1]
        self.grey = np.asarray(Image.fromarray(grey).resize(size, Image.Resampling.BICUBIC))
        shown = self.grey[self.grey > BRIGHT]
        self.usual = float(np.median(shown)) if len(shown) else 0.0

    def outlines(self, inside: Mask) -> list[Outline]:
        """What may be nodules by a mask over the sight, the largest first."""
        size = self.shape[::-1]
        found = []
        for mask in parts(inside):
            drawn = Image.fromarray(mask).resize(size, Image.Resampling.NEAREST)
            found.append(Outline(mask, np.asarray(drawn)))
        return [one for one in found if np.count_nonzero(one.drawn) >= SMALLEST]

    def nodule(self, mask: Mask, outlines: Sequence[Outline]) -> Nodule:
        """A nodule by its mask, as it is outlined at least once."""
        y, x = np.nonzero(np.logical_or.reduce([one.drawn for one in outlines]))
        largest = max(np.count_nonzero(one.drawn) for one in outlines)
        reach = max(LEAST, int(AROUND * math.sqrt(largest / math.pi)) + 4)
        near = (
            slice(max(0, y.min() - reach), y.max() + reach + 1),
            slice(max(0, x.min() - reach), x.max() + reach + 1),
        )
        high, wide = self.grey[near].shape
        beyond = (0, max(0, LEAST - high)), (0, max(0, LEAST - wide))
        shown = np.pad(self.grey[near].astype(np.float32), beyond, mode="edge")
        distances = [_distance(np.pad(one.drawn[near], beyond)) for one in outlines]
        numbers = [
            self._numbers(one.drawn, shown, distance)
            for one, distance in zip(outlines, distances, strict=True)
        ]
        return Nodule(
            mask,
            shown,
            near[0].start,
            near[1].start,
            np.stack(distances),
            np.array(numbers, np.float32),
        )

    def _numbers(self, drawn: Mask, near: Floats, distance: Floats) -> tuple[float, ...]:
        typical = math.log(float(np.median(self.grey[drawn])) + 4)
        return (
            *_shape(drawn),
            math.log(self.usual + 4) - typical,
            _unevenness(near, distance, typical),
        )


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
    """The nodules of a single outline, the largest first."""
    echoes = Echoes(grey)
    return [echoes.nodule(one.mask, [one]) for one in echoes.outlines(inside)]


def _distance(drawn: Mask) -> Floats:
    """Beyond the border nothing is inside."""
    cut = np.pad(drawn, 1)
    both = ndimage.distance_transform_edt(cut) - ndimage.distance_transform_edt(~cut)
    return np.asarray(both[1:-1, 1:-1], np.float32)


def _shape(drawn: Mask) -> tuple[float, ...]:
    """The shape of a nodule, and where it lies."""
    y, x = np.nonzero(drawn)
    rows, columns = drawn.shape
    high, wide, area = np.ptp(y) + 1, np.ptp(x) + 1, len(y)
    spread, axes = np.linalg.eigh(np.cov(np.stack([y, x]).astype(np.float64)))
    spread = np.maximum(spread, 1e-3)
    near = drawn[y.min() : y.max() + 1, x.min() : x.max() + 1]
    smooth = ndimage.gaussian_filter(np.pad(near, 6).astype(np.float32), 1.5)
    fades = np.hypot(*np.gradient(smooth)).sum()
    return (
        math.log(high / wide),
        math.log(fades**2 / (4 * math.pi * area)),
        area / ConvexHull(_corners(near)).volume,
        math.sqrt(spread[0] / spread[1]),
        abs(axes[0, 1]),
        area / (4 * math.pi * math.sqrt(spread[0] * spread[1])),
        math.log(area),
        *(y.min() / rows, y.mean() / rows, y.max() / rows, abs(x.mean() / columns - 0.5)),
    )


def _corners(drawn: Mask) -> NDArray[np.float64]:
    """The corners of the pixels at both ends of each row: no shape is flat by them."""
    rows = np.flatnonzero(drawn.any(axis=1))
    left = drawn[rows].argmax(axis=1)
    right = drawn.shape[1] - drawn[rows, ::-1].argmax(axis=1)
    return np.concatenate(
        [np.stack([rows + down, side], axis=1) for down in (0, 1) for side in (left, right)]
    ).astype(np.float64)


def _unevenness(grey: Floats, distance: Floats, typical: float) -> float:
    """How much the greys of the nodule's middle differ from place to place."""
    radius = math.sqrt(np.count_nonzero(distance > 0) / math.pi)
    core = distance > 0.15 * radius
    if not core.any():
        return -3.0
    near = ndimage.find_objects((distance > -0.4 * radius).view(np.uint8))[0]
    smooth = ndimage.gaussian_filter(grey[near], 0.15 * radius, truncate=3.0)
    return math.log(float(smooth[core[near]].std()) / math.exp(typical) + 1e-3)
