"""The charts of the page."""

from __future__ import annotations

import numpy as np

from models.charts import Chart
from models.metrics import told
from models.plots import draw_reliability, draw_roc
from models.thyroid.measuring.found import Found

BINS = 20
WANTED_DICE = 0.78


def draw(found: Found) -> dict[str, str]:
    """Each chart by its name, as SVG; none without networks compared."""
    if found.ours is None:
        return {}
    metrics, truth, scores = found.ours["metrics"], found.truth, found.scores
    usual = metrics["threshold"], f"suspicious from {metrics['threshold']:g}", "mark"
    charts = {
        "roc": draw_roc(
            "ROC on cases not trained on", truth, scores, metrics["auroc"], [usual], found.cases
        ),
        "reliability": draw_reliability(
            "Reliability on cases not trained on",
            "share that is TI-RADS 4a or more",
            truth,
            scores,
            metrics["calibration_error"],
        ),
    }
    known = [one["dice"] for one in found.ours["images"] if one["dice"] is not None]
    if known:
        charts["dice"] = _histogram(known, told(metrics["dice_mean"]))
    return charts


def _histogram(values: list[float], mean: str) -> str:
    """How many outlines agree how well."""
    counts, edges = np.histogram(values, BINS, (0, 1))
    most = float(counts.max()) / len(values)
    top = -(-most // 0.05) * 0.05
    chart = Chart("Dice on cases not trained on", "Dice of a frame", "share of frames", y=(0, top))
    for number, count in enumerate(counts):
        called = "" if number else f"{len(values)} frames; mean {mean}"
        share = float(count) / len(values)
        chart.bar(float(edges[number]), float(edges[number + 1]), share, called)
    chart.line([(WANTED_DICE, 0), (WANTED_DICE, top)], f"wanted mean: {WANTED_DICE}", "guide")
    return chart.svg()
