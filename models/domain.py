"""Does a picture look like those that a network was trained on?

The distance of a picture's texture from the cloud of the training pictures: along the cloud's main
directions (Mahalanobis), and away from all of them. Needs no examples of what is strange, so it may
be anything. The texture is that of a backbone that knows ImageNet only: one that was trained on a
task has forgotten how to tell other pictures apart.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Self

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

DIRECTIONS = 96
FLOOR = 0.05
"""Added to each direction's variance, which is little for the last ones."""


@dataclass(frozen=True)
class Domain:
    """The cloud of the training pictures."""

    middle: Floats
    spread: Floats
    """Of each of the texture's numbers, after compression."""
    directions: Floats
    """(numbers of a texture, DIRECTIONS)."""
    variances: Floats
    usual: Floats
    """The mean of both distances over the training pictures."""

    def strangeness(self, textures: Floats) -> Floats:
        """0 for the average training picture, rising with the distance: one for each row."""
        inside, outside = self._distances(textures)
        return np.asarray(np.log(inside / self.usual[0]) + np.log(outside / self.usual[1]))

    def _distances(self, textures: Floats) -> tuple[Floats, Floats]:
        centred = (_compressed(textures) - self.middle) / self.spread
        along = centred @ self.directions
        beside = centred - along @ self.directions.T
        return (along**2 / (self.variances + FLOOR)).sum(axis=1), (beside**2).sum(axis=1) + 1e-6

    def arrays(self) -> dict[str, Floats]:
        """Everything by name, to be stored with the weights."""
        return {one.name: getattr(self, one.name) for one in fields(self)}

    @classmethod
    def of(cls, arrays: Mapping[str, NDArray[np.floating]]) -> Self:
        """What `arrays` gave, read again."""
        return cls(**{one.name: arrays[one.name].astype(np.float32) for one in fields(cls)})

    @classmethod
    def around(cls, textures: Floats) -> Self:
        """The domain of these pictures: a row for each."""
        compressed = _compressed(textures)
        middle, spread = compressed.mean(axis=0), compressed.std(axis=0, ddof=1) + 1e-4
        _, sizes, directions = np.linalg.svd((compressed - middle) / spread, full_matrices=False)
        kept = np.ascontiguousarray(directions[:DIRECTIONS].T)
        variances = np.asarray(sizes[:DIRECTIONS] ** 2 / len(textures), np.float32)
        draft = cls(middle, spread, kept, variances, np.ones(2, np.float32))
        usual = np.array([distance.mean() for distance in draft._distances(textures)], np.float32)
        return cls(middle, spread, kept, variances, usual)


def _compressed(textures: Floats) -> Floats:
    return np.asarray(np.log1p(np.abs(textures)) * np.sign(textures), np.float32)
