"""Figures of what a model told of a labelled set, whatever it looks for.

A picture's probability counts whatever else is said of it, so that a model gains nothing by
refusing what is difficult.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from models.evaluation import Row
from models.metrics import Estimate, Scores, Truth, mean_share, share

Pair = tuple[Row, Mapping[str, Any]]
"""A line of the index, and what the model told of its picture."""
Plain = dict[str, float | int] | None


def looked_at(rows: Sequence[Row], told: Sequence[Mapping[str, Any]]) -> list[Pair]:
    """The pictures that could be read."""
    return [(row, one) for row, one in zip(rows, told, strict=True) if "error" not in one]


def labelled(looked: Sequence[Pair]) -> list[Pair]:
    """Those of which it is known whether they have the finding."""
    return [(row, one) for row, one in looked if row.positive is not None]


def arrays(scored: Sequence[Pair]) -> tuple[Truth, Scores]:
    """What is true of each, and its probability."""
    truth = np.array([row.positive for row, _ in scored], np.bool_)
    return truth, np.array([one["score"] for _, one in scored], np.float64)


def counted(rows: Sequence[Row], looked: Sequence[Pair], scored: Sequence[Pair]) -> dict[str, int]:
    """How many pictures there are."""
    positive = sum(bool(row.positive) for row, _ in scored)
    return {
        "pictures": len(rows),
        "broken": len(rows) - len(looked),
        "scored": len(scored),
        "positive": positive,
        "negative": len(scored) - positive,
    }


def plain(value: Estimate | None) -> Plain:
    """An estimate as JSON carries it."""
    return None if value is None else value.to_dict()


def share_of(hits: Iterable[bool]) -> Plain:
    """The share of what is true."""
    every = [bool(hit) for hit in hits]
    return plain(share(sum(every), len(every)))


def at_threshold(truth: Truth, scores: Scores, threshold: float) -> dict[str, Plain]:
    """Sensitivity and specificity of the probability alone."""
    return {
        "sensitivity": share_of(scores[truth] >= threshold),
        "specificity": share_of(scores[~truth] < threshold),
    }


def unanswered(looked: Iterable[Pair]) -> dict[str, Plain]:
    """For how many there is no judgement, and how many of these are refused as strange."""
    judged = [one for _, one in looked if "verdict" in one]
    return {
        "indeterminate": share_of(one["verdict"] == "indeterminate" for one in judged),
        "refused": share_of(one["refused"] for one in judged),
    }


def kinds(looked: Iterable[Pair]) -> dict[str, Any] | None:
    """How many are refused of each kind that the index names, and of a kind in the mean."""
    members: dict[str, list[bool]] = defaultdict(list)
    for row, one in looked:
        if kind := row.more.get("kind", "").strip():
            members[kind].append(one["refused"])
    shares = {kind: share(sum(refused), len(refused)) for kind, refused in members.items()}
    known = {kind: one for kind, one in shares.items() if one is not None}
    if not known:
        return None
    refused = {kind: plain(one) for kind, one in known.items()}
    return {"refused": refused, "mean_refused": plain(mean_share(list(known.values())))}
