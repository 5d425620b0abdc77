"""What the outlining network is shown: a sight fitted in, and in training turned and disturbed."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from scipy import ndimage

Grey = NDArray[np.uint8]
Floats = NDArray[np.float32]
Affine = tuple[float, float, float, float, float, float]
"""From a pixel of the view to one of the sight, as PIL has it."""

SHAPE = (192, 256)
"""Rows and columns of a view: multiples of 32."""
BLACK = 0.02
DARK, LIGHT = 0.01, 0.99
"""The quantiles of the echoes that become black and white."""
WORDS = (
    *("TIRADS 5", "TIRADS 2", "TIRADS 4C (4C)", "DER", "IZQ", "T", "1.2 cm", "12L6", "NODULO"),
    *("+ 1", "BENIGNO", "31fps"),
)
"""Written into training pictures, so that nothing is learnt from what others write."""


@dataclass(frozen=True)
class Way:
    """How a sight is put into the view, never stretched."""

    zoom: float = 1.0
    """1: all of it is seen, and no more; beyond that its middle, larger."""
    mirrored: bool = False

    @property
    def scale(self) -> tuple[float, float]:
        """Down and across."""
        return self.zoom, -self.zoom if self.mirrored else self.zoom


WHOLE = Way()


def _placed(
    grey: Grey, angle: float, scale: tuple[float, float], shift: tuple[float, float]
) -> Affine:
    """Turned, larger by so much down and across (mirrored where that is below 0), and moved."""
    rows, columns = grey.shape
    fits = min(SHAPE[0] / rows, SHAPE[1] / columns)
    down, across = fits * scale[0], fits * scale[1]
    cos, sin = math.cos(angle), math.sin(angle)
    a, b, d, e = cos / across, -sin / across, sin / down, cos / down
    middle = SHAPE[1] / 2, SHAPE[0] / 2
    c = columns / 2 + shift[0] * columns - a * middle[0] - b * middle[1]
    f = rows / 2 + shift[1] * rows - d * middle[0] - e * middle[1]
    return a, b, c, d, e, f


def _sampled(grey: Grey, to: Affine) -> Floats:
    found = Image.fromarray(grey).transform(
        SHAPE[::-1], Image.Transform.AFFINE, to, Image.Resampling.BILINEAR
    )
    return np.asarray(np.asarray(found) / 255, np.float32)


def shown(grey: Grey, way: Way = WHOLE) -> Floats:
    """The view of a sight, 0 to 1."""
    return _ranged(_sampled(grey, _placed(grey, 0.0, way.scale, (0.0, 0.0))))


def _ranged(unit: Floats) -> Floats:
    echoes = unit[unit > BLACK]
    if not len(echoes):
        return unit
    low, high = np.quantile(echoes, (DARK, LIGHT))
    spread = max(float(high - low), 0.05)
    return np.asarray(np.clip((unit - low) / spread, 0, 1), np.float32)


def over_sight(view: Floats, grey: Grey, way: Way = WHOLE) -> Floats:
    """A map over the view, at any resolution, as one over the sight; NaN where it does not show."""
    rows, columns = grey.shape
    fits = min(SHAPE[0] / rows, SHAPE[1] / columns)
    high, wide = view.shape
    down, across = (fits * one for one in way.scale)
    left, top = (SHAPE[1] - across * columns) / 2, (SHAPE[0] - down * rows) / 2
    finer, wider = high / SHAPE[0], wide / SHAPE[1]
    to = (across * wider, 0.0, left * wider, 0.0, down * finer, top * finer)
    return np.asarray(
        Image.fromarray(view).transform(
            (columns, rows),
            Image.Transform.AFFINE,
            to,
            Image.Resampling.BILINEAR,
            fillcolor=math.nan,
        ),
        np.float32,
    )


def disturbed(grey: Grey, inside: Grey, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """A view and its outline as another examiner, scanner or setting might have made it."""
    size = math.exp(rng.uniform(math.log(0.8), math.log(1.4)))
    stretch = math.exp(rng.normal(0, 0.08))
    aside = -1.0 if rng.random() < 0.5 else 1.0
    to = _placed(
        grey,
        math.radians(rng.normal(0, 7)),
        (size / stretch, aside * size * stretch),
        (rng.uniform(-0.12, 0.12), rng.uniform(-0.12, 0.12)),
    )
    unit, mask = _ranged(_sampled(grey, to)), _sampled(inside, to)
    if rng.random() < 0.2:
        unit = ndimage.gaussian_filter(unit, rng.uniform(0.4, 1.2))
    unit = unit ** math.exp(rng.normal(0, 0.25))
    unit = unit * math.exp(rng.normal(0, 0.12)) + rng.normal(0, 0.04)
    if rng.random() < 0.3:
        noise = rng.standard_normal(unit.shape, dtype=np.float32)
        unit = unit * (1 + noise * rng.uniform(0, 0.15))
    if rng.random() < 0.4:
        ends = rng.uniform(0.7, 1.3), rng.uniform(0.7, 1.3)
        unit = unit * np.linspace(*ends, SHAPE[0], dtype=np.float32)[:, None]
    unit = np.clip(unit, 0, 1)
    if rng.random() < 0.35:
        unit = _written(unit, rng)
    return unit.astype(np.float32), mask


def _written(unit: Floats, rng: np.random.Generator) -> Floats:
    picture = Image.fromarray((unit * 255).astype(np.uint8))
    draw = ImageDraw.Draw(picture)
    for _ in range(rng.integers(1, 4)):
        word = WORDS[rng.integers(len(WORDS))]
        font = ImageFont.load_default(int(rng.integers(8, 22)))
        at = (int(rng.integers(0, SHAPE[1] - 20)), int(rng.integers(0, SHAPE[0] - 12)))
        draw.text(at, word, fill=int(rng.integers(90, 256)), font=font)
    return np.asarray(np.asarray(picture) / 255, np.float32)
