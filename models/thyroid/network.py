"""The network that outlines nodules: a MobileNetV2 that knows ImageNet, and a way back up.

What it sees at each scale is added on the way from the coarsest map to half the input's resolution,
where the outline is drawn. The whole picture has a say as well: where a nodule can lie at all.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
from keras import layers
from numpy.typing import NDArray

from models.thyroid.views import SHAPE

STRIDE = 2
"""The outline has so many times fewer."""
STAGES = (
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
)
"""Of MobileNetV2: expansion, channels, blocks, first stride."""
KEPT = {1: "half", 3: "quarter", 6: "eighth", 13: "sixteenth", 17: "last"}
"""The blocks whose maps are looked at."""
WIDTH, NARROW = 64, 32
EPSILON = 1e-5
"""Of the normalisation that is folded into the backbone's convolutions."""
Weights = Mapping[str, NDArray[Any]]


def outliner() -> keras.Model:
    """The whole network: grey from -1 to 1 in, the outline's logits out."""
    base = backbone()
    maps = base.output
    everywhere = layers.GlobalAveragePooling2D(keepdims=True)(maps["last"])
    x = layers.Add()(
        [
            layers.Conv2D(WIDTH, 1)(maps["last"]),
            layers.Conv2D(WIDTH, 1, activation="swish")(everywhere),
        ]
    )
    x = layers.SpatialDropout2D(0.1)(_merged(x, WIDTH))
    for name in ("sixteenth", "eighth", "quarter"):
        x = _joined(x, maps[name], WIDTH)
        x = _merged(_merged(x, WIDTH), WIDTH)
    x = _merged(_joined(layers.Conv2D(NARROW, 1)(x), maps["half"], NARROW), NARROW)
    outline = layers.Conv2D(1, 3, padding="same", name="outline")(x)
    return keras.Model(base.input, outline, name="outliner")


def backbone() -> keras.Model:
    """MobileNetV2 whose normalisation is folded into its convolutions."""
    grey = keras.Input((*SHAPE, 1), name="grey")
    x = layers.Conv2D(32, 3, strides=2, padding="same", name="f0_0")(grey)
    x = layers.ReLU(6.0)(x)
    maps, number = {}, 0
    for expansion, channels, blocks, first in STAGES:
        for at in range(blocks):
            number += 1
            x = _block(x, number, expansion, channels, first if at == 0 else 1)
            if number in KEPT:
                maps[KEPT[number]] = x
    return keras.Model(grey, maps, name="backbone")


def _block(x: Any, number: int, expansion: int, channels: int, stride: int) -> Any:
    came, y, part = x, x, 0
    if expansion != 1:
        y = layers.Conv2D(x.shape[-1] * expansion, 1, name=f"f{number}_0")(y)
        y = layers.ReLU(6.0)(y)
        part = 1
    name = f"f{number}_{part}"
    y = layers.DepthwiseConv2D(3, strides=stride, padding="same", name=name)(y)
    y = layers.ReLU(6.0)(y)
    y = layers.Conv2D(channels, 1, name=f"f{number}_{part + 1}")(y)
    return layers.Add()([came, y]) if stride == 1 and came.shape[-1] == channels else y


def _joined(coarse: Any, fine: Any, width: int) -> Any:
    coarse = layers.UpSampling2D(interpolation="bilinear")(coarse)
    return layers.Add()([coarse, layers.Conv2D(width, 1)(fine)])


def _merged(x: Any, width: int) -> Any:
    x = layers.SeparableConv2D(width, 3, padding="same", use_bias=False)(x)
    x = layers.GroupNormalization(8)(x)
    return layers.Activation("swish")(x)


def of_backbone(model: keras.Model) -> list[Any]:
    """The weights that come from ImageNet; they learn more slowly."""
    return [v for layer in _from_imagenet(model) for v in layer.trainable_variables]


def _from_imagenet(model: keras.Model) -> list[Any]:
    return [one for one in model.layers if one.name[:1] == "f" and one.name[1:2].isdigit()]


def start_from(model: keras.Model, weights: Weights) -> None:
    """Take over an ImageNet MobileNetV2 in torchvision's names, three colours as one grey."""
    for layer in _from_imagenet(model):
        number, part = map(int, layer.name[1:].split("_"))
        kernel, bias = _folded(weights, *_names(number, part))
        if kernel.shape[1] == 3:
            kernel = kernel.sum(axis=1, keepdims=True)
        deep = isinstance(layer, layers.DepthwiseConv2D)
        order = (2, 3, 0, 1) if deep else (2, 3, 1, 0)
        layer.set_weights([kernel.transpose(order), bias])


def _names(number: int, part: int) -> tuple[str, str]:
    """Of a convolution and of the normalisation after it."""
    if number == 0:
        return "features.0.0", "features.0.1"
    block = f"features.{number}.conv"
    if part == (1 if number == 1 else 2):
        return f"{block}.{part}", f"{block}.{part + 1}"
    return f"{block}.{part}.0", f"{block}.{part}.1"


def _folded(weights: Weights, conv: str, norm: str) -> tuple[NDArray[Any], NDArray[Any]]:
    """A convolution's kernel and bias with the normalisation after it."""

    def get(name: str) -> NDArray[np.float32]:
        return weights[name].astype(np.float32)

    scale = get(f"{norm}.weight") / np.sqrt(get(f"{norm}.running_var") + EPSILON)
    kernel = get(f"{conv}.weight") * scale[:, None, None, None]
    return kernel, get(f"{norm}.bias") - get(f"{norm}.running_mean") * scale
