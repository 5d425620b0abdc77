"""What the network is shown: one way from grey values to its input, and back.

Training, evaluation and the pipeline all come through here. Quantised to 8 bits first, so that
the same picture at 8, 12 or 16 bits is the same input; scaled with its aspect kept, never
stretched; the brightness range taken from the picture, so that exposure matters little.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from models.registry.card import Input
from models.registry.preparing import QUANTILES

LONGEST = 640
"""The longer side of the network's input, in pixels."""
MULTIPLE = 32
"""The network's sides are multiples of this: the picture is filled up with black."""

Grey = NDArray[np.uint8]
CONTRACT = Input(
    aspect="kept",
    range="quantiles",
    channels=1,
    mean=(0.5,),
    std=(0.5,),
    longest=LONGEST,
    multiple=MULTIPLE,
)
"""What `prepare` does, in the words of a card."""


@dataclass(frozen=True)
class Prepared:
    """A picture as the network takes it, and what leads back to the original."""

    pixels: Tensor
    """(1, 1, H, W), -1 to 1."""
    scale: float
    """Input pixels for each pixel of the original."""
    rows: int
    columns: int
    """How much of the input is picture; the rest is filling."""


def prepare(grey: Grey, longest: int = LONGEST) -> Prepared:
    """Make the network's input of a picture whose bones are bright."""
    scaled = scaled_to(torch.from_numpy(np.ascontiguousarray(grey)), longest)
    rows, columns = scaled.shape
    filling = (0, -columns % MULTIPLE, 0, -rows % MULTIPLE)
    pixels = functional.pad(ranged(scaled), filling, value=-1.0)
    return Prepared(pixels[None, None], longest / max(grey.shape), rows, columns)


def scaled_to(grey: Tensor, longest: int) -> Tensor:
    """A picture (H, W) of 8-bit values as floats, its longer side brought to `longest`."""
    scale = longest / max(grey.shape)
    rows, columns = (max(1, round(side * scale)) for side in grey.shape)
    picture = grey[None, None].float()
    if scale != 1.0:
        picture = functional.interpolate(
            picture, (rows, columns), mode="bilinear", antialias=scale < 1, align_corners=False
        )
    return picture[0, 0]


def ranged(picture: Tensor) -> Tensor:
    """A picture brought to -1 to 1 by its own darkest and brightest parts."""
    # A sample is enough for percentiles, and sorting every pixel would cost more than looking.
    step = max(1, math.isqrt(picture.numel() // 50_000))
    sample = picture[::step, ::step].flatten()
    low, high = torch.quantile(sample, torch.tensor(QUANTILES)).tolist()
    unit: Tensor = (picture - low) / max(high - low, 1.0)
    return unit.clamp(0, 1) * 2 - 1
