"""torchvision, importable where torch is a CPU build.

The published torchvision wheel registers its operators from a library that wants CUDA's torch;
with the CPU build the import fails where it describes two of them. Declared here first, the import
goes through; with CUDA's torch these lines do nothing. Networks and transforms work; torchvision's
own operators, which nothing here uses, stay missing.
"""

from __future__ import annotations

import sys
from typing import Any

import torch

_DECLARED: list[torch.library.Library] = []


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
        _DECLARED.append(library)  # operators live as long as their library
        import torchvision as module
    return module
