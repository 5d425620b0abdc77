"""Models in TorchScript. Such a file is a program: its digest is what is trusted."""

from __future__ import annotations

import io
import warnings

import numpy as np
import torch

from models.registry.card import Card
from models.registry.classifier import Array, Classifier, Outputs
from models.registry.errors import RegistryError

WHY_NO_ACTIVATION = (
    "The model is a TorchScript file, which gives its outputs and not what led to them."
)


def load(card: Card, file: bytes, device: str) -> Classifier:
    """A model in a TorchScript file that looks at pictures."""
    try:
        with warnings.catch_warnings():
            # Nothing else reads these files, however often torch says that it is deprecated.
            warnings.simplefilter("ignore", DeprecationWarning)
            net = torch.jit.load(io.BytesIO(file), map_location="cpu")  # type: ignore[no-untyped-call]
    except (RuntimeError, ValueError) as error:
        raise RegistryError(
            f"The file of {card.name} is no TorchScript model: {_first_line(error)}"
        ) from None
    net = net.eval().to(device)

    def run(pixels: Array) -> Outputs:
        try:
            with torch.inference_mode():
                found = net(torch.from_numpy(pixels).to(device))
        except RuntimeError as error:
            raise RegistryError(
                f"The TorchScript model {card.name} failed: {_first_line(error)}"
            ) from None
        if isinstance(found, tuple | list):
            found = found[0]
        return np.asarray(found.float().cpu().numpy()), None

    return Classifier(card, run, WHY_NO_ACTIVATION)


def _first_line(error: Exception) -> str:
    """The last line of a TorchScript error says what went wrong; the rest is its program."""
    return (str(error).strip().splitlines() or ["no reason given"])[-1]
