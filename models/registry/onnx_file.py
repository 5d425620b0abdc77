"""Models in ONNX, run by onnxruntime."""

from __future__ import annotations

import numpy as np
import onnxruntime

from models.registry.card import Card
from models.registry.classifier import Array, Classifier, Outputs
from models.registry.errors import RegistryError

WHY_NO_ACTIVATION = "The model is an ONNX file, which gives its outputs and not what led to them."
_TYPES = {"tensor(float)": np.float32, "tensor(float16)": np.float16}


def load(card: Card, file: bytes, device: str, threads: int | None = None) -> Classifier:
    """A model in one ONNX file that looks at pictures."""
    session = _session(file, device, threads, card)
    inputs = session.get_inputs()
    if len(inputs) != 1 or len(inputs[0].shape) != 4 or inputs[0].type not in _TYPES:
        raise RegistryError(
            f"The ONNX model {card.name} has to take one array of floats, pictures x channels x "
            "rows x columns."
        )
    name, kind = inputs[0].name, _TYPES[inputs[0].type]

    def run(pixels: Array) -> Outputs:
        try:
            first = session.run(None, {name: pixels.astype(kind, copy=False)})[0]
        except _FAILURES as error:
            raise RegistryError(f"The ONNX model {card.name} failed: {error}") from None
        return np.asarray(first, np.float32), None

    return Classifier(card, run, WHY_NO_ACTIVATION)


_FAILURES = tuple(
    getattr(onnxruntime.capi.onnxruntime_pybind11_state, name)
    for name in (
        "EPFail", "EngineError", "Fail", "InvalidArgument", "InvalidGraph", "InvalidProtobuf",
        "ModelLoaded", "NoModel", "NoSuchFile", "NotImplemented", "RuntimeException",
    )
)  # fmt: skip
"""What onnxruntime raises has no family of its own."""


def _session(
    file: bytes, device: str, threads: int | None, card: Card
) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    if threads is not None:
        options.intra_op_num_threads = threads
    wanted = ["CPUExecutionProvider"]
    if device.startswith("cuda"):
        wanted.insert(0, "CUDAExecutionProvider")
    there = [name for name in wanted if name in onnxruntime.get_available_providers()]
    try:
        return onnxruntime.InferenceSession(file, options, providers=there)
    except _FAILURES as error:
        raise RegistryError(
            f"The file of {card.name} is no ONNX model that can be run: {error}"
        ) from None
