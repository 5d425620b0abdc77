"""The curves behind the figures: what a threshold costs, and whether probabilities keep their word.

The band is of the bootstrap that `models.metrics` has, so that curve and figure agree.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.metrics import BINS, Estimate, Scores, Truth, binned, draws, share

Curve = list[tuple[float, float]]

BAND_RESAMPLES = 400
BAND_AT = np.linspace(0, 1, 101)


def roc(truth: Truth, scores: Scores) -> Curve:
    """(1 - specificity, sensitivity) for each threshold, from the highest to the lowest."""
    hits, false = _counted(truth, scores)
    return _pairs(false / false[-1], hits / hits[-1], first=(0.0, 0.0))


def roc_band(
    truth: Truth, scores: Scores, groups: Sequence[str] | None = None
) -> tuple[Curve, Curve]:
    """Between which sensitivities 95 % of resampled curves lie, at each specificity."""
    found = np.empty((BAND_RESAMPLES, BAND_AT.size))
    for number, drawn in enumerate(draws(truth, groups, BAND_RESAMPLES)):
        curve = np.array(roc(truth[drawn], scores[drawn]))
        found[number] = np.interp(BAND_AT, curve[:, 0], curve[:, 1])
    low, high = np.quantile(found, (0.025, 0.975), axis=0)
    return _pairs(BAND_AT, low), _pairs(BAND_AT, high)


def precision_recall(truth: Truth, scores: Scores) -> Curve:
    """(recall, precision) for each threshold that finds anything, in steps."""
    hits, false = _counted(truth, scores)
    curve: Curve = []
    reached = 0.0
    for hit, precision in zip(hits / hits[-1], hits / (hits + false), strict=True):
        if hit > reached:
            curve += [(reached, float(precision)), (float(hit), float(precision))]
            reached = float(hit)
    return curve


@dataclass(frozen=True)
class Bin:
    """The pictures whose probabilities are about the same."""

    low: float
    high: float
    count: int
    probability: float
    """Their mean."""
    share: Estimate
    """Of those that have the finding."""


def reliability(truth: Truth, scores: Scores) -> list[Bin]:
    """The bins that the calibration error is of, those without a picture left out."""
    places = binned(scores)
    found = []
    for place in range(BINS):
        members = places == place
        observed = share(int(truth[members].sum()), int(members.sum()))
        if observed is not None:
            mean = float(scores[members].mean())
            ends = place / BINS, (place + 1) / BINS
            found.append(Bin(*ends, observed.count, mean, observed))
    return found


def at(threshold: float, truth: Truth, scores: Scores) -> tuple[Estimate, Estimate]:
    """Sensitivity and specificity where the finding is present from a threshold on."""
    called = scores >= threshold
    sensitivity = share(int((called & truth).sum()), int(truth.sum()))
    specificity = share(int((~called & ~truth).sum()), int((~truth).sum()))
    if sensitivity is None or specificity is None:
        raise ValueError("There is no threshold without both classes.")
    return sensitivity, specificity


def _counted(truth: Truth, scores: Scores) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """How many hits and false alarms each threshold has; equal scores come together."""
    order = np.argsort(-scores, kind="stable")
    last_of_equals = np.append(np.diff(scores[order]) != 0, [True])
    hits = np.cumsum(truth[order])[last_of_equals]
    return hits, np.flatnonzero(last_of_equals) + 1 - hits


def _pairs(
    x: NDArray[np.float64], y: NDArray[np.float64], first: tuple[float, float] | None = None
) -> Curve:
    pairs = [(float(one), float(other)) for one, other in zip(x, y, strict=True)]
    return [first, *pairs] if first else pairs
