"""Networks that outline nodules together: where all of them are of one mind."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from models.registry.tensorflow import place
from models.thyroid.views import SHAPE, Way, over_sight, shown

Grey = NDArray[np.uint8]
Floats = NDArray[np.float32]

CLOSER = 1.2
WAYS = (
    (Way(), Way(CLOSER, mirrored=True)),
    (Way(mirrored=True), Way(CLOSER)),
)
"""How the networks of each group look at a sight."""
UNLIKELY = 0.97
"""The share of the echoes that is not looked at where no nodule is outlined."""


class Outliners:
    """Two groups of networks: those of each look at the sight in the group's two ways."""

    def __init__(self, groups: Sequence[Sequence[Any]], device: str = "cpu") -> None:
        self.device = device
        self._runs = [(w, _together(group)) for w, group in zip(WAYS, groups, strict=True)]

    def outline(self, grey: Grey) -> Floats:
        """How likely each pixel of the echoes is inside of a nodule, as logits: the mean of all."""
        found = []
        for ways, run in self._runs:
            views = np.stack([shown(grey, way) * 2 - 1 for way in ways])[..., None]
            with tf.device(place(self.device)):
                maps = run(tf.constant(views)).numpy()
            found += [over_sight(one, grey, way) for one, way in zip(maps, ways, strict=True)]
        return np.asarray(np.nanmean(found, axis=0), np.float32)


def likeliest(outline: Floats) -> NDArray[np.bool_]:
    """Where a nodule is likeliest to be, where none is outlined."""
    return np.asarray(outline > np.quantile(outline, UNLIKELY))


def _together(networks: Sequence[Any]) -> Callable[[Any], Any]:
    """What networks say of views, the mean of all."""

    def run(views: Any) -> Any:
        said = [network(views, training=False)[..., 0] for network in networks]
        return tf.add_n(said) / len(said)

    taken = [tf.TensorSpec((len(WAYS[0]), *SHAPE, 1), tf.float32)]
    compiled: Callable[[Any], Any] = tf.function(run, input_signature=taken, autograph=False)
    return compiled
