"""Refuses pictures that are unlike all of the training data, whatever their header says."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import layers
from numpy.typing import NDArray

from models.domain import Domain, Floats
from models.thyroid.network import Weights, backbone, start_from
from models.thyroid.views import SHAPE, shown

Textures = Callable[[Sequence[Floats]], Floats]

STRANGE = "The picture does not look like an ultrasound image of the neck."


@dataclass(frozen=True)
class Gate:
    """Knows the training pictures by their texture."""

    textures: Textures
    domain: Domain
    limit: float
    """Beyond that a picture is refused."""

    def strangeness(self, grey: NDArray[np.uint8]) -> float:
        """How unlike the training data a picture is."""
        (found,) = self.domain.strangeness(self.textures([shown(grey)]))
        return float(found)

    def refused(self, strangeness: float) -> str:
        """A sentence where it is none for the model; else empty."""
        return STRANGE if strangeness > self.limit else ""


def eyes(weights: Weights) -> keras.Model:
    """The backbone that knows ImageNet only, as means over its maps."""
    base = backbone()
    start_from(base, weights)
    means = [layers.GlobalAveragePooling2D()(base.output[name]) for name in ("sixteenth", "last")]
    return keras.Model(base.input, layers.Concatenate(name="texture")(means), name="eyes")


def seeing(network: Any) -> Textures:
    """What kind of pictures views are, a row for each."""
    taken = [tf.TensorSpec((None, *SHAPE, 1), tf.float32)]
    run = tf.function(lambda views: network(views, training=False), taken, autograph=False)

    def textures(views: Sequence[Floats]) -> Floats:
        found: Floats = run(tf.constant(np.stack(views)[..., None] * 2 - 1)).numpy()
        return found

    return textures
