"""From an entry to a model that looks at pictures; the digest is checked before anything else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from safetensors import SafetensorError

from models.registry.entries import Entry
from models.registry.errors import RegistryError, in_short
from models.registry.known import ARCHITECTURES, imported

if TYPE_CHECKING:
    from models.opinion import Model

_UNFIT = (LookupError, TypeError, ValueError, RuntimeError, SafetensorError)
"""What loaders raise where weights and card do not go together; torch raises RuntimeError."""


def load(entry: Entry, device: str = "cpu", threads: int | None = None) -> Model:
    """Load a model, and let it look at noise once.

    What does not fit is said now; what takes its time once takes it now, and not at a study.
    """
    card = entry.card
    if card.framework in ("torch", "torchscript"):
        _ready_torch(device, threads)
    if card.framework == "keras":
        from models.registry.tensorflow import ready

        ready(device, threads)
    try:
        model = _loaded(entry, device, threads)
        model.look(np.random.default_rng(0).integers(0, 256, (96, 128), np.uint8))
    except _UNFIT as error:
        told = in_short(error)
        raise RegistryError(
            f"The model {card.name} cannot be loaded, its card, its weights and this program do "
            f"not go together: {type(error).__name__}: {told}"
        ) from error
    return model


def _ready_torch(device: str, threads: int | None) -> None:
    import torch

    if device != "cpu" and not torch.cuda.is_available():
        raise RegistryError(f"The device {device} is not there: torch finds no GPU.")
    if threads is not None:
        torch.set_num_threads(threads)


def _loaded(entry: Entry, device: str, threads: int | None) -> Model:
    card = entry.card
    place = ARCHITECTURES.get((card.framework, card.architecture))
    if place is not None:
        model: Model = imported(place)(entry, device)
        return model
    if card.framework == "keras":
        from models.registry import keras_file

        return keras_file.load(card, entry.only_file(), device)
    if card.framework == "onnx":
        from models.registry import onnx_file

        return onnx_file.load(card, entry.only_file(), device, threads)
    if card.framework == "torchscript":
        from models.registry import scripted

        return scripted.load(card, entry.only_file(), device)
    known = ", ".join(name for framework, name in ARCHITECTURES if framework == card.framework)
    raise RegistryError(
        f"The card of {card.name} names the architecture {card.architecture}; known are {known}."
    )
