"""From what the networks say to a probability that keeps its word.

A logistic regression on the picture's logit and on that of its hottest place, fitted on pictures
that the network did not train on.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from models.registry.card import Calibration

Floats = NDArray[np.float64]
SLIGHT = 1e-3
"""Keeps the fit finite where the classes can be told apart without a mistake."""


def fitted(
    logits: Floats, hottest: Floats, fractured: NDArray[np.bool_]
) -> tuple[float, Calibration]:
    """How much the hottest place counts beside the picture, and what their sum is worth."""
    picture, place, constant = _likeliest(np.stack([logits, hottest], axis=1), fractured)
    if picture <= 0:
        raise ValueError("The pictures' logits say nothing of fractures.")
    rounded = Calibration(temperature=round(1 / picture, 6), bias=round(constant, 6))
    return round(place / picture, 6), rounded


def _likeliest(inputs: Floats, truth: NDArray[np.bool_]) -> tuple[float, ...]:
    """The weights under which these labels are likeliest (Newton's method)."""
    inputs = np.concatenate([inputs, np.ones((len(inputs), 1))], axis=1)
    weights = np.zeros(inputs.shape[1])
    for _ in range(50):
        expected = 1 / (1 + np.exp(-np.clip(inputs @ weights, -30, 30)))
        slope = inputs.T @ (truth - expected) - SLIGHT * weights
        curve = (inputs * (expected * (1 - expected))[:, None]).T @ inputs
        step = np.linalg.solve(curve + SLIGHT * np.eye(len(weights)), slope)
        weights = weights + step
        if np.abs(step).max() < 1e-9:
            break
    return tuple(float(weight) for weight in weights)
