"""Weighs what is known of nodules: logistic regressions, one for each thing that is learnt."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Truth = NDArray[np.float64]
"""1 and 0, and NaN where nobody knows."""

STRENGTH = 10.0
"""How much weights cost, against a case."""
SMALLEST_SPREAD = 1e-3
SLIGHT = 1e-3
"""Keeps a fit finite where classes can be told apart without a mistake."""


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
        columns.append(_likeliest(units[told], column[told] > 0.5))
    weights = np.stack(columns, axis=1)
    return Head(*(array.astype(np.float32) for array in (mean, spread, weights[:-1], weights[-1])))


def _likeliest(units: Floats, truth: NDArray[np.bool_]) -> Floats:
    """The weights, and last the bias, under which the truth is likeliest."""
    counts = np.bincount(truth, minlength=2)
    share = (counts.sum() / 2 / np.maximum(counts, 1))[truth.astype(int)]
    inputs = np.concatenate([units, np.ones((len(units), 1))], axis=1)
    cost = np.array([STRENGTH] * units.shape[1] + [1e-6])
    return _fitted(inputs, truth, share, cost)


def _fitted(inputs: Floats, truth: NDArray[np.bool_], share: Floats, cost: Floats) -> Floats:
    """Newton's method for rows that count by their share, and weights that cost so much each."""
    weights = np.zeros(inputs.shape[1])
    for _ in range(100):
        expected = 1 / (1 + np.exp(-np.clip(inputs @ weights, -30, 30)))
        slope = inputs.T @ (share * (truth - expected)) - cost * weights
        curve = (inputs * (share * expected * (1 - expected))[:, None]).T @ inputs
        step = np.linalg.solve(curve + np.diag(cost), slope)
        weights = weights + step
        if np.abs(step).max() < 1e-9:
            break
    return weights


def calibrated(logits: Floats, truth: NDArray[np.bool_]) -> tuple[float, float]:
    """Temperature and bias that make a probability of a logit."""
    inputs = np.stack([logits, np.ones(len(logits))], axis=1)
    weights = _fitted(inputs, truth, np.ones(len(logits)), np.full(2, SLIGHT))
    if weights[0] <= 0:
        raise ValueError("The logits say nothing of what is suspicious.")
    return round(1 / float(weights[0]), 6), round(float(weights[1]), 6)
