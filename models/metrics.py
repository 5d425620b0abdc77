"""Figures of how good a model is, each with an interval of 95 %.

Shares of a count have Wilson's interval. The others have that of a bootstrap which draws positives
and negatives by themselves, with a fixed seed: the same scores give the same interval. Pictures
that belong together, as those of one patient do, are drawn together where groups are given.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Scores = NDArray[np.float64]
Truth = NDArray[np.bool_]
Figure = Callable[[Truth, Scores], float]
Places = NDArray[np.intp]

RESAMPLES = 1000
BINS = 15
_EDGE = 1e-6
"""A logit is finite only so far from 0 and 1."""
_Z = 1.959963984540054
"""The normal distribution's 97.5 % quantile."""


@dataclass(frozen=True)
class Estimate:
    """A figure with its interval, and from how many pictures it is."""

    value: float
    low: float
    high: float
    count: int

    def to_dict(self) -> dict[str, float | int]:
        """The estimate as JSON carries it."""
        return {"value": self.value, "low": self.low, "high": self.high, "count": self.count}


def told(estimate: Mapping[str, Any] | None) -> str:
    """A figure with its interval, as people read it."""
    if estimate is None:
        return "-"
    return f"{estimate['value']:.3f} ({estimate['low']:.3f} to {estimate['high']:.3f})"


# ---------------------------------------------------------------- figures of a ranking


def auroc(truth: Truth, scores: Scores) -> float:
    """The share of pairs in which the positive has the higher score; ties are halves."""
    ordered = np.sort(scores[~truth])
    positive = scores[truth]
    below = np.searchsorted(ordered, positive, side="left")
    up_to = np.searchsorted(ordered, positive, side="right")
    return float((below + up_to).sum() / (2.0 * ordered.size * positive.size))


def average_precision(truth: Truth, scores: Scores) -> float:
    """Precision, averaged over the recall it is reached at; equal scores come together."""
    order = np.argsort(-scores, kind="stable")
    hits = np.cumsum(truth[order])
    last_of_equals = np.append(np.diff(scores[order]) != 0, [True])
    hits, taken = hits[last_of_equals], np.flatnonzero(last_of_equals) + 1
    return float((np.diff(hits, prepend=0) * hits / taken).sum() / hits[-1])


def sensitivity_at(specificity: float) -> Figure:
    """The best sensitivity of any threshold that leaves at least this specificity."""

    def figure(truth: Truth, scores: Scores) -> float:
        negative = np.sort(scores[~truth])[::-1]
        allowed = math.floor((1.0 - specificity) * negative.size + 1e-9)
        if allowed >= negative.size:
            return 1.0
        return float((scores[truth] > negative[allowed]).mean())

    return figure


# ---------------------------------------------------------------- figures of a probability


def calibration_error(truth: Truth, scores: Scores) -> float:
    """ECE: how far shares are from probabilities, over 15 bins of equal width."""
    gaps = np.bincount(binned(scores), weights=scores - truth, minlength=BINS)
    return float(np.abs(gaps).sum() / scores.size)


def binned(scores: Scores) -> NDArray[np.intp]:
    """In which of 15 bins each probability is."""
    return np.minimum((scores * BINS).astype(np.intp), BINS - 1)


def brier(truth: Truth, scores: Scores) -> float:
    """The mean squared distance of the probability from the truth."""
    return float(np.mean((scores - truth) ** 2))


def logits(scores: Scores) -> Scores:
    """The logits of probabilities, kept finite."""
    inside = scores.clip(_EDGE, 1 - _EDGE)
    return np.asarray(np.log(inside / (1 - inside)), np.float64)


# ---------------------------------------------------------------- intervals


def estimate(
    figure: Figure,
    truth: Truth,
    scores: Scores,
    *,
    centred: bool = False,
    groups: Sequence[str] | None = None,
) -> Estimate | None:
    """A figure with its bootstrap interval; None where one of the classes is missing.

    `centred` moves the interval to the figure: resampling alone makes a calibration error larger.
    """
    if truth.all() or not truth.any():
        return None
    value = figure(truth, scores)
    found = resampled(truth, lambda drawn: figure(truth[drawn], scores[drawn]), groups)
    if centred:
        found += value - found.mean()
    low, high = ends(found)
    return Estimate(value, max(0.0, low), min(1.0, high), truth.size)


def estimate_of(
    figure: Callable[[Places], float], count: int, groups: Sequence[str] | None = None
) -> Estimate | None:
    """A figure of so many pictures that are of no class, of which it is given the places."""
    if not count:
        return None
    every = np.arange(count)
    found = resampled(np.ones(count, np.bool_), figure, groups)
    return Estimate(figure(every), *ends(found), count)


def ends(found: NDArray[np.float64]) -> tuple[float, float]:
    """Between which values 95 % of the resampled ones lie."""
    low, high = np.quantile(found, (0.025, 0.975)).tolist()
    return low, high


def resampled(
    truth: Truth, figure: Callable[[Places], float], groups: Sequence[str] | None = None
) -> NDArray[np.float64]:
    """A figure of pictures drawn again and again, of which it is given the places."""
    return np.array([figure(drawn) for drawn in draws(truth, groups)], np.float64)


def draws(
    truth: Truth, groups: Sequence[str] | None = None, count: int = RESAMPLES
) -> Iterator[Places]:
    """The places of pictures drawn with replacement, as many of each class as there are.

    Whole groups are drawn where groups are given; those that have both classes by themselves.
    """
    tables = _tables(truth, groups)
    rng = np.random.default_rng(0)
    for _ in range(count):
        found = [table[rng.choice(len(table), len(table))].ravel() for table in tables]
        drawn = np.concatenate(found)
        yield drawn[drawn >= 0]


def _tables(truth: Truth, groups: Sequence[str] | None) -> list[Places]:
    """For each class the places of its pictures: a row a group, filled up with -1."""
    named = np.arange(truth.size)
    if groups is not None:
        named = np.unique(np.asarray(groups), return_inverse=True)[1]
    counts = np.bincount(named)
    order = np.argsort(named, kind="stable")
    begins = np.repeat(np.cumsum(counts) - counts, counts)
    table = np.full((counts.size, counts.max()), -1)
    table[named[order], np.arange(truth.size) - begins] = order
    share_positive = np.bincount(named, weights=truth) / counts
    classes = (share_positive == 1, share_positive == 0, (share_positive % 1) > 0)
    return [table[members] for members in classes if members.any()]


def share(hits: int, count: int) -> Estimate | None:
    """A share of a count with Wilson's interval; None of nothing."""
    if count == 0:
        return None
    value = hits / count
    middle = (value + _Z**2 / (2 * count)) / (1 + _Z**2 / count)
    reach = _Z / (1 + _Z**2 / count)
    reach *= math.sqrt(value * (1 - value) / count + _Z**2 / (4 * count**2))
    # Rounding must not put the figure outside its own interval.
    low, high = min(value, max(0.0, middle - reach)), max(value, min(1.0, middle + reach))
    return Estimate(value, low, high, count)


def mean_share(shares: Sequence[Estimate]) -> Estimate | None:
    """The mean of shares that count the same, however many pictures each is of.

    Its interval is of theirs: distances of independent shares add up as squares (Newcombe).
    """
    if not shares:
        return None
    value = sum(one.value for one in shares) / len(shares)
    below = math.hypot(*(one.value - one.low for one in shares)) / len(shares)
    above = math.hypot(*(one.high - one.value for one in shares)) / len(shares)
    count = sum(one.count for one in shares)
    return Estimate(value, max(0.0, value - below), min(1.0, value + above), count)
