"""ResNets from state dicts, with their class activation.

A ResNet's logit is a weighted mean of its last map, so Grad-CAM needs neither hooks nor a run
backwards: the gradient is the row of weights itself (a test holds this against autograd). The
package `grad-cam` would bring a second OpenCV and matplotlib for this one line.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from safetensors.torch import load as load_tensors
from torch import Tensor, nn
from torch.nn import functional

from models.registry.card import Card
from models.registry.classifier import Array, Classifier, Outputs
from models.registry.entries import Entry
from models.registry.errors import RegistryError, in_short
from models.vision import torchvision


def empty(card: Card) -> nn.Module:
    """The network that the card names, without its weights."""
    with torch.device("meta"):
        made: nn.Module = getattr(torchvision().models, card.architecture)(
            num_classes=len(card.labels)
        )
    if card.input.channels != 3:
        raise RegistryError(f"The card of {card.name}: a {card.architecture} takes 3 channels.")
    return made


def fill(net: nn.Module, weights: Mapping[str, Tensor], card: Card) -> nn.Module:
    """Put weights into the network; raises `RegistryError` where they do not fit."""
    as_floats = {
        name: value.float() if value.is_floating_point() else value
        for name, value in weights.items()
    }
    try:
        net.load_state_dict(as_floats, assign=True)
    except RuntimeError as error:
        raise RegistryError(
            f"These are not the weights of a {card.architecture} with {len(card.labels)} outputs: "
            f"{in_short(error)}"
        ) from None
    return net.eval().requires_grad_(False)


def load(entry: Entry, device: str) -> Classifier:
    """A ResNet that looks at pictures."""
    card = entry.card
    net = fill(empty(card), load_tensors(entry.only_file()), card).to(device)
    # All but the pooling and the last layer, which are done here, where the map is at hand.
    maps = nn.Sequential(*list(net.children())[:-2])
    last = net.fc
    assert isinstance(last, nn.Linear)  # noqa: S101 - the weights of one fitted

    def run(pixels: Array) -> Outputs:
        with torch.inference_mode():
            found = maps(torch.from_numpy(pixels).to(device))
            logits = last(found.mean(dim=(2, 3)))[0]
            shown = activation(found, last.weight[card.index], (pixels.shape[2], pixels.shape[3]))
        return logits.float().cpu().numpy(), shown

    return Classifier(card, run)


def activation(found: Tensor, weights: Tensor, shape: tuple[int, int]) -> Array:
    """Grad-CAM of a logit that weighs the mean of the map so, over the whole input, 0 to 1."""
    spoken = torch.einsum("nchw,c->nhw", found, weights).relu()[:, None]
    spoken = functional.interpolate(spoken, size=shape, mode="bilinear", align_corners=False)
    highest = float(spoken.max())
    shown: Array = (spoken / highest if highest > 0 else spoken)[0, 0].float().cpu().numpy()
    return shown.astype(np.float32, copy=False)
