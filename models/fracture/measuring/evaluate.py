"""What a fracture model makes of a labelled set: of each picture, and the figures of that."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from models.evaluation import Beside, Row, each, fractions, named, read_picture, spoken
from models.fracture.measuring.figures import metrics
from models.opinion import Model


def evaluate(
    model: Model,
    rows: Sequence[Row],
    images: Path,
    beside: Beside,
    report: Callable[[int], None] = lambda done: None,
) -> dict[str, Any]:
    """Look at every picture of a set; what cannot be read is reported in its place."""
    card = model.card

    def judged(row: Row) -> dict[str, Any]:
        grey = read_picture(images / row.file)
        opinion = model.look(grey)
        best_first = sorted(opinion.candidates, key=lambda found: -found.score)
        boxes = [fractions(found, grey.shape) for found in best_first]
        return {**spoken(opinion, card.threshold), "boxes": boxes}

    told = each(rows, judged, report)
    views = card.calibration.views if card.calibration else 0.0
    return {
        "model": named(card),
        "images": told,
        "metrics": metrics(rows, told, beside.boxes, card.threshold, views),
    }
