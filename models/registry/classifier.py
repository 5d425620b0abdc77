"""A site's own model of whole pictures: it says how likely, and where only if it is a ResNet."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.opinion import Opinion
from models.registry.card import Calibration, Card, Output
from models.registry.errors import RegistryError
from models.registry.preparing import prepare

Array = NDArray[np.float32]
Outputs = tuple[Array, Array | None]
"""One value for each label, and the class activation over the whole input where there is one."""


@dataclass(frozen=True)
class Classifier:
    """A network behind its card; `run` takes (1, channels, rows, columns)."""

    card: Card
    run: Callable[[Array], Outputs]
    why_no_activation: str = ""

    def look(self, grey: NDArray[np.uint8]) -> Opinion:
        """Judge a picture (rows, columns) whose bones are bright."""
        prepared = prepare(grey, self.card.input)
        values, activation = self.run(prepared.pixels)
        if activation is not None:
            activation = np.ascontiguousarray(prepared.picture_of(activation))
        found = logit(values, self.card)
        return Opinion(
            probability=(self.card.calibration or Calibration()).probability(found),
            logit=found,
            activation=activation,
            why_no_activation=self.why_no_activation,
        )


def logit(values: Array, card: Card, output: Output | None = None) -> float:
    """The logit of the positive label; `output` where the values are not what the card says."""
    flat = np.asarray(values, np.float64).reshape(-1)
    if flat.size != len(card.labels):
        raise RegistryError(
            f"The model {card.name} has {flat.size} outputs and its card {len(card.labels)} labels."
        )
    if not np.isfinite(flat).all():
        raise RegistryError(f"The model {card.name} gave an output that is no number.")
    if (output or card.output) == "probabilities":
        flat = _logits(flat, card)
    others = np.delete(flat, card.index)
    return float(flat[card.index] - (np.logaddexp.reduce(others) if others.size else 0.0))


def _logits(shares: NDArray[np.float64], card: Card) -> NDArray[np.float64]:
    if shares.min() < -1e-4 or shares.max() > 1 + 1e-4:
        raise RegistryError(
            f"The card of {card.name} says that its outputs are probabilities, and they are not: "
            f"{shares.min():.3g} to {shares.max():.3g}."
        )
    inside = shares.clip(1e-7, 1 - 1e-7)
    if inside.size == 1:
        found: NDArray[np.float64] = np.log(inside / (1 - inside))
        return found
    return np.asarray(np.log(inside))
