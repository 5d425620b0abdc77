"""Everything that was measured, brought together and held against each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from models.evaluation import Row, read_index
from models.fracture.measuring.shortcut import Shortcut, shortcut
from models.metrics import Scores, Truth
from models.pages import BadReport, check_model
from models.registry.card import Card

SPLIT = "val"


@dataclass(frozen=True, kw_only=True)
class Found:
    """Everything the page is made of."""

    card: Card
    metrics: Mapping[str, Any]
    """As the evaluation has them."""
    rows: Sequence[Row]
    """Those of the index that were scored, with their truth and our scores beside them."""
    truth: Truth
    scores: Scores
    index: Sequence[Row]
    """Every line, of both splits."""
    shortcut: Shortcut | None
    strange: Mapping[str, Any] | None = None
    """The figures on pictures of other kinds, which are to be refused."""
    steady: Mapping[str, Any] | None = None
    """What becomes of judgements when nothing of the bones changes."""


def gathered(
    card: Card,
    told: Mapping[str, Any],
    index: Path,
    strange: Mapping[str, Any] | None = None,
    steady: Mapping[str, Any] | None = None,
) -> Found:
    """The measurements with what the index and the card say; raises where they are at odds."""
    for one in (told, strange, steady):
        if one is not None:
            check_model(one, card)
    judged = {one["file"]: one for one in told["images"]}
    rows = {row.file: row for row in read_index(index, SPLIT)}
    if set(judged) != set(rows):
        raise BadReport(
            f"The evaluation has {len(set(judged) - set(rows))} pictures that are not of the split "
            f"{SPLIT}, and lacks {len(set(rows) - set(judged))} that are."
        )
    scored = [
        row for row in rows.values() if row.positive is not None and "error" not in judged[row.file]
    ]
    truth = np.array([row.positive for row in scored], np.bool_)
    scores = np.array([judged[row.file]["score"] for row in scored], np.float64)
    if not truth.any() or truth.all():
        raise BadReport("The evaluation needs pictures with a fracture and pictures without.")
    every = read_index(index)
    train = [row for row in every if row.more["split"] == "train"]
    return Found(
        card=card,
        metrics=told["metrics"],
        rows=scored,
        truth=truth,
        scores=scores,
        index=every,
        shortcut=shortcut(train, scored, truth, scores),
        strange=None if strange is None else strange["metrics"],
        steady=steady,
    )
