"""From an entry to a model that looks at pictures; the digest is checked before anything else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from models.registry.card import RESNETS
from models.registry.entries import Entry
from models.registry.errors import RegistryError

if TYPE_CHECKING:
    from models.fracture.opinion import FractureModel

OURS = "fracture-ensemble"


def load(entry: Entry, device: str = "cpu", threads: int | None = None) -> FractureModel:
    """Load a model, and let it look at an empty picture once: what does not fit is said now."""
    if entry.card.framework != "onnx":
        import torch

        if device != "cpu" and not torch.cuda.is_available():
            raise RegistryError(f"The device {device} is not there: torch finds no GPU.")
        if threads is not None:
            torch.set_num_threads(threads)
    model = _loaded(entry, device, threads)
    model.look(np.zeros((64, 48), np.uint8))
    return model


def _loaded(entry: Entry, device: str, threads: int | None) -> FractureModel:
    card = entry.card
    if card.architecture == OURS and card.framework == "torch":
        from models.fracture.model import load as load_ours

        entry.check()
        return load_ours(card, entry.folder, device)
    file = _only_file(entry)
    if card.framework == "onnx":
        from models.registry import onnx_file

        return onnx_file.load(card, file, device, threads)
    if card.framework == "torchscript":
        from models.registry import scripted

        return scripted.load(card, file, device)
    return _resnet(entry, file, device)


def _resnet(entry: Entry, file: bytes, device: str) -> FractureModel:
    from safetensors import SafetensorError
    from safetensors.torch import load as load_tensors

    from models.registry import resnet

    card = entry.card
    if card.architecture not in RESNETS:
        raise RegistryError(
            f"The card of {card.name} names the architecture {card.architecture}; known are "
            f"{', '.join((*RESNETS, OURS))}."
        )
    try:
        weights = load_tensors(file)
    except SafetensorError as error:
        raise RegistryError(f"The weights of {card.name} are no safetensors: {error}") from None
    return resnet.load(card, weights, device)


def _only_file(entry: Entry) -> bytes:
    files = entry.card.files
    if len(files) != 1:
        raise RegistryError(
            f"The card of {entry.card.name} names {len(files)} files; a model of this kind is one."
        )
    return entry.weights(files[0])
