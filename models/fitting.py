"""Logistic fits: the weights under which labels are likeliest, and a probability of a logit."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Truth = NDArray[np.bool_]

SLIGHT = 1e-3
"""Keeps a fit finite where classes can be told apart without a mistake."""


def likeliest(
    inputs: Floats,
    truth: Truth,
    cost: Floats | float = SLIGHT,
    *,
    share: Floats | float = 1.0,
    start: Floats | float = 0.0,
) -> Floats:
    """The weights that make labels likeliest, added to a start (Newton's method).

    Rows count by their share; a weight costs so much.
    """
    weights = np.zeros(inputs.shape[1])
    costs = np.full(len(weights), cost)
    for _ in range(100):
        expected = 1 / (1 + np.exp(-np.clip(inputs @ weights + start, -30, 30)))
        slope = inputs.T @ (share * (truth - expected)) - costs * weights
        curve = (inputs * (share * expected * (1 - expected))[:, None]).T @ inputs
        step = np.linalg.solve(curve + np.diag(costs), slope)
        weights = weights + step
        if np.abs(step).max() < 1e-9:
            break
    return weights


def calibrated(logits: Floats, truth: Truth) -> tuple[float, float]:
    """Temperature and bias that make a probability of a logit."""
    slope, bias = likeliest(np.stack([logits, np.ones(len(logits))], axis=1), truth).tolist()
    if slope <= 0:
        raise ValueError("The logits say nothing of the finding.")
    return round(1 / slope, 6), round(bias, 6)
