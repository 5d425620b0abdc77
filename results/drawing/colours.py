"""Colours that can be told apart: of heat, evenly stepped for the eye, and of regions."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

RGB = tuple[int, int, int]
BLACK: RGB = (0, 0, 0)
WHITE: RGB = (255, 255, 255)

REGIONS: tuple[RGB, ...] = (
    (86, 200, 255),
    (255, 176, 0),
    (0, 214, 143),
    (255, 240, 80),
    (255, 110, 60),
    (226, 140, 210),
)
"""Bright, and different in lightness or in blueness, which those who confuse red and green see."""

_MOST_OPAQUE = 0.6
"""The anatomy shows through even where the map is at its highest."""


def of_region(number: int) -> tuple[RGB, bool]:
    """The colour of a region by its place among all, and whether its line is dashed."""
    return REGIONS[number % len(REGIONS)], (number // len(REGIONS)) % 2 == 1


@cache
def heat() -> NDArray[np.uint8]:
    """256 colours from dark violet by red to light yellow, in even steps of lightness.

    They are mixed in OKLab, where equal steps look equal; lightness alone tells them apart.
    """
    at = np.linspace(0, 1, 256)
    lightness = 0.30 + 0.65 * at
    hue = np.radians(300 + 165 * at)
    chroma = np.interp(at, [0, 0.45, 1], [0.15, 0.20, 0.17])
    lab = np.stack([lightness, chroma * np.cos(hue), chroma * np.sin(hue)])
    to_cones = np.array(
        [
            [1, 0.3963377774, 0.2158037573],
            [1, -0.1055613458, -0.0638541728],
            [1, -0.0894841775, -1.2914855480],
        ]
    )
    to_light = np.array(
        [
            [4.0767416621, -3.3077115913, 0.2309699292],
            [-1.2684380046, 2.6097574011, -0.3413193965],
            [-0.0041960863, -0.7034186147, 1.7076147010],
        ]
    )
    light = (to_light @ (to_cones @ lab) ** 3).clip(0, 1)
    screen = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    return np.ascontiguousarray(np.rint(screen.T * 255).astype(np.uint8))


@cache
def opacity() -> NDArray[np.uint8]:
    """How much of each of them is laid over the image: nothing at zero, so that it is untouched."""
    return np.rint(255 * _MOST_OPAQUE * np.linspace(0, 1, 256) ** 0.75).astype(np.uint8)
