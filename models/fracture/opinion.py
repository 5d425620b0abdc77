"""What every fracture model says of a picture, ours and a site's own."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from models.registry.card import Card

Verdict = Literal["present", "absent", "indeterminate"]


@dataclass(frozen=True)
class Candidate:
    """Where a fracture may be, in pixels of the picture that was given."""

    left: float
    top: float
    right: float
    bottom: float
    score: float


@dataclass(frozen=True, kw_only=True)
class Opinion:
    """What a model makes of one picture."""

    probability: float
    """Calibrated, that there is a fracture."""
    candidates: tuple[Candidate, ...] = ()
    activation: NDArray[np.float32] | None = None
    """What spoke for it: 0 to 1, of any size, covers the whole picture."""
    why_no_activation: str = ""
    refused: str = ""
    """A sentence why this is no picture for the model at all; empty: it is one."""
    doubts: tuple[str, ...] = ()
    """Sentences why the judgement of such a picture is not to be trusted; none: it is."""
    strangeness: float | None = None
    """How unlike the training data the picture is; None where the model cannot tell."""

    def __post_init__(self) -> None:
        known = 0.0 if self.strangeness is None else self.strangeness
        if not (0 <= self.probability <= 1 and math.isfinite(known)):
            raise ValueError("The model gave an output that is no number.")

    @property
    def reasons(self) -> tuple[str, ...]:
        """Every sentence why there is no judgement; none: there is one."""
        return (self.refused, *self.doubts) if self.refused else self.doubts

    def verdict(self, threshold: float) -> Verdict:
        """The judgement at an operating point."""
        if self.reasons:
            return "indeterminate"
        return "present" if self.probability >= threshold else "absent"


class FractureModel(Protocol):
    """A model that is loaded and ready to look at pictures."""

    @property
    def card(self) -> Card:
        """What it is."""

    def look(self, grey: NDArray[np.uint8]) -> Opinion:
        """Judge a picture (rows, columns) whose bones are bright."""
