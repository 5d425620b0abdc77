"""Does a picture look like those the network was trained on?

The distance of a picture's texture from the cloud of the training pictures: along the cloud's main
directions (Mahalanobis), and away from all of them. Needs no examples of what is strange, so it may
be anything. The texture is that of a backbone that knows ImageNet only: one that was
trained on fractures has forgotten how to tell a skull from a hand.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Self

import torch
from torch import Tensor

from models.fracture.network import TEXTURE

LONGEST = 448
"""The longer side of a picture whose texture is taken."""
DIRECTIONS = 96
FLOOR = 0.05
"""Added to each direction's variance, which is little for the last ones."""


@dataclass(frozen=True)
class Domain:
    """The cloud of the training pictures."""

    middle: Tensor
    spread: Tensor
    """Of each of the texture's numbers, after compression."""
    directions: Tensor
    """(TEXTURE, DIRECTIONS)."""
    variances: Tensor
    usual: Tensor
    """The mean of both distances over the training pictures."""

    def strangeness(self, texture: Tensor) -> Tensor:
        """0 for the average training picture, rising with the distance: (N,) from (N, TEXTURE)."""
        inside, outside = self._distances(texture)
        return (inside / self.usual[0]).log() + (outside / self.usual[1]).log()

    def _distances(self, texture: Tensor) -> tuple[Tensor, Tensor]:
        centred = (_compressed(texture) - self.middle) / self.spread
        along = centred @ self.directions
        beside = centred - along @ self.directions.T
        return (along**2 / (self.variances + FLOOR)).sum(dim=1), (beside**2).sum(dim=1) + 1e-6

    def tensors(self) -> dict[str, Tensor]:
        """Everything by name, to be stored with the weights."""
        return {f.name: getattr(self, f.name) for f in fields(self)}

    @classmethod
    def of(cls, tensors: Mapping[str, Tensor]) -> Self:
        """What `tensors` gave, read again."""
        return cls(**{f.name: tensors[f.name].float() for f in fields(cls)})

    @classmethod
    def around(cls, textures: Tensor) -> Self:
        """The domain of these pictures' textures: (N, TEXTURE)."""
        compressed = _compressed(textures)
        middle, spread = compressed.mean(dim=0), compressed.std(dim=0) + 1e-4
        _, sizes, directions = torch.linalg.svd((compressed - middle) / spread, full_matrices=False)
        kept = directions[:DIRECTIONS].T.contiguous()
        variances = sizes[:DIRECTIONS] ** 2 / len(textures)
        draft = cls(middle, spread, kept, variances, torch.ones(2))
        usual = torch.stack([distance.mean() for distance in draft._distances(textures)])
        return cls(middle, spread, kept, variances, usual)


def _compressed(texture: Tensor) -> Tensor:
    assert texture.shape[1] == TEXTURE  # noqa: S101 - of our own network
    return texture.float().abs().log1p() * texture.float().sign()
