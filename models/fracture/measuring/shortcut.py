"""Could a model have told fractures by something beside them, and did ours?

Pictures of the same origin were published in the same size, and how many of them are fractured
differs; nearly all with plates and screws are. So a model that knows only the size, the hardware or
the part of the body is not blind; ours must not be that model.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.evaluation import Row
from models.metrics import Estimate, Scores, Truth, auroc, ends, estimate, logits, resampled

Size = tuple[int, int]
Fact = Callable[[Row], Hashable]
"""What a blind model knows of a picture; None where the index does not say."""


@dataclass(frozen=True, kw_only=True)
class Shortcut:
    """What single facts alone give, and how much of our score the size explains."""

    alone: Mapping[str, Estimate]
    """The AUROC of models that know one fact only."""
    ours: Estimate
    score_explained: float
    """The share of the variance of our score's logit that lies between sizes."""
    truth_explained: float
    """The same of the truth: so much a score without a mistake would have."""
    beyond: Estimate
    """How much more of the score is explained than of the truth; may be less than 0."""
    sizes: int

    def to_dict(self) -> dict[str, Any]:
        """As the card carries it."""
        return {
            **{f"{fact}_only_auroc": found.to_dict() for fact, found in self.alone.items()},
            "score_explained_by_size": self.score_explained,
            "truth_explained_by_size": self.truth_explained,
            "explained_beyond_truth": self.beyond.to_dict(),
        }


def size(row: Row) -> Size | None:
    """Width and height as published; None where the index does not say."""
    sides = [row.more.get(side, "").strip() for side in ("width", "height")]
    if not all(side.isdecimal() for side in sides):
        return None
    return int(sides[0]), int(sides[1])


def hardware(row: Row) -> str | None:
    """Whether there are plates or screws."""
    return row.more.get("hardware", "").strip() or None


def regions(row: Row) -> tuple[str, ...] | None:
    """Which parts of the body it shows."""
    told = tuple(row.more.get(name, "").strip() for name in ("hand", "leg", "hip", "shoulder"))
    return told if all(told) else None


FACTS: Mapping[str, Fact] = {"size": size, "hardware": hardware, "regions": regions}


def shortcut(
    train: Sequence[Row], judged: Sequence[Row], truth: Truth, scores: Scores
) -> Shortcut | None:
    """The check on the pictures that were judged; None where sizes are not known."""
    alone = {}
    for name, fact in FACTS.items():
        known = [fact(row) for row in judged]
        if None not in known:
            prevalence = prevalences(train, fact)
            found = estimate(auroc, truth, np.array([prevalence(one) for one in known]))
            if found is not None:
                alone[name] = found
    ours = estimate(auroc, truth, scores)
    if ours is None or "size" not in alone:
        return None
    sizes = numbered(map(size, judged))
    given, real = logits(scores), truth.astype(np.float64)

    def beyond(drawn: NDArray[np.intp]) -> float:
        inside = sizes[drawn]
        return explained(given[drawn], inside) - explained(real[drawn], inside)

    low, high = ends(resampled(truth, beyond))
    more = beyond(np.arange(truth.size))
    return Shortcut(
        alone=alone,
        ours=ours,
        score_explained=explained(given, sizes),
        truth_explained=explained(real, sizes),
        beyond=Estimate(more, low, high, truth.size),
        sizes=len(set(sizes.tolist())),
    )


def prevalences(train: Sequence[Row], fact: Fact) -> Callable[[Hashable], float]:
    """How often such pictures are fractured in the training split; rare facts say little."""
    labels: dict[Hashable, list[bool]] = defaultdict(list)
    for row in train:
        if row.positive is not None:
            labels[fact(row)].append(row.positive)
    every = [label for found in labels.values() for label in found]
    usual = sum(every) / len(every) if every else 0.5

    def prevalence(of: Hashable) -> float:
        found = labels.get(of, [])
        return (sum(found) + usual) / (len(found) + 1)

    return prevalence


def numbered(facts: Iterable[Hashable]) -> NDArray[np.intp]:
    """Equal facts have the same number."""
    numbers: dict[Hashable, int] = {}
    return np.array([numbers.setdefault(fact, len(numbers)) for fact in facts], np.intp)


def explained(values: NDArray[np.float64], groups: NDArray[np.intp]) -> float:
    """The share of the variance that lies between groups (R squared of their means)."""
    centred = values - values.mean()
    total = float((centred**2).sum())
    sums, counts = np.bincount(groups, weights=centred), np.bincount(groups)
    between = float((sums**2 / np.maximum(counts, 1)).sum())
    return between / total if total else 0.0
