"""Networks that outline nodules together, and the nodules that they find.

Each group of networks looks at the sight in a way of its own. The mean of what they say draws the
outlines; how suspicious a nodule is, is read at the outline of each look, as no outline is sure.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray
from scipy import ndimage

from models.registry.tensorflow import place
from models.thyroid.nodules import Echoes, Nodule, Outline
from models.thyroid.views import Way, over_sight, shown

Grey = NDArray[np.uint8]
Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]

CLOSER = 1.2
WAYS = (Way(), Way(CLOSER, mirrored=True), Way(mirrored=True), Way(CLOSER))
"""How the networks of each group look at a sight."""
AT_ONCE = 2
"""Networks in a graph: more would be a little faster, and take more memory."""
LEVELS = 256
Weights = tuple[list[Any], list[Any]]
"""Of a network: trained ones, and others."""


@dataclass(frozen=True)
class Found:
    """A nodule that is outlined by all looks together, and by each that sees it."""

    nodule: Nodule
    chance: float
    """How likely its pixels are inside, on average."""


class Outliners:
    """Groups of networks of one kind, one group for each of `WAYS`.

    They are run as one network whose weights are given anew each time: a graph for each would take
    more memory, and longer to load.
    """

    def __init__(self, groups: Iterable[Iterable[Any]], device: str = "cpu") -> None:
        self.device = device
        network: Any = None
        self._weights: list[list[Weights]] = []
        for group in groups:
            self._weights.append([])
            for one in group:  # each is let go before the next one is loaded
                network = one if network is None else network
                with tf.device(place(device)):
                    self._weights[-1].append(_weights(one))
        shapes = {tuple(one.shape for part in w for one in part) for g in self._weights for w in g}
        if len(shapes) != 1:
            raise ValueError("the networks that outline are not of one kind")

        def run(views: Any, some: Sequence[Weights]) -> Any:
            said = [
                network.stateless_call(*one, views[at : at + 1], training=False)[0]
                for at, one in enumerate(some)
            ]
            return tf.sigmoid(tf.concat(said, axis=0)[..., 0])

        self._run = tf.function(run, autograph=False)

    def looks(self, grey: Grey) -> list[Floats]:
        """How likely each group holds each pixel of the echoes to be inside of a nodule.

        NaN where it does not look.
        """
        views = np.stack([shown(grey, way) * 2 - 1 for way in WAYS])[..., None]
        every = [(at, one) for at, group in enumerate(self._weights) for one in group]
        told: list[list[Floats]] = [[] for _ in WAYS]
        for start in range(0, len(every), AT_ONCE):
            ways, some = zip(*every[start : start + AT_ONCE], strict=True)
            with tf.device(place(self.device)):
                maps = self._run(tf.constant(views[list(ways)]), some).numpy()
            for way, chances in zip(ways, maps, strict=True):
                told[way].append(chances)
        means = [np.mean(group, axis=0) for group in told]
        return [over_sight(one, grey, way) for one, way in zip(means, WAYS, strict=True)]


def _weights(network: Any) -> Weights:
    every = network.trainable_variables, network.non_trainable_variables
    trained, others = ([tf.identity(one.value) for one in some] for some in every)
    return trained, others


def found(grey: Grey, looks: Sequence[Floats]) -> tuple[list[Found], bool]:
    """The nodules in a sight, the largest first; and whether they are likelier such than not.

    Where none is, what is likeliest to be one is found all the same.
    """
    echoes, chances = Echoes(grey), np.asarray(np.nanmean(looks, axis=0), np.float32)
    sure, some = _outlines(echoes, chances)
    each = [_outlines(echoes, np.nan_to_num(look))[1] for look in looks]
    told = []
    for one in some:
        same = [outline for others in each for outline in _same(one, others)]
        told.append(Found(echoes.nodule(one.mask, same or [one]), float(chances[one.mask].mean())))
    return told, sure


def _outlines(echoes: Echoes, chances: Floats) -> tuple[bool, list[Outline]]:
    sure = echoes.outlines(outlined(chances))
    return bool(sure), sure or echoes.outlines(likeliest(chances))


def _same(one: Outline, others: Sequence[Outline]) -> list[Outline]:
    """The one that has most in common with an outline, if any has."""
    common = [np.count_nonzero(one.drawn & other.drawn) for other in others]
    return [others[int(np.argmax(common))]] if any(common) else []


def likeliest(chances: Floats) -> Mask:
    """The pixels that are expected to have most in common with nodules (the highest Dice)."""
    levels = np.minimum((chances * LEVELS).astype(np.intp), LEVELS - 1)
    counts = np.bincount(levels.ravel(), minlength=LEVELS)[::-1]
    inside = np.cumsum(counts * (np.arange(LEVELS)[::-1] + 0.5) / LEVELS)
    dice = 2 * inside / (inside[-1] + np.cumsum(counts))
    return np.asarray(levels >= LEVELS - 1 - dice.argmax())


def outlined(chances: Floats) -> Mask:
    """The parts of these that are likelier nodules than not, somewhere."""
    names, count = ndimage.label(likeliest(chances))
    sure = np.zeros(count + 1, np.bool_)
    sure[np.unique(names[chances > 0.5])] = True
    sure[0] = False
    return np.asarray(sure[names])
