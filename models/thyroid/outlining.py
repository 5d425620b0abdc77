"""Networks that outline nodules together, and the nodules that they find.

Each group of networks looks at the sight in a way of its own. The mean of what they say draws the
outlines; how suspicious a nodule is, is read at the outline of each look, as no outline is sure.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray
from scipy import ndimage

from models.registry.tensorflow import place
from models.thyroid.nodules import Echoes, Nodule, Outline
from models.thyroid.views import SHAPE, Way, over_sight, shown

Grey = NDArray[np.uint8]
Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]

CLOSER = 1.2
WAYS = (Way(), Way(CLOSER, mirrored=True), Way(mirrored=True), Way(CLOSER))
"""How the networks of each group look at a sight."""
LEVELS = 256


@dataclass(frozen=True)
class Found:
    """A nodule that is outlined by all looks together, and by each that sees it."""

    nodule: Nodule
    chance: float
    """How likely its pixels are inside, on average."""


class Outliners:
    """Groups of networks, one for each of `WAYS`."""

    def __init__(self, groups: Sequence[Sequence[Any]], device: str = "cpu") -> None:
        self.device = device
        self._run = _together(groups)

    def looks(self, grey: Grey) -> list[Floats]:
        """How likely each group holds each pixel of the echoes to be inside of a nodule.

        NaN where it does not look.
        """
        views = np.stack([shown(grey, way) * 2 - 1 for way in WAYS])[..., None]
        with tf.device(place(self.device)):
            maps = self._run(tf.constant(views)).numpy()
        return [over_sight(one, grey, way) for one, way in zip(maps, WAYS, strict=True)]


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


def _together(groups: Sequence[Sequence[Any]]) -> Callable[[Any], Any]:
    """What each group says of its view: how likely pixels are inside, the mean of its networks."""

    def run(views: Any) -> Any:
        said = []
        for at, networks in enumerate(groups):
            view = views[at : at + 1]
            chances = [tf.sigmoid(one(view, training=False)[0, ..., 0]) for one in networks]
            said.append(tf.add_n(chances) / len(chances))
        return tf.stack(said)

    taken = [tf.TensorSpec((len(groups), *SHAPE, 1), tf.float32)]
    compiled: Callable[[Any], Any] = tf.function(run, input_signature=taken, autograph=False)
    return compiled
