"""Small models whose outputs can be computed by hand, in every form a site may bring."""

from __future__ import annotations

import io
import warnings
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn

from models.registry import Card
from models.registry.card import made
from models.vision import torchvision

PLAIN = {"mean": [0.0, 0.0, 0.0], "std": [1.0, 1.0, 1.0]}
"""A model with this input is shown 0 to 1."""
FIELDS: dict[str, Any] = {
    "name": "theirs",
    "version": "1",
    "task": "fracture",
    "architecture": "resnet18",
    "licence": "MIT",
    "data": "A set of their own.",
    "input": {"aspect": "padded", "width": 64, "height": 64, **PLAIN},
    "labels": ["fractured", "not-fractured"],
    "positive": "fractured",
    "thresholds": {"default": 0.5},
    "operating_point": "default",
}
"""The fields of a card as a site gives them."""
FILES = [{"name": "model.safetensors", "sha256": "0" * 64}]
SLOPE = 4.0
"""The small models' first output is this times the mean of the input, the second is 1."""


def card(**fields: Any) -> Card:
    """A card with some fields of its own."""
    return made({**FIELDS, "framework": "torch", "files": FILES, **fields})


def resnet(outputs: int = 2) -> dict[str, Tensor]:
    """The state dict of a ResNet-18 that nobody has trained."""
    torch.manual_seed(0)
    net: nn.Module = torchvision().models.resnet18(num_classes=outputs)
    return {name: value.clone() for name, value in net.state_dict().items()}


def onnx_file(path: Path, kind: int = TensorProto.FLOAT) -> Path:
    """An ONNX model of the mean of its input."""
    dtype = helper.tensor_dtype_to_np_dtype(kind)
    weight = numpy_helper.from_array(np.array([[SLOPE / 3] * 3, [0] * 3], dtype), "w")
    bias = numpy_helper.from_array(np.array([0, 1], dtype), "b")
    graph = helper.make_graph(
        [
            helper.make_node("GlobalAveragePool", ["x"], ["means"]),
            helper.make_node("Flatten", ["means"], ["flat"]),
            helper.make_node("Gemm", ["flat", "w", "b"], ["y"], transB=1),
        ],
        "mean",
        [helper.make_tensor_value_info("x", kind, [1, 3, None, None])],
        [helper.make_tensor_value_info("y", kind, [1, 2])],
        [weight, bias],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.save(model, path)
    return path


class _Mean(nn.Module):
    """The same in torch."""

    def __init__(self) -> None:
        super().__init__()
        self.slope = SLOPE

    def forward(self, x: Tensor) -> Tensor:
        """One value for each label."""
        first = self.slope * x.mean(dim=(1, 2, 3))
        return torch.stack([first, torch.ones_like(first)], dim=1)


def torchscript_file(path: Path) -> Path:
    """A TorchScript model of the mean of its input."""
    path.write_bytes(_scripted())
    return path


@cache
def _scripted() -> bytes:
    made = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        torch.jit.save(torch.jit.script(_Mean()), made)
    return made.getvalue()
