"""Could a model have read the hospital off the size of the picture, and did ours?

Pictures of the same origin were published in the same size, and how many of them are fractured
differs. So a model given only the size is not blind; ours must not be that model.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.evaluation import Row
from models.metrics import Estimate, Scores, Truth, auroc, estimate

Size = tuple[int, int]
_EDGE = 1e-6
"""A logit is finite only so far from 0 and 1."""


@dataclass(frozen=True, kw_only=True)
class Shortcut:
    """What the size alone gives, and how much of our score it explains."""

    size_only: Estimate
    """The AUROC of a model that knows the size only."""
    ours: Estimate
    score_explained: float
    """The share of the variance of our score's logit that lies between sizes."""
    truth_explained: float
    """The same of the truth: so much a score without a mistake would have."""
    sizes: int

    def to_dict(self) -> dict[str, Any]:
        """As the card carries it."""
        return {
            "size_only_auroc": self.size_only.to_dict(),
            "score_explained_by_size": self.score_explained,
            "truth_explained_by_size": self.truth_explained,
        }


def size(row: Row) -> Size | None:
    """Width and height as published; None where the index does not say."""
    sides = [row.more.get(side, "").strip() for side in ("width", "height")]
    if not all(side.isdecimal() for side in sides):
        return None
    return int(sides[0]), int(sides[1])


def shortcut(
    train: Sequence[Row], judged: Sequence[Row], truth: Truth, scores: Scores
) -> Shortcut | None:
    """The check on the pictures that were judged; None where sizes are not known."""
    sizes = [found for row in judged if (found := size(row)) is not None]
    if len(sizes) != len(judged):
        return None
    by_size = prevalences(train)
    guessed = np.array([by_size(found) for found in sizes])
    theirs, ours = (estimate(auroc, truth, values) for values in (guessed, scores))
    if theirs is None or ours is None:
        return None
    inside = scores.clip(_EDGE, 1 - _EDGE)
    return Shortcut(
        size_only=theirs,
        ours=ours,
        score_explained=explained(np.log(inside / (1 - inside)), sizes),
        truth_explained=explained(truth.astype(np.float64), sizes),
        sizes=len(set(sizes)),
    )


def prevalences(train: Sequence[Row]) -> Callable[[Size], float]:
    """How often pictures of a size are fractured in the training split; rare sizes say little."""
    labels: dict[Size | None, list[bool]] = defaultdict(list)
    for row in train:
        if row.positive is not None:
            labels[size(row)].append(row.positive)
    every = [label for found in labels.values() for label in found]
    usual = sum(every) / len(every) if every else 0.5

    def prevalence(of: Size) -> float:
        found = labels.get(of, [])
        return (sum(found) + usual) / (len(found) + 1)

    return prevalence


def explained(values: NDArray[np.float64], groups: Sequence[Hashable]) -> float:
    """The share of the variance that lies between groups (R squared of their means)."""
    total = float(((values - values.mean()) ** 2).sum())
    members: dict[Hashable, list[float]] = defaultdict(list)
    for value, group in zip(values.tolist(), groups, strict=True):
        members[group].append(value)
    within = sum(float(((np.array(v) - np.mean(v)) ** 2).sum()) for v in members.values())
    return 1 - within / total if total else 0.0
