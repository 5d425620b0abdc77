"""What a model says of a picture, whatever its task: ours and a site's own."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from models.registry.card import Card

Verdict = Literal["present", "absent", "indeterminate"]


@dataclass(frozen=True)
class Candidate:
    """Where the finding may be, in pixels of the picture that was given."""

    left: float
    top: float
    right: float
    bottom: float
    score: float
    """How sure it is that something is there, from 0 to 1."""
    mask: NDArray[np.bool_] | None = None
    """Which pixels of the picture it takes; None where the model draws no outlines."""
    probability: float | None = None
    """Calibrated, that this one has what the model looks for; None where it judges the picture
    as a whole."""
    features: Mapping[str, float] = field(default_factory=dict)
    """What else is seen of it, by name: how likely each is."""


@dataclass(frozen=True, kw_only=True)
class Opinion:
    """What a model makes of one picture."""

    probability: float
    """Calibrated, that the finding is there."""
    logit: float | None = None
    """What the probability was made of; of several views, the highest is the study's (see
    `Calibration.probability`). None where the model does not say."""
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
        known = [one for one in (self.logit, self.strangeness) if one is not None]
        if not (0 <= self.probability <= 1 and all(map(math.isfinite, known))):
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


class Model(Protocol):
    """A model that is loaded and ready to look at pictures."""

    @property
    def card(self) -> Card:
        """What it is."""

    def look(self, grey: NDArray[np.uint8]) -> Opinion:
        """Judge a picture (rows, columns), 0 black to 255 white."""
