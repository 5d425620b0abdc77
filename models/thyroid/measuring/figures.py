"""The figures of a labelled set of ultrasound frames: suspicion, outlines and features.

Frames of one case are alike, so intervals of the bootstrap draw whole cases. What is told of the
frames may be an evaluation's or come from networks that saw none of their case in training.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.evaluation import Row
from models.figures import (
    Pair,
    Plain,
    arrays,
    at_threshold,
    counted,
    kinds,
    labelled,
    looked_at,
    plain,
    share_of,
    unanswered,
)
from models.metrics import (
    Scores,
    auroc,
    brier,
    calibration_error,
    estimate,
    estimate_of,
    sensitivity_at,
)
from models.thyroid.data import FEATURES, TIRADS, described

RISKS = {"High": 0.75, "Moderate": 0.5, "Borderline": 0.25, "Low": 0.0}
"""From which probability on a risk is called so."""


def metrics(
    rows: Sequence[Row], told: Sequence[Mapping[str, Any]], threshold: float
) -> dict[str, Any]:
    """The figures of a set, at the threshold of the card."""
    looked = looked_at(rows, told)
    scored = labelled(looked)
    truth, scores = arrays(scored)
    cases = groups(scored)
    return {
        **counted(rows, looked, scored),
        "cases": len(set(cases)),
        "threshold": threshold,
        "auroc": plain(estimate(auroc, truth, scores, groups=cases)),
        "sensitivity_at_specificity_0.5": plain(
            estimate(sensitivity_at(0.5), truth, scores, groups=cases)
        ),
        **at_threshold(truth, scores, threshold),
        "calibration_error": plain(
            estimate(calibration_error, truth, scores, centred=True, groups=cases)
        ),
        "brier": plain(estimate(brier, truth, scores, groups=cases)),
        **_outlines(looked),
        **unanswered(looked),
        "kinds": kinds(looked),
        "risks": _risks(scored),
        "features": _features(looked),
        "tirads": _tirads(looked),
    }


def groups(pairs: Sequence[Pair]) -> list[str]:
    """The case of each frame; one that names none is a case of its own."""
    return [row.more.get("case", "").strip() or f"file {row.file}" for row, _ in pairs]


def _outlines(looked: Sequence[Pair]) -> dict[str, Plain]:
    """How far outlines agree with the true ones, for the frames that have one."""
    known = [(row, one) for row, one in looked if one.get("dice") is not None]
    values, cases = np.array([one["dice"] for _, one in known], np.float64), groups(known)
    return {
        "dice_mean": _mean(values, cases),
        "dice_median": plain(
            estimate_of(lambda at: float(np.median(values[at])), values.size, cases)
        ),
        "dice_above_0.5": share_of(values > 0.5),
    }


def risk(score: float) -> str:
    """What a probability is called."""
    return next(name for name, least in RISKS.items() if score >= least)


def _risks(scored: Sequence[Pair]) -> dict[str, Any]:
    """How many frames are called so, and how many of them are suspicious."""
    found = {}
    for name in RISKS:
        labels = [bool(row.positive) for row, one in scored if risk(one["score"]) == name]
        found[name] = {"count": len(labels), "suspicious": share_of(labels)}
    return found


# ---------------------------------------------------------------- what else the index knows


def _features(looked: Sequence[Pair]) -> dict[str, Any]:
    """How well each feature of the largest nodule is told apart, where it is known."""
    found = {}
    every = [(row, described(dict(row.more)), _seen(one)) for row, one in looked]
    for place, name in enumerate(FEATURES):
        known = [
            (row, truth, seen[name])
            for row, facts, seen in every
            if (truth := facts[place]) is not None and name in seen
        ]
        truths = np.array([truth for _, truth, _ in known], np.bool_)
        scores = np.array([score for _, _, score in known], np.float64)
        cases = groups([(row, {}) for row, _, _ in known])
        found[name] = {
            "count": len(known),
            "positive": int(truths.sum()),
            "auroc": plain(estimate(auroc, truths, scores, groups=cases)),
        }
    return found


def _seen(one: Mapping[str, Any]) -> Mapping[str, float]:
    """The features of a frame as they were told: its own, or those of its largest nodule."""
    nodules = one.get("nodules") or [{}]
    found: Mapping[str, float] = one.get("features") or nodules[0].get("features") or {}
    return found


def _tirads(looked: Sequence[Pair]) -> dict[str, Any] | None:
    """The mean score of each category, and whether higher categories have higher scores."""
    known = [pair for pair in looked if pair[0].more.get("tirads", "").strip() in TIRADS]
    if not known:
        return None
    steps = np.array([TIRADS.index(row.more["tirads"].strip()) for row, _ in known])
    scores = np.array([one["score"] for _, one in known], np.float64)
    cases = np.array(groups(known))
    categories = {
        name: {
            "count": int(members.sum()),
            "mean_score": _mean(scores[members], cases[members].tolist()),
        }
        for step, name in enumerate(TIRADS)
        if (members := steps == step).any()
    }
    order = estimate_of(lambda at: _correlation(steps[at], scores[at]), len(known), cases.tolist())
    return {"categories": categories, "spearman": plain(order)}


def _mean(values: Scores, cases: Sequence[str]) -> Plain:
    return plain(estimate_of(lambda at: float(values[at].mean()), values.size, cases))


def _correlation(steps: NDArray[np.intp], scores: Scores) -> float:
    """Spearman's; 0 where one of both is the same everywhere."""
    one, other = _ranks(steps), _ranks(scores)
    if np.ptp(one) == 0 or np.ptp(other) == 0:
        return 0.0
    return float(np.corrcoef(one, other)[0, 1])


def _ranks(values: NDArray[Any]) -> Scores:
    """Their places in order; equal values share the mean of theirs."""
    ordered = np.sort(values)
    below = np.searchsorted(ordered, values, "left")
    return np.asarray((below + np.searchsorted(ordered, values, "right")) / 2, np.float64)
