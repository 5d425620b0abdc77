"""What a fracture model makes of a labelled set: of each picture, and the figures of that."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from models.evaluation import BadPicture, Fractions, Row, read_picture
from models.fracture.measuring.figures import metrics
from models.opinion import Candidate, Model, Opinion


def evaluate(
    model: Model,
    rows: Sequence[Row],
    images: Path,
    boxes: Mapping[str, Sequence[Fractions]],
    report: Callable[[int], None] = lambda done: None,
) -> dict[str, Any]:
    """Look at every picture of a set; what cannot be read is reported in its place."""
    told = []
    for number, row in enumerate(rows, 1):
        told.append(_judged(model, row, images))
        report(number)
    card = model.card
    views = card.calibration.views if card.calibration else 0.0
    return {
        "model": {"name": card.name, "version": card.version, "digest": card.digest},
        "images": told,
        "metrics": metrics(rows, told, boxes, card.threshold, views),
    }


def _judged(model: Model, row: Row, images: Path) -> dict[str, Any]:
    label = None if row.positive is None else int(row.positive)
    try:
        grey = read_picture(images / row.file)
    except BadPicture as error:
        return {"file": row.file, "label": label, "score": None, "error": str(error)}
    opinion = model.look(grey)
    return {
        "file": row.file,
        "label": label,
        "score": opinion.probability,
        "verdict": opinion.verdict(model.card.threshold),
        "refused": bool(opinion.refused),
        "doubts": list(opinion.reasons),
        "strangeness": opinion.strangeness,
        "boxes": _fractions(opinion, grey.shape[1], grey.shape[0]),
    }


def _fractions(opinion: Opinion, width: int, height: int) -> list[dict[str, float]]:
    """The candidates as fractions of the picture, best first."""

    def one(found: Candidate) -> dict[str, float]:
        return {
            "cx": (found.left + found.right) / 2 / width,
            "cy": (found.top + found.bottom) / 2 / height,
            "w": (found.right - found.left) / width,
            "h": (found.bottom - found.top) / height,
            "score": found.score,
        }

    return [one(found) for found in sorted(opinion.candidates, key=lambda each: -each.score)]
