"""Models in ONNX, run by onnxruntime."""

from __future__ import annotations

import os

import numpy as np
import onnxruntime

from models.registry.card import Card
from models.registry.classifier import Array, Classifier, Outputs
from models.registry.errors import RegistryError

WHY_NO_ACTIVATION = "The model is an ONNX file, which gives its outputs and not what led to them."
GPU = "CUDAExecutionProvider"
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


_FOLDER = "session.model_external_initializers_file_folder_path"


def _session(
    file: bytes, device: str, threads: int | None, card: Card
) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    # Weights may lie in other files, whose digest nobody has: where none can be, none is found.
    options.add_session_config_entry(_FOLDER, os.devnull)
    if threads is not None:
        options.intra_op_num_threads = threads
    try:
        session = onnxruntime.InferenceSession(file, options, providers=_providers(device))
    except _FAILURES as error:
        if "external data" in str(error).lower():
            raise RegistryError(
                f"The ONNX file of {card.name} keeps weights in other files; bring one that has "
                "them all in itself."
            ) from None
        raise RegistryError(
            f"The file of {card.name} is no ONNX model that can be run: {error}"
        ) from None
    # A provider whose libraries are missing is passed over without an error.
    if device != "cpu" and GPU not in session.get_providers():
        raise RegistryError(f"The device {device} is not there: onnxruntime cannot use CUDA.")
    return session


def _providers(device: str) -> list[str | tuple[str, dict[str, str]]]:
    if device == "cpu":
        return ["CPUExecutionProvider"]
    if GPU not in onnxruntime.get_available_providers():
        raise RegistryError(
            f"The device {device} is not there: this onnxruntime knows no CUDA, the one called "
            "onnxruntime-gpu does."
        )
    return [(GPU, {"device_id": device.partition(":")[2] or "0"}), "CPUExecutionProvider"]
