"""torchvision, importable where torch is a CPU build.

The published torchvision wheel registers its `nms` operator from a library that wants CUDA's
torch; with the CPU build the import fails at the operator's fake kernel. Declared here first,
with an implementation in plain torch, the import goes through; with CUDA's torch these lines do
nothing. Only torchvision's own image encoders and deformable convolution stay missing.
"""

from __future__ import annotations

import sys
from typing import Any

import torch
from torch import Tensor

_DECLARED: list[torch.library.Library] = []


def _suppressed(boxes: Tensor, scores: Tensor, iou_threshold: float) -> Tensor:
    """Indices of the boxes that no better-scored box overlaps too much, best first."""
    order = scores.argsort(descending=True, stable=True)
    area = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    kept: list[Tensor] = []
    while order.numel():
        best, order = order[0], order[1:]
        kept.append(best)
        low = torch.maximum(boxes[best, :2], boxes[order, :2])
        high = torch.minimum(boxes[best, 2:], boxes[order, 2:])
        shared = (high - low).clamp(min=0).prod(dim=1)
        order = order[shared / (area[best] + area[order] - shared) <= iou_threshold]
    return torch.stack(kept) if kept else order


def torchvision() -> Any:
    """The module, imported once."""
    try:
        import torchvision as module
    except RuntimeError as error:
        if "torchvision::nms" not in str(error):
            raise
        for name in [n for n in sys.modules if n.split(".")[0] == "torchvision"]:
            del sys.modules[name]
        library: Any = torch.library.Library("torchvision", "DEF")  # type: ignore[no-untyped-call]
        for name in ("nms", "qnms"):
            library.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
            library.impl(name, _suppressed, "CPU")
        _DECLARED.append(library)  # operators live as long as their library
        import torchvision as module
    return module
