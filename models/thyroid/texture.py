"""The network that judges a nodule by its grain, its echoes, its edge and its shape.

With some two hundred labelled cases a network of many weights learns those cases. This one learns
a few dozen weights only: its convolutions are a fixed bank of filters, and what they see inside of
the nodule, around it and along its edge is averaged and weighed. It is a Keras model like others:
it is saved and loaded whole, and its score has gradients at every filter (Grad-CAM).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import keras
import numpy as np
from keras import layers, ops
from numpy.typing import NDArray

from models.thyroid.head import Head
from models.thyroid.nodules import NUMBERS, Nodule

SIGMAS = (0.8, 1.6, 3.2, 6.4)
"""Of the filters, in pixels of a picture with `nodules.ROWS` rows."""
BLACK = 4.0
"""Added to greys before their logarithm, so that black is a number."""
SHOWN = 3.0
"""Greys from here on are echoes."""
COMPARED = (0, 1)
"""The blurred pictures in which each place is compared with those in a ring around it."""
TURN, PEAK = 2, 4
"""How far away that is, in pixels: for turns, and for peaks."""
AROUND = ((-1, 0), (-0.7, 0.7), (0, 1), (0.7, 0.7), (1, 0), (0.7, -0.7), (0, -1), (-0.7, -0.7))
"""The places of such a ring, down and across."""
SLIGHT = 0.005
"""A difference in brightness from which on it counts."""
BANDS = (
    "brightness",
    *(f"grain_{number}" for number in range(len(SIGMAS))),
    *("down", "across", "spot"),
    *(f"turns_{number}" for number in COMPARED),
    *(f"peak_{number}" for number in COMPARED),
)
"""The channels of the last filters."""
SPLIT = np.cumsum([1, len(SIGMAS), 2, 1, len(COMPARED)]).tolist()
"""Where brightness, grain, change, spots, turns and peaks end among them."""
DESCRIBED = (
    *("contrast", "halo", "ring", "slope"),
    *(f"grain_{number}" for number in range(len(SIGMAS))),
    *(f"grain_beside_{number}" for number in range(len(SIGMAS))),
    *("edge", "edge_unevenness", "edge_clear", "edge_strength"),
    *(f"turns_{number}" for number in COMPARED),
    *(f"peaks_{number}" for number in COMPARED),
    *("spots", "skew"),
)
"""What the network sees of a nodule besides the numbers that it is given."""
KNOWN = len(DESCRIBED) + len(NUMBERS)
"""How many numbers are known of a nodule."""
FAINTEST = 1e-5
"""Keeps the logarithm of what changes nowhere a number."""
RING = (-0.6, -0.05)
"""The surroundings that a nodule is compared with, in radii from its outline."""
HALO = ((-0.1, 0.0), (0.0, 0.1), (0.1, 0.2))
RIM = (0.3, 0.4)
EDGE = 0.08
SPOT = (0.5, 0.1)
"""How much brighter than the nodule a spot is, and within what that is decided."""
FARTHEST = 4.0
"""Spreads from the mean beyond which more means nothing."""
LAST = "bands"
"""The layer that Grad-CAM explains."""
LAYERS = (*(f"blurred_{number}" for number in range(len(SIGMAS))), LAST)
"""Those with maps of the picture."""
PACKAGE = "thyroid"


@keras.saving.register_keras_serializable(package=PACKAGE)
class Blurred(layers.Layer):
    """A convolution with a fixed Gaussian; beyond its edges the picture is mirrored."""

    def __init__(self, sigma: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.sigma = sigma
        reach = math.ceil(3 * sigma)
        weights = np.exp(-(np.arange(-reach, reach + 1) ** 2) / (2 * sigma**2))
        self.reach, self.kernel = reach, (weights / weights.sum()).astype(np.float32)

    def call(self, inputs: Any) -> Any:
        """The blurred picture, one channel."""
        for axis, shape in ((1, (-1, 1, 1, 1)), (2, (1, -1, 1, 1))):
            beyond = [(0, 0)] * 4
            beyond[axis] = (self.reach, self.reach)
            padded = ops.pad(inputs, beyond, mode="symmetric")
            inputs = ops.conv(padded, ops.reshape(ops.convert_to_tensor(self.kernel), shape))
        return inputs

    def get_config(self) -> dict[str, Any]:
        """What it is made with."""
        return {**super().get_config(), "sigma": self.sigma}


@keras.saving.register_keras_serializable(package=PACKAGE)
class Bands(layers.Layer):
    """The channels in `BANDS`, of a picture and its blurred ones, against its usual brightness.

    Turns are how often it gets brighter and darker on the way round a place (as local binary
    patterns count them, Ojala 2002): few in tissue of one kind, many in grain and in noise.
    A peak is brighter than all that is around it.
    """

    def call(self, inputs: Sequence[Any]) -> Any:
        """Brightness, the grain between each two blurs, how fast greys change, and patterns."""
        light = [ops.log(inputs[1 + number] + BLACK) for number in COMPARED]
        brightness = light[0]
        usual = ops.mean(brightness, axis=(1, 2), keepdims=True)
        grain = [ops.abs(finer - coarser) for finer, coarser in pairwise(inputs)]
        beyond = ops.pad(inputs[2], [(0, 0), (1, 1), (1, 1), (0, 0)], mode="symmetric")
        down = (beyond[:, 2:, 1:-1] - beyond[:, :-2, 1:-1]) / 2
        across = (beyond[:, 1:-1, 2:] - beyond[:, 1:-1, :-2]) / 2
        others = ops.concatenate([*grain, down, across, inputs[1] - inputs[3]], axis=-1)
        found = [brightness - usual, others / ops.exp(usual)]
        found += [_turns(_brighter(one, TURN)) for one in light]
        found += [_peak(_brighter(one, PEAK)) for one in light]
        return ops.concatenate(found, axis=-1)


def _brighter(light: Any, reach: int) -> list[Any]:
    """Of each of the places around: how surely it is brighter, 0 to 1."""
    rows, columns = ops.shape(light)[1:3]
    beyond = ops.pad(light, [(0, 0), (reach, reach), (reach, reach), (0, 0)], mode="symmetric")
    steps = [
        (reach + round(down * reach), reach + round(across * reach)) for down, across in AROUND
    ]
    places = [beyond[:, top : top + rows, left : left + columns] for top, left in steps]
    return [ops.sigmoid((place - light) / SLIGHT) for place in places]


def _turns(brighter: Sequence[Any]) -> Any:
    """How often the ring changes between brighter and darker."""
    return sum(ops.abs(one - other) for one, other in pairwise([*brighter, brighter[0]]))


def _peak(brighter: Sequence[Any]) -> Any:
    """1 where all of the ring is darker."""
    return math.prod(1 - one for one in brighter)


@keras.saving.register_keras_serializable(package=PACKAGE)
class Described(layers.Layer):
    """What `DESCRIBED` names, of the bands, the echoes and the distance from each outline."""

    def call(self, inputs: Sequence[Any]) -> Any:
        """Means over parts of the picture, against that of the nodule's inside."""
        bands, echoes, distance, smooth = inputs
        light, grain, change, spot, turns, peak = ops.split(bands, SPLIT, axis=-1)
        inside = _share(distance - 0.5)
        area = ops.sum(ops.cast(distance > 0, distance.dtype), axis=(1, 2), keepdims=True)
        radius = ops.sqrt(area / math.pi) + 1e-3
        typical = _mean(light, inside)
        spread = ops.sqrt(_mean((light - typical) ** 2, inside))
        skew = _mean((light - typical) ** 3, inside) / (spread**3 + 1e-3)
        shown = _share(echoes - SHOWN)

        def between(low: float, high: float) -> Any:
            near = _share((distance / radius - low) * radius + 0.5)
            return shown * near * _share((high - distance / radius) * radius + 0.5)

        def echo(part: Any) -> Any:
            count = ops.sum(part, axis=(1, 2), keepdims=True)
            return _mean(light - typical, part) * count / (count + 30)

        ring = between(*RING)
        dark = ops.concatenate([echo(between(*part)) for part in HALO], axis=-1)
        halo = ops.min(dark, axis=-1, keepdims=True) - echo(between(*RIM))
        core = _share(distance - 1.5)
        usual = ops.exp(typical)
        within = _mean(grain, core) / usual + 1e-3
        beside = _mean(grain, ring) / usual + 1e-3
        edge = _share((EDGE - ops.abs(distance / radius)) * radius)
        spots = ops.sigmoid((spot / usual - SPOT[0]) / SPOT[1])
        parts = [
            *(ops.log(spread + 1e-3), halo, echo(ring), _slope(change, inside)),
            *(ops.log(within), ops.log(within / beside)),
            _edge(change, usual, smooth, edge),
            *(_mean(turns, inside), ops.log(_mean(peak, inside) + 1e-3)),
            *(ops.log(_mean(spots, core) + 1e-3), skew),
        ]
        return ops.concatenate([part[:, 0, 0] for part in parts], axis=-1)


def _share(values: Any) -> Any:
    """0 to 1, the border's pixels in between."""
    return ops.clip(values, 0.0, 1.0)


def _mean(values: Any, weights: Any) -> Any:
    """Over the places, of each channel: as a product of matrices, which is fast."""
    total = ops.sum(weights, axis=(1, 2), keepdims=True) + 1e-3
    channels = values.shape[-1]
    places = ops.reshape(values, (ops.shape(values)[0], -1, channels))
    row = ops.reshape(weights, (ops.shape(weights)[0], 1, -1))
    return ops.reshape(row @ places, (-1, 1, 1, channels)) / total


def _slope(change: Any, inside: Any) -> Any:
    """How much faster greys change down than across: grain lies across the beam."""
    down, across = _mean(change[..., :1] ** 2, inside), _mean(change[..., 1:] ** 2, inside)
    return 0.5 * ops.log((down + FAINTEST) / (across + FAINTEST))


def _edge(change: Any, usual: Any, smooth: Any, edge: Any) -> Any:
    """How greys change outwards along the outline: on average, how evenly, where, how much."""
    beyond = ops.pad(smooth, [(0, 0), (1, 1), (1, 1), (0, 0)], mode="symmetric")
    inwards = ops.concatenate(
        [
            (beyond[:, 2:, 1:-1] - beyond[:, :-2, 1:-1]) / 2,
            (beyond[:, 1:-1, 2:] - beyond[:, 1:-1, :-2]) / 2,
        ],
        axis=-1,
    )
    outwards = -ops.sum(change * inwards, axis=-1, keepdims=True) / usual
    mean = _mean(outwards, edge)
    return ops.concatenate(
        [
            mean,
            0.5 * ops.log(_mean((outwards - mean) ** 2, edge) + 1e-5),
            _mean(ops.sigmoid(outwards * 60), edge),
            ops.log(_mean(ops.abs(outwards), edge) + 1e-3),
        ],
        axis=-1,
    )


@keras.saving.register_keras_serializable(package=PACKAGE)
class Even(layers.Layer):
    """What is known in units of its usual spread, and never far beyond what training showed."""

    def __init__(self, mean: Sequence[float], spread: Sequence[float], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.mean, self.spread = [float(one) for one in mean], [float(one) for one in spread]

    def call(self, inputs: Any) -> Any:
        """The same numbers, alike in size."""
        units = (inputs - ops.convert_to_tensor(self.mean)) / ops.convert_to_tensor(self.spread)
        return ops.clip(units, -FARTHEST, FARTHEST)

    def get_config(self) -> dict[str, Any]:
        """What it is made with."""
        return {**super().get_config(), "mean": self.mean, "spread": self.spread}


REGISTERED = {f"{PACKAGE}>{one.__name__}": one for one in (Blurred, Bands, Described, Even)}
"""The layers of our own, by the names that files have for them."""


def knowing() -> keras.Model:
    """The part of the network that learns nothing: what is known of a nodule."""
    grey = keras.Input((None, None, 1), name="grey")
    distance = keras.Input((None, None, 1), name="distance")
    numbers = keras.Input((len(NUMBERS),), name="numbers")
    blurred = [Blurred(sigma, name=f"blurred_{at}")(grey) for at, sigma in enumerate(SIGMAS)]
    bands = Bands(name=LAST)([grey, *blurred])
    smooth = Blurred(2.0, name="smooth_distance")(distance)
    seen = Described(name="described")([bands, blurred[0], distance, smooth])
    known = layers.Concatenate(name="known")([seen, numbers])
    return keras.Model([grey, distance, numbers], known, name="knowing")


def judging(head: Head) -> keras.Model:
    """The whole network: a nodule's surroundings, distances and numbers in, logits out."""
    base = knowing()
    even = Even(head.mean.tolist(), head.spread.tolist(), name="even")(base.output)
    dense = layers.Dense(head.weights.shape[1], name="logits")
    model = keras.Model(base.inputs, dense(even), name="judging")
    dense.set_weights([head.weights, head.bias])
    return model


def known_of(model: Callable[..., Any], nodule: Nodule) -> NDArray[np.float32]:
    """What `knowing` says of a nodule, a row for each outline."""
    return np.asarray(model(inputs(nodule)), np.float32)


def inputs(nodule: Nodule) -> list[NDArray[np.float32]]:
    """A nodule as the network takes it."""
    return [
        nodule.grey[None, ..., None],
        nodule.distances[..., None],
        nodule.numbers,
    ]
