"""What training asks of the network: where, how far, whether, and what kind of picture."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

from models.fracture.network import STRIDE, Seen
from models.fracture.windows import View

WHERE, REACH, WHETHER, SCENE = 1.0, 0.5, 0.6, 0.1
SMOOTHING = 0.03


def loss(seen: Seen, views: Sequence[View], *, scenes: bool) -> dict[str, Tensor]:
    """The parts of the loss, weighed; the scene only where whole pictures are shown."""
    target, distances = targets(views, seen.heat.shape[2], seen.heat.shape[3])
    fractured = torch.tensor([float(len(view.boxes) > 0) for view in views])
    smooth = fractured * (1 - 2 * SMOOTHING) + SMOOTHING
    device = seen.heat.device
    target, distances, smooth = target.to(device), distances.to(device), smooth.to(device)
    parts = {
        "where": WHERE * _where(seen.heat.float().squeeze(1), target),
        "reach": REACH * _reach(seen.reach.float(), distances, target),
        "whether": WHETHER
        * functional.binary_cross_entropy_with_logits(seen.logit.float(), smooth),
    }
    if scenes:
        truth = torch.tensor([[*view.case.regions, view.case.hardware] for view in views]).float()
        parts["scene"] = SCENE * functional.binary_cross_entropy_with_logits(
            seen.scene.float(), truth.to(device)
        )
    return parts


def targets(views: Sequence[View], rows: int, columns: int) -> tuple[Tensor, Tensor]:
    """How much a fracture's centre each cell is, 0 to 1, and the distances to its box's sides."""
    y, x = torch.meshgrid(
        (torch.arange(rows) + 0.5) * STRIDE, (torch.arange(columns) + 0.5) * STRIDE, indexing="ij"
    )
    heat = torch.zeros(len(views), rows, columns)
    distances = torch.zeros(len(views), 4, rows, columns)
    for number, view in enumerate(views):
        for left, top, right, bottom in view.boxes.tolist():
            wide, high = max(right - left, 2 * STRIDE), max(bottom - top, 2 * STRIDE)
            dx = (x - (left + right) / 2) / (0.3 * wide)
            dy = (y - (top + bottom) / 2) / (0.3 * high)
            bump = torch.exp(-(dx**2 + dy**2) / 2)
            here = torch.stack([x - left, y - top, right - x, bottom - y]).clamp(min=1)
            nearer = bump > heat[number]
            distances[number] = torch.where(nearer, here, distances[number])
            heat[number] = torch.maximum(heat[number], bump)
    return heat, distances


def _where(heat: Tensor, target: Tensor) -> Tensor:
    """Cross-entropy that counts a cell the more, the more it is wrong (quality focal loss)."""
    wrong = functional.binary_cross_entropy_with_logits(heat, target, reduction="none")
    focus = (target - heat.detach().sigmoid()).abs() ** 2
    # Cells on fractures are few, so they count more than the many others.
    weight = 1 + 3 * target
    return (wrong * focus * weight).sum() / target.sum().clamp(min=8.0)


def _reach(reach: Tensor, distances: Tensor, target: Tensor) -> Tensor:
    """One minus the generalised overlap, on the cells that are near a fracture's centre."""
    near = target > 0.4
    if not bool(near.any()):
        return reach.sum() * 0
    got, want = reach.permute(0, 2, 3, 1)[near], distances.permute(0, 2, 3, 1)[near]
    shared = torch.minimum(got, want)
    inner = (shared[:, 0] + shared[:, 2]) * (shared[:, 1] + shared[:, 3])
    sizes = [(box[:, 0] + box[:, 2]) * (box[:, 1] + box[:, 3]) for box in (got, want)]
    union = sizes[0] + sizes[1] - inner
    around = torch.maximum(got, want)
    hull = (around[:, 0] + around[:, 2]) * (around[:, 1] + around[:, 3])
    overlap = inner / union - (hull - union) / hull
    weight = target[near]
    return ((1 - overlap) * weight).sum() / weight.sum()
