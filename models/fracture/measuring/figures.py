"""The figures of a labelled set: what the probability is worth, and what would be delivered.

A picture's probability counts in the first, whatever else is said of it, so that a model gains
nothing by refusing what is difficult. In the second a doubt is no answer.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import Any

import numpy as np

from models.evaluation import Fractions, Row
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
from models.fracture.data import REGIONS
from models.fracture.measuring.shortcut import size
from models.metrics import (
    Scores,
    Truth,
    auroc,
    average_precision,
    brier,
    calibration_error,
    estimate,
    logits,
    sensitivity_at,
)

Boxes = Mapping[str, Sequence[Fractions]]

ENOUGH = 5
"""Positives and negatives that a size needs to be a stratum of its own."""
OVERLAP = 0.3


def metrics(
    rows: Sequence[Row],
    told: Sequence[Mapping[str, Any]],
    boxes: Boxes,
    threshold: float,
    views: float = 0.0,
) -> dict[str, Any]:
    """The figures of a set; `views` is what the card's calibration says of several views."""
    looked = looked_at(rows, told)
    scored = labelled(looked)
    truth, scores = arrays(scored)
    return {
        **counted(rows, looked, scored),
        "threshold": threshold,
        "auroc": plain(estimate(auroc, truth, scores)),
        "average_precision": plain(estimate(average_precision, truth, scores)),
        **_at_thresholds(truth, scores, threshold),
        **_delivered(scored),
        "calibration_error": plain(estimate(calibration_error, truth, scores, centred=True)),
        "brier": plain(estimate(brier, truth, scores)),
        "localisation": _localisation(scored, boxes),
        **unanswered(looked),
        "by_label": _by_label(scored),
        "kinds": kinds(looked),
        "strata": _strata(scored, boxes, threshold),
        "studies": _studies(looked, threshold, views),
    }


def _at_thresholds(truth: Truth, scores: Scores, threshold: float) -> dict[str, Plain]:
    """The best threshold of this set, which is not known before, and the card's."""
    return {
        "sensitivity_at_specificity_0.95": plain(estimate(sensitivity_at(0.95), truth, scores)),
        **at_threshold(truth, scores, threshold),
    }


# ---------------------------------------------------------------- what would be delivered


def _delivered(scored: Sequence[Pair]) -> dict[str, Plain]:
    """Who is called present, where those in doubt are not."""
    called = [(row.positive, one["verdict"] == "present") for row, one in scored]
    return {
        "delivered_sensitivity": share_of(present for positive, present in called if positive),
        "delivered_specificity": share_of(
            not present for positive, present in called if not positive
        ),
    }


def _by_label(scored: Sequence[Pair]) -> dict[str, dict[str, Plain]]:
    return {
        name: unanswered([(row, one) for row, one in scored if row.positive is positive])
        for name, positive in (("positive", True), ("negative", False))
    }


# ---------------------------------------------------------------- where


def _localisation(scored: Iterable[Pair], boxes: Boxes) -> Plain:
    """The share of fractured pictures with boxes whose best candidate hits one of them."""
    return share_of(
        any(hit(one["boxes"][0], box) for box in boxes[row.file]) if one["boxes"] else False
        for row, one in scored
        if row.positive and boxes.get(row.file)
    )


def hit(candidate: Mapping[str, float], box: Fractions) -> bool:
    """Whether a candidate shares enough with a true box, or has its centre inside."""
    cx, cy, w, h = (candidate[name] for name in ("cx", "cy", "w", "h"))
    x, y, width, height = box
    if abs(cx - x) <= width / 2 and abs(cy - y) <= height / 2:
        return True
    across = max(0.0, min(cx + w / 2, x + width / 2) - max(cx - w / 2, x - width / 2))
    down = max(0.0, min(cy + h / 2, y + height / 2) - max(cy - h / 2, y - height / 2))
    union = w * h + width * height - across * down
    return union > 0 and across * down >= OVERLAP * union


# ---------------------------------------------------------------- parts of the set


def _strata(scored: Sequence[Pair], boxes: Boxes, threshold: float) -> dict[str, Any]:
    """Figures by region, hardware and size, for the columns that the index has."""
    members: dict[str, list[Pair]] = defaultdict(list)
    sizes = _sizes(row for row, _ in scored)
    for row, one in scored:
        names = [name for name in REGIONS if row.more.get(name, "").strip() == "1"]
        hardware = {"1": "hardware", "0": "no hardware"}.get(row.more.get("hardware", "").strip())
        for name in chain(names, filter(None, (hardware, sizes.get(row.file)))):
            members[name].append((row, one))
    return {name: _stratum(pairs, boxes, threshold) for name, pairs in sorted(members.items())}


def _stratum(pairs: Sequence[Pair], boxes: Boxes, threshold: float) -> dict[str, Any]:
    truth, scores = arrays(pairs)
    return {
        "count": len(pairs),
        "positive": int(truth.sum()),
        "auroc": plain(estimate(auroc, truth, scores)),
        **_at_thresholds(truth, scores, threshold),
        "localisation": _localisation(pairs, boxes),
        "indeterminate": unanswered(pairs)["indeterminate"],
    }


def _sizes(rows: Iterable[Row]) -> dict[str, str]:
    """A name for each picture's size, either way up; rare sizes have one together."""
    named: dict[str, str] = {}
    counts: Counter[tuple[str, bool]] = Counter()
    for row in rows:
        if sides := size(row):
            short, long = sorted(sides)
            named[row.file] = f"size {short}x{long}"
            counts[named[row.file], bool(row.positive)] += 1
    return {
        file: name if min(counts[name, True], counts[name, False]) >= ENOUGH else "other sizes"
        for file, name in named.items()
    }


def _studies(looked: Sequence[Pair], threshold: float, views: float) -> dict[str, Any] | None:
    """Figures of whole studies, where the index names them: each by its highest picture.

    A study is fractured where any of its pictures is, and not where that is known of all.
    """
    members: dict[str, list[Pair]] = defaultdict(list)
    for row, one in looked:
        if study := row.more.get("study", "").strip():
            members[study].append((row, one))
    labels = [{row.positive for row, _ in pairs} for pairs in members.values()]
    known = [
        (True in found, max(one["score"] for _, one in pairs), len(pairs))
        for found, pairs in zip(labels, members.values(), strict=True)
        if True in found or None not in found
    ]
    if not known:
        return None
    truth = np.array([positive for positive, _, _ in known], np.bool_)
    highest = logits(np.array([score for _, score, _ in known], np.float64))
    scores = 1 / (1 + np.exp(-highest - views * np.log([count for _, _, count in known])))
    return {
        "count": len(known),
        "positive": int(truth.sum()),
        "several_pictures": sum(count > 1 for _, _, count in known),
        "auroc": plain(estimate(auroc, truth, scores)),
        **_at_thresholds(truth, scores, threshold),
        "calibration_error": plain(estimate(calibration_error, truth, scores, centred=True)),
    }
