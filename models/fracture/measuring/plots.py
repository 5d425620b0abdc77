"""The charts of the model's page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from models.charts import Chart
from models.curves import precision_recall
from models.metrics import Scores, Truth, told
from models.plots import draw_reliability, draw_roc
from models.registry.card import Card

WANTED_AUROC = 0.92


def draw(card: Card, metrics: Mapping[str, Any], truth: Truth, scores: Scores) -> dict[str, str]:
    """Each chart by its name, as SVG."""
    return {
        "roc": _roc(card, metrics, truth, scores),
        "pr": _precision_recall(card, metrics, truth, scores),
        "reliability": draw_reliability(
            "Reliability on val",
            "share that is fractured",
            truth,
            scores,
            metrics["calibration_error"],
        ),
        "regions": _regions(metrics),
    }


def _roc(card: Card, metrics: Mapping[str, Any], truth: Truth, scores: Scores) -> str:
    others = [value for name, value in card.thresholds.items() if name != card.operating_point]
    points = [
        (threshold, "" if number else "the card's other operating points", "point")
        for number, threshold in enumerate(others)
    ]
    points.append((card.threshold, _usual(card), "mark"))
    return draw_roc("ROC on val, by picture", truth, scores, metrics["auroc"], points)


def _precision_recall(card: Card, metrics: Mapping[str, Any], truth: Truth, scores: Scores) -> str:
    chart = Chart("Precision and recall on val, by picture", "recall (sensitivity)", "precision")
    prevalence = float(truth.mean())
    chart.line(
        [(0, prevalence), (1, prevalence)], f"chance: {prevalence:.3f} are fractured", "guide"
    )
    chart.line(
        precision_recall(truth, scores), f"average precision {told(metrics['average_precision'])}"
    )
    called = scores >= card.threshold
    if called.any():
        recall, precision = float(called[truth].mean()), float(truth[called].mean())
        chart.point(recall, precision, _usual(card), "mark")
    return chart.svg()


def _usual(card: Card) -> str:
    return f"{card.operating_point}: present from a probability of {card.threshold:g}"


def _regions(metrics: Mapping[str, Any]) -> str:
    every = {"count": metrics["scored"], "positive": metrics["positive"]}
    groups = {"all": every | {"auroc": metrics["auroc"]}, **metrics["strata"]}
    shown = {name: one for name, one in groups.items() if one["auroc"] is not None}
    lowest = min(one["auroc"]["low"] for one in shown.values())
    chart = Chart(
        "AUROC by region and size",
        "AUROC with 95 %",
        "",
        x=(0.5 if lowest >= 0.5 else 0.0, 1.0),
        rows=[
            f"{name}: {one['count']}, {one['positive']} fractured" for name, one in shown.items()
        ],
        height=120 + 34 * len(shown),
        left=240,
    )
    ends = [(WANTED_AUROC, -0.5), (WANTED_AUROC, len(shown) - 0.5)]
    chart.line(ends, f"wanted of all: {WANTED_AUROC}", "guide")
    for row, one in enumerate(shown.values()):
        auroc = one["auroc"]
        chart.interval((auroc["low"], row), (auroc["high"], row))
        chart.point(auroc["value"], row, kind="point" if row else "mark")
    return chart.svg()
