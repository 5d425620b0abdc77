"""What radiographers and machines put on plates: letters of lead, times, and shutters.

They say nothing of fractures, so they are put on training pictures of both kinds alike.
"""

from __future__ import annotations

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

MARKED, SHUTTERED = 0.35, 0.15
"""The share of views that get a mark, and of those that get dark borders."""
WORDS = ("L", "R", "PA", "AP", "LAT", "L 4", "R PA", "OBL", "09:41", "WB", "B", "AP L")
TRIES = 6


def marked(unit: Tensor, boxes: Tensor, rng: np.random.Generator) -> Tensor:
    """A picture (H, W) of 0 to 1 with letters somewhere beside its fractures, now and then."""
    if rng.random() >= MARKED:
        return unit
    stamp = lettered(WORDS[rng.integers(len(WORDS))], round(rng.uniform(0.04, 0.11) * len(unit)))
    if rng.random() < 0.2:  # dark letters in a plate of lead
        stamp = 1 - stamp
    stamp = torch.rot90(stamp, int(rng.choice([0, 0, 0, 1, 2, 3])))
    if rng.random() < 0.2:  # laid on the wrong way round
        stamp = stamp.flip(1)
    return _laid(unit, stamp * rng.uniform(0.75, 1.0), boxes, rng)


def lettered(words: str, size: int) -> Tensor:
    """The words in white on black, 0 to 1, as high as asked."""
    font = ImageFont.load_default(max(size, 8))
    left, top, right, bottom = font.getbbox(words)
    picture = Image.new("L", (round(right - left) + 4, round(bottom - top) + 4))
    ImageDraw.Draw(picture).text((2 - left, 2 - top), words, fill=255, font=font)
    return torch.from_numpy(np.array(picture)).float() / 255


def _laid(unit: Tensor, stamp: Tensor, boxes: Tensor, rng: np.random.Generator) -> Tensor:
    rows, columns = stamp.shape
    if rows >= unit.shape[0] or columns >= unit.shape[1]:
        return unit
    for _ in range(TRIES):
        top = int(rng.integers(unit.shape[0] - rows))
        left = int(rng.integers(unit.shape[1] - columns))
        apart = (
            (boxes[:, 0] > left + columns)
            | (boxes[:, 2] < left)
            | (boxes[:, 1] > top + rows)
            | (boxes[:, 3] < top)
        )
        if bool(apart.all()):
            unit = unit.clone()
            here = unit[top : top + rows, left : left + columns]
            here.copy_(torch.maximum(here, stamp))
            break
    return unit


def shuttered(unit: Tensor, boxes: Tensor, rng: np.random.Generator) -> Tensor:
    """The picture with dark borders that leave its fractures in sight, now and then."""
    if rng.random() >= SHUTTERED:
        return unit
    rows, columns = unit.shape
    limits = boxes if len(boxes) else torch.tensor([[columns, rows, 0, 0]])
    drawn = rng.uniform(0, 0.12, 4)
    left = int(min(drawn[0] * columns, float(limits[:, 0].min())))
    top = int(min(drawn[1] * rows, float(limits[:, 1].min())))
    right = int(max((1 - drawn[2]) * columns, float(limits[:, 2].max())))
    bottom = int(max((1 - drawn[3]) * rows, float(limits[:, 3].max())))
    dark = torch.zeros_like(unit)
    dark[top:bottom, left:right] = unit[top:bottom, left:right]
    return dark
