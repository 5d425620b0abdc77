"""The network: MobileNetV2, a pyramid on top of it, and heads that say where and whether.

The image's logit is computed from one map, `Seen.features`, at an eighth of the input's
resolution. So the class activation of that map explains the logit completely, and its gradient
costs next to nothing: it never runs back through the backbone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from models.fracture.data import REGIONS
from models.vision import torchvision

STRIDE = 8
WIDTH = 96
TEXTURE = 96 + 1280
Net = TypeVar("Net", bound=nn.Module)


class SamePadded(nn.Conv2d):
    """A strided convolution that pads right and below only, as the backbone was trained."""

    def forward(self, input: Tensor) -> Tensor:
        """Pad, then convolve."""
        return super().forward(functional.pad(input, (0, 1, 0, 1)))


@dataclass(frozen=True)
class Seen:
    """What the network makes of a batch."""

    features: Tensor
    """The map that everything below is read from: (N, WIDTH, H/8, W/8)."""
    heat: Tensor
    """Logit of 'the centre of a fracture is here': (N, 1, H/8, W/8)."""
    reach: Tensor
    """Distances to the box's left, top, right, bottom in input pixels: (N, 4, H/8, W/8)."""
    logit: Tensor
    """Logit of 'there is a fracture in this picture': (N,)."""
    scene: Tensor
    """Logits of the regions in `REGIONS`, then of hardware: (N, 6)."""


class Backbone(nn.Module):
    """MobileNetV2 in four parts, fully convolutional: sides are multiples of 32."""

    def __init__(self) -> None:
        super().__init__()
        features = _folded_backbone()
        self.stem, self.fine = features[:4], features[4:7]
        self.middle, self.coarse = features[7:14], features[14:]

    @property
    def parts(self) -> tuple[nn.Module, ...]:
        """The shallowest first."""
        return self.stem, self.fine, self.middle, self.coarse

    def maps(self, grey: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """What is seen at an eighth, a sixteenth and a thirty-second; grey is -1 to 1."""
        with torch.set_grad_enabled(torch.is_grad_enabled() and _trained(self.stem)):
            shallow = self.stem(grey)
        fine = self.fine(shallow)
        middle = self.middle(fine)
        return fine, middle, self.coarse(middle)

    def texture(self, grey: Tensor) -> Tensor:
        """What kind of picture it is, wherever what is: (N, TEXTURE)."""
        _, middle, coarse = self.maps(grey)
        return torch.cat([middle.mean(dim=(2, 3)), coarse.mean(dim=(2, 3))], dim=1)


class FractureNet(Backbone):
    """The backbone with a pyramid on top of it, and the heads."""

    def __init__(self) -> None:
        super().__init__()
        self.from_coarse = nn.Conv2d(1280, WIDTH, 1)
        self.from_middle = nn.Conv2d(96, WIDTH, 1)
        self.from_fine = nn.Conv2d(32, WIDTH, 1)
        self.merged = nn.Sequential(_mixed(), _mixed(), _mixed())
        self.heat = nn.Conv2d(WIDTH, 1, 1)
        self.reach = nn.Conv2d(WIDTH, 4, 1)
        self.whether = nn.Sequential(
            nn.Linear(2 * WIDTH, 64), nn.SiLU(), nn.Dropout(0.3), nn.Linear(64, 1)
        )
        self.scene = nn.Sequential(nn.Dropout(0.2), nn.Linear(1280, len(REGIONS) + 1))
        nn.init.constant_(_bias(self.heat), -4.0)
        nn.init.constant_(_bias(self.reach), 1.0)

    def look(self, grey: Tensor) -> tuple[Tensor, Tensor]:
        """The map everything is read from, and the gist of the picture; grey is -1 to 1."""
        fine, middle, coarse = self.maps(grey)
        joined = self.from_middle(middle) + _doubled(self.from_coarse(coarse))
        joined = self.from_fine(fine) + _doubled(joined)
        return self.merged(joined), coarse.mean(dim=(2, 3))

    def judge(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """Heat, and the picture's logit: what stands out, weighed by where the heat is."""
        heat = self.heat(features)
        weights = heat.flatten(2).softmax(dim=2)
        flat = features.flatten(2)
        attended = (flat * weights).sum(dim=2)
        whole = torch.cat([attended, flat.amax(dim=2)], dim=1)
        hottest = (heat.flatten(1) * weights.squeeze(1)).sum(dim=1)
        return heat, hottest + self.whether(whole).squeeze(1)

    def forward(self, grey: Tensor) -> Seen:
        """Look at a batch of pictures, (N, 1, H, W), -1 to 1."""
        features, gist = self.look(grey)
        heat, logit = self.judge(features)
        return self.read(features, heat, logit, gist)

    def read(self, features: Tensor, heat: Tensor, logit: Tensor, gist: Tensor) -> Seen:
        """Everything else that is read from what was looked at and judged."""
        reach = functional.softplus(self.reach(features).float()) * STRIDE
        return Seen(features, heat, reach, logit, self.scene(gist))


def _folded_backbone() -> nn.Sequential:
    """MobileNetV2 without its normalisation, which is folded into the convolutions."""
    features: Any = torchvision().models.mobilenet_v2().features
    features[0][0] = nn.Conv2d(1, features[0][0].out_channels, 3, stride=2, padding=1)
    for block in features.modules():
        if isinstance(block, nn.Sequential):
            _fold(block)
    return cast(nn.Sequential, features)


def _fold(block: nn.Sequential) -> None:
    for name, layer in list(block.named_children()):
        if isinstance(layer, nn.BatchNorm2d):
            block.add_module(name, nn.Identity())
        elif isinstance(layer, nn.Conv2d):
            strided = layer.stride == (2, 2)
            kind = SamePadded if strided else nn.Conv2d
            block.add_module(
                name,
                kind(
                    layer.in_channels,
                    layer.out_channels,
                    (layer.kernel_size[0], layer.kernel_size[1]),
                    stride=(layer.stride[0], layer.stride[1]),
                    padding=0 if strided else (layer.kernel_size[0] - 1) // 2,
                    groups=layer.groups,
                ),
            )


def start_from(net: Backbone, backbone: Mapping[str, Tensor]) -> None:
    """Take over the weights of an ImageNet MobileNetV2 in torchvision's names.

    Its normalisation goes into the convolutions, its three colours into one grey.
    """
    stages = [stage for part in net.parts for stage in part.children()]
    for number, stage in enumerate(stages):
        for name, layer in stage.named_modules():
            if isinstance(layer, nn.Conv2d):
                path = f"features.{number}.{name}"
                weight, bias = _normalised(backbone, path)
                if weight.shape[1] == 3:
                    weight = weight.sum(dim=1, keepdim=True)
                with torch.no_grad():
                    layer.weight.copy_(weight)
                    _bias(layer).copy_(bias)


def _normalised(backbone: Mapping[str, Tensor], path: str) -> tuple[Tensor, Tensor]:
    """A convolution's weights with the normalisation that follows it worked in."""
    parent, _, last = path.rpartition(".")
    follower = f"{parent}.{int(last) + 1}"
    weight = backbone[f"{path}.weight"].float()
    scale = backbone[f"{follower}.weight"].float()
    scale = scale / (backbone[f"{follower}.running_var"].float() + 1e-5).sqrt()
    mean = backbone[f"{follower}.running_mean"].float()
    return weight * scale[:, None, None, None], backbone[f"{follower}.bias"].float() - mean * scale


def _mixed() -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(WIDTH, WIDTH, 3, padding=1, bias=False), nn.GroupNorm(8, WIDTH), nn.SiLU()
    )


def channels_last(net: Net, device: str) -> Net:
    """The network on a device, in the layout that convolutions are quickest in."""
    moved: Any = net.to(device)
    return cast(Net, moved.to(memory_format=torch.channels_last))


def _doubled(features: Tensor) -> Tensor:
    return functional.interpolate(features, scale_factor=2.0, mode="nearest")


def _trained(module: nn.Module) -> bool:
    return any(parameter.requires_grad for parameter in module.parameters())


def _bias(layer: nn.Conv2d) -> Tensor:
    assert layer.bias is not None  # noqa: S101 - every layer here has one
    return layer.bias
