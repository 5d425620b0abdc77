"""What a fracture model makes of a labelled set, and how good that is."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from models.evaluation import BadPicture, Fractions, Row, read_picture
from models.fracture.opinion import Candidate, FractureModel, Opinion
from models.metrics import (
    Estimate,
    auroc,
    average_precision,
    brier,
    calibration_error,
    estimate,
    sensitivity_at,
    share,
)

REGIONS = ("hand", "leg", "hip", "shoulder", "mixed", "hardware")
"""Columns of 0 and 1; figures are given for the pictures that have a 1."""
ENOUGH = 5
"""Positives and negatives that a size needs to be a stratum of its own."""
OVERLAP = 0.3


def evaluate(
    model: FractureModel,
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
    return {
        "model": {"name": card.name, "version": card.version, "digest": card.digest},
        "images": told,
        "metrics": metrics(rows, told, boxes, card.threshold),
    }


def _judged(model: FractureModel, row: Row, images: Path) -> dict[str, Any]:
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


# ---------------------------------------------------------------- how good it is


def metrics(
    rows: Sequence[Row],
    told: Sequence[Mapping[str, Any]],
    boxes: Mapping[str, Sequence[Fractions]],
    threshold: float,
) -> dict[str, Any]:
    """The figures of a set; those that refuse are scored too, so that refusing gains nothing."""
    pairs = list(zip(rows, told, strict=True))
    scored = [(row, one) for row, one in pairs if row.positive is not None and "error" not in one]
    truth = np.array([row.positive for row, _ in scored], np.bool_)
    scores = np.array([one["score"] for _, one in scored], np.float64)
    looked = [one for one in told if "error" not in one]
    called = scores >= threshold
    found = {
        "auroc": estimate(auroc, truth, scores),
        "average_precision": estimate(average_precision, truth, scores),
        "sensitivity_at_specificity_0.95": estimate(sensitivity_at(0.95), truth, scores),
        "sensitivity": share(int((called & truth).sum()), int(truth.sum())),
        "specificity": share(int((~called & ~truth).sum()), int((~truth).sum())),
        "calibration_error": estimate(calibration_error, truth, scores, centred=True),
        "brier": estimate(brier, truth, scores),
        "localisation": _localisation(scored, boxes),
        "refused": share(sum(one["refused"] for one in looked), len(looked)),
    }
    return {
        "pictures": len(rows),
        "broken": len(rows) - len(looked),
        "scored": len(scored),
        "positive": int(truth.sum()),
        "negative": int((~truth).sum()),
        "threshold": threshold,
        **{name: _plain(value) for name, value in found.items()},
        "strata": _strata(scored),
    }


def _plain(value: Estimate | None) -> dict[str, float | int] | None:
    return None if value is None else value.to_dict()


def _localisation(
    scored: Iterable[tuple[Row, Mapping[str, Any]]], boxes: Mapping[str, Sequence[Fractions]]
) -> Estimate | None:
    """The share of fractured pictures with boxes whose best candidate hits one of them."""
    hits = [
        any(hit(one["boxes"][0], box) for box in boxes[row.file]) if one["boxes"] else False
        for row, one in scored
        if row.positive and boxes.get(row.file)
    ]
    return share(sum(hits), len(hits))


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


def _strata(scored: Sequence[tuple[Row, Mapping[str, Any]]]) -> dict[str, Any]:
    """The AUROC by region and by size, for the columns that the index has."""
    members: dict[str, list[tuple[bool, float]]] = defaultdict(list)
    sizes = _sizes(row for row, _ in scored)
    for row, one in scored:
        pair = (bool(row.positive), float(one["score"]))
        for region in REGIONS:
            if row.more.get(region, "").strip() == "1":
                members[region].append(pair)
        if row.file in sizes:
            members[sizes[row.file]].append(pair)
    return {name: _stratum(pairs) for name, pairs in sorted(members.items())}


def _stratum(pairs: Sequence[tuple[bool, float]]) -> dict[str, Any]:
    truth = np.array([positive for positive, _ in pairs], np.bool_)
    scores = np.array([score for _, score in pairs], np.float64)
    return {
        "count": len(pairs),
        "positive": int(truth.sum()),
        "auroc": _plain(estimate(auroc, truth, scores)),
    }


def _sizes(rows: Iterable[Row]) -> dict[str, str]:
    """A name for each picture's size, either way up; rare sizes have one together."""
    named: dict[str, str] = {}
    counts: Counter[tuple[str, bool]] = Counter()
    for row in rows:
        sides = [row.more.get(side, "").strip() for side in ("width", "height")]
        if all(side.isdecimal() for side in sides):
            short, long = sorted(map(int, sides))
            named[row.file] = f"size {short}x{long}"
            counts[named[row.file], bool(row.positive)] += 1
    return {
        file: name if min(counts[name, True], counts[name, False]) >= ENOUGH else "other sizes"
        for file, name in named.items()
    }
