"""Simple shapes on grids of numbers."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from bench.phantoms.base import Floats, Pixels


def grid(rows: int, columns: int) -> tuple[Floats, Floats]:
    """The y and x of every pixel, from -1 to 1 along the longer side."""
    longest = max(rows, columns)
    y = (2 * np.arange(rows) - rows + 1) / longest
    x = (2 * np.arange(columns) - columns + 1) / longest
    return np.repeat(y[:, None], columns, axis=1), np.repeat(x[None, :], rows, axis=0)


def ellipse(
    y: Floats, x: Floats, centre: tuple[float, float], radii: tuple[float, float]
) -> Floats:
    """1 inside an ellipse (centre and radii as y, x), 0 outside, with a soft edge."""
    distance = np.hypot((y - centre[0]) / radii[0], (x - centre[1]) / radii[1])
    return _soft((1 - distance) * min(radii))


def capsule(
    y: Floats, x: Floats, start: tuple[float, float], end: tuple[float, float], radius: float
) -> Floats:
    """The depth of a rod seen from the side: 1 on its axis, 0 outside."""
    along = np.subtract(end, start)
    t = ((y - start[0]) * along[0] + (x - start[1]) * along[1]) / float(along @ along)
    t = np.clip(t, 0, 1)
    distance = np.hypot(y - start[0] - t * along[0], x - start[1] - t * along[1])
    depth: Floats = np.sqrt(np.clip(1 - (distance / radius) ** 2, 0, None))
    return depth


def speckle(rng: np.random.Generator, shape: tuple[int, ...], strength: float) -> Floats:
    """Gaussian noise."""
    return rng.standard_normal(shape) * strength


def write_text(image: Pixels, lines: list[str], top: int, left: int, size: int) -> None:
    """Burn lines of text into an 8 bit image, in place, as a scanner does."""
    picture = Image.fromarray(image)
    pen = ImageDraw.Draw(picture)
    font = ImageFont.load_default(size)
    for number, line in enumerate(lines):
        white = (255, 255, 255) if image.ndim == 3 else 255
        pen.text((left, top + number * (size + 3)), line, fill=white, font=font)
    image[...] = np.asarray(picture)


def _soft(signed_distance: Floats, edge: float = 0.01) -> Floats:
    faded: Floats = np.clip(signed_distance / edge + 0.5, 0, 1)
    return faded
