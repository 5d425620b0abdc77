"""The fracture model as it is used: several networks, calibrated, that know their limits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from safetensors.torch import load as load_tensors
from torch import Tensor
from torch.nn import functional

from models.domain import Domain, Floats
from models.fracture.candidates import candidates
from models.fracture.data import REGIONS
from models.fracture.network import STRIDE, Backbone, FractureNet, Seen, channels_last
from models.fracture.picture import CONTRACT, Grey, Prepared, prepare
from models.opinion import Opinion
from models.registry.card import Calibration, Card
from models.registry.entries import Entry

STRANGE = "The picture does not look like an X-ray of an arm, a leg, a hip or a shoulder."
LONGEST = 448
"""The longer side of a picture whose texture is taken."""
METAL = "Metal hardware seems to be in the picture, beside which the model was hardly trained."


@dataclass(frozen=True)
class Raw:
    """What the networks say together, before it is calibrated."""

    logit: float
    heat: Tensor
    """(1, H/8, W/8), 0 to 1."""
    reach: Tensor
    activation: np.ndarray
    scene: Tensor


class FractureEnsemble:
    """Members of one architecture, trained from different seeds on the same data."""

    def __init__(
        self,
        card: Card,
        members: Sequence[FractureNet],
        eyes: Backbone,
        domain: Domain,
        device: str = "cpu",
    ) -> None:
        self.card, self.domain, self.device = card, domain, device
        self.eyes = channels_last(eyes.eval(), device)
        settings: Any = card.settings
        self.calibration = card.calibration or Calibration()
        self.strange, self.metal = float(settings["strange"]), float(settings["metal"])
        self.members = [channels_last(member.eval(), device) for member in members]

    def look(self, grey: Grey) -> Opinion:
        """Judge a picture (rows, columns) whose bones are bright."""
        prepared = prepare(grey)
        raw = seen_by(self.members, prepared, self.device)
        (strangeness,) = self.domain.strangeness(texture(self.eyes, grey, self.device)).tolist()
        scene = raw.scene.sigmoid().tolist()
        found = candidates(raw.heat, raw.reach, prepared, (grey.shape[0], grey.shape[1]))
        return Opinion(
            probability=self.calibration.probability(raw.logit),
            logit=raw.logit,
            candidates=tuple(found),
            activation=raw.activation,
            refused=STRANGE if strangeness > self.strange else "",
            doubts=(METAL,) if scene[len(REGIONS)] > self.metal else (),
            strangeness=strangeness,
        )


def seen_by(members: Sequence[FractureNet], prepared: Prepared, device: str = "cpu") -> Raw:
    """What the networks say of a picture, averaged."""
    pixels = prepared.pixels.to(device, memory_format=torch.channels_last)
    seen = [_explained(member, pixels) for member in members]
    heats = torch.stack([one.heat[0] for one, _ in seen]).mean(dim=0)
    activation = torch.stack([activation for _, activation in seen]).mean(dim=0)
    activation = functional.interpolate(
        activation[None, None], scale_factor=STRIDE, mode="bilinear", align_corners=False
    )[0, 0, : prepared.rows, : prepared.columns]
    return Raw(
        logit=float(torch.stack([one.logit[0] for one, _ in seen]).mean()),
        heat=heats.sigmoid().cpu(),
        reach=torch.stack([one.reach[0] for one, _ in seen]).mean(dim=0).cpu(),
        activation=(activation / activation.amax().clamp(min=1e-6)).cpu().numpy(),
        scene=torch.stack([one.scene[0] for one, _ in seen]).mean(dim=0).cpu(),
    )


def _explained(member: FractureNet, pixels: Tensor) -> tuple[Seen, Tensor]:
    """What a network sees, and the class activation of its logit (Grad-CAM, Selvaraju 2017).

    The logit depends on one map only, so its gradient needs no way back through the backbone.
    """
    with torch.no_grad():
        features, gist = member.look(pixels)
    features.requires_grad_()
    with torch.enable_grad():
        heat, logit = member.judge(features)
        (gradient,) = torch.autograd.grad(logit.sum(), features)
    with torch.no_grad():
        weights = gradient.mean(dim=(2, 3), keepdim=True)
        activation = (weights * features).sum(dim=1)[0].relu()
        seen = member.read(features.detach(), heat.detach(), logit.detach(), gist)
    return seen, activation.detach()


def texture(eyes: Backbone, grey: Grey, device: str = "cpu") -> Floats:
    """What kind of picture it is: (1, TEXTURE)."""
    pixels = prepare(grey, LONGEST).pixels.to(device, memory_format=torch.channels_last)
    with torch.no_grad():
        return np.asarray(eyes.texture(pixels).cpu().numpy(), np.float32)


def load(entry: Entry, device: str = "cpu") -> FractureEnsemble:
    """The ensemble of a registered entry, from the bytes whose digest was checked."""
    card, stored = entry.card, load_tensors(entry.only_file())
    if card.input != CONTRACT:
        raise ValueError("the card's input is another one than the network's")
    members = []
    for number in range(int(card.settings["members"])):
        net = FractureNet()
        net.load_state_dict(_part(stored, f"member{number}."))
        members.append(net)
    eyes = Backbone()
    eyes.load_state_dict(_part(stored, "eyes."))
    return FractureEnsemble(card, members, eyes, _domain(stored), device)


def _domain(stored: dict[str, Tensor]) -> Domain:
    return Domain.of({name: one.numpy() for name, one in _part(stored, "domain.").items()})


def _part(stored: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {
        name.removeprefix(prefix): value.float()
        for name, value in stored.items()
        if name.startswith(prefix)
    }
