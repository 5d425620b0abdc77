"""From heat and reach to boxes: where the network thinks that fractures are."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from models.fracture.network import STRIDE
from models.fracture.picture import Prepared
from models.opinion import Candidate

MOST = 8
LEAST_SCORE = 0.05
OVERLAP = 0.3
"""Boxes that share more than this are the same fracture."""


def candidates(
    heat: Tensor, reach: Tensor, of: Prepared, shape: tuple[int, int]
) -> list[Candidate]:
    """The boxes around the peaks of the heat (1, H, W; 0 to 1), best first.

    In pixels of the original, whose rows and columns `shape` has.
    """
    rows, columns = -(-of.rows // STRIDE), -(-of.columns // STRIDE)
    heat, reach = heat[0, :rows, :columns], reach[:, :rows, :columns]
    highest = functional.max_pool2d(heat[None, None], 3, stride=1, padding=1)[0, 0]
    peaks = torch.nonzero((heat == highest) & (heat >= LEAST_SCORE))
    peaks = peaks[heat[peaks[:, 0], peaks[:, 1]].argsort(descending=True, stable=True)]
    found: list[Candidate] = []
    for row, column in peaks.tolist():
        left, top, right, bottom = reach[:, row, column].tolist()
        x, y = (column + 0.5) * STRIDE, (row + 0.5) * STRIDE
        box = Candidate(
            left=max(0.0, (x - left) / of.scale),
            top=max(0.0, (y - top) / of.scale),
            right=min(float(shape[1]), (x + right) / of.scale),
            bottom=min(float(shape[0]), (y + bottom) / of.scale),
            score=float(heat[row, column]),
        )
        inside = box.right > box.left and box.bottom > box.top
        if inside and all(overlap(box, other) <= OVERLAP for other in found):
            found.append(box)
        if len(found) == MOST:
            break
    return found


def overlap(one: Candidate, other: Candidate) -> float:
    """Intersection over union."""
    wide = min(one.right, other.right) - max(one.left, other.left)
    high = min(one.bottom, other.bottom) - max(one.top, other.top)
    shared = max(0.0, wide) * max(0.0, high)
    sizes = sum((b.right - b.left) * (b.bottom - b.top) for b in (one, other))
    return shared / (sizes - shared) if shared else 0.0
