"""Weighs what is known of nodules: logistic regressions, one for each thing that is learnt."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.fitting import Floats, likeliest

Truth = NDArray[np.float64]
"""1 and 0, and NaN where nobody knows."""

STRENGTH = 50.0
"""How much weights cost, against a row: each nodule has several."""
SMALLEST_SPREAD = 1e-3


@dataclass(frozen=True)
class Head:
    """What was learnt."""

    mean: NDArray[np.float32]
    spread: NDArray[np.float32]
    weights: NDArray[np.float32]
    """Known numbers by outputs."""
    bias: NDArray[np.float32]

    def logits(self, known: NDArray[np.float32], farthest: float) -> NDArray[np.float32]:
        """What it says of nodules, as the network does."""
        units = np.clip((known - self.mean) / self.spread, -farthest, farthest)
        return np.asarray(units @ self.weights + self.bias, np.float32)


def learnt(known: Floats, truth: Truth, farthest: float) -> Head:
    """Learn each column of the truth; both classes count alike."""
    mean, spread = known.mean(axis=0), np.maximum(known.std(axis=0), SMALLEST_SPREAD)
    units = np.clip((known - mean) / spread, -farthest, farthest)
    columns = []
    for column in truth.T:
        told = np.isfinite(column)
        columns.append(_weights(units[told], column[told] > 0.5))
    weights = np.stack(columns, axis=1)
    return Head(*(array.astype(np.float32) for array in (mean, spread, weights[:-1], weights[-1])))


def _weights(units: Floats, truth: NDArray[np.bool_]) -> Floats:
    """The weights, and last the bias, under which the truth is likeliest."""
    counts = np.bincount(truth, minlength=2)
    share = (counts.sum() / 2 / np.maximum(counts, 1))[truth.astype(int)]
    inputs = np.concatenate([units, np.ones((len(units), 1))], axis=1)
    cost = np.array([STRENGTH] * units.shape[1] + [1e-6])
    return likeliest(inputs, truth, cost, share=share)
