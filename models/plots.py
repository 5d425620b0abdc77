"""Charts that every task's page has: the ROC curve, and whether probabilities keep their word."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from models.charts import Chart
from models.curves import at, reliability, roc, roc_band
from models.metrics import Scores, Truth, told

Point = tuple[float, str, str]
"""A threshold, what it is called, and whether it is a point or a mark."""


def draw_roc(
    title: str,
    truth: Truth,
    scores: Scores,
    auroc: Mapping[str, Any] | None,
    points: Sequence[Point],
    groups: Sequence[str] | None = None,
) -> str:
    """The curve with its band and some thresholds on it, as SVG."""
    chart = Chart(title, "1 - specificity", "sensitivity")
    chart.line([(0, 0), (1, 1)], kind="guide")
    chart.band(*roc_band(truth, scores, groups), "95 % of resampled curves")
    chart.line(roc(truth, scores), f"AUROC {told(auroc)}")
    for threshold, called, kind in points:
        sensitivity, specificity = at(threshold, truth, scores)
        chart.point(1 - specificity.value, sensitivity.value, called, kind)
    return chart.svg()


def draw_reliability(
    title: str, share: str, truth: Truth, scores: Scores, error: Mapping[str, Any] | None
) -> str:
    """Probabilities, what became of them, and how many pictures have such, as SVG."""
    chart = Chart(title, "probability", share)
    bins = reliability(truth, scores)
    for number, one in enumerate(bins):
        called = "" if number else "share of all pictures that have such a probability"
        chart.bar(one.low, one.high, one.count / truth.size, called)
    chart.line([(0, 0), (1, 1)], "what a probability promises", "guide")
    for number, one in enumerate(bins):
        chart.interval((one.probability, one.share.low), (one.probability, one.share.high))
        called = "" if number else f"found, with 95 %; calibration error {told(error)}"
        chart.point(one.probability, one.share.value, called)
    return chart.svg()
