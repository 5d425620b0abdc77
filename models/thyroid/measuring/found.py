"""Everything that was measured of the thyroid models, brought together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from models.metrics import Scores, Truth
from models.pages import BadReport, check_model, measured
from models.registry.card import Card, read

Told = Mapping[str, Any]
EVALUATION = ("dicom-node models eval", "model", "images", "metrics")


@dataclass(frozen=True, kw_only=True)
class Found:
    """What the page is made of; what was not measured is None."""

    card: Card | None = None
    crossed: Told | None = None
    """Networks compared on cases that they were not trained on; the first is ours."""
    published: Told | None = None
    """An evaluation of the weights that the seed's authors published."""
    words: Told | None = None
    strange: Told | None = None
    """An evaluation on pictures of other kinds."""
    bench: Told | None = None

    @property
    def ours(self) -> Told | None:
        """Our network on cases it was not trained on: its figures and its images."""
        if self.crossed is None:
            return None
        found: Told = self.crossed["networks"][self.crossed["first"]]
        return found

    @property
    def scored(self) -> Sequence[Told]:
        """Those of our images that have a label."""
        return [one for one in (self.ours or {"images": []})["images"] if one["label"] is not None]

    @property
    def truth(self) -> Truth:
        """What is true of them."""
        return np.array([one["label"] for one in self.scored], np.bool_)

    @property
    def scores(self) -> Scores:
        """Their probabilities."""
        return np.array([one["score"] for one in self.scored], np.float64)

    @property
    def cases(self) -> list[str]:
        """Which of them belong together."""
        return [one["case"] or f"file {one['file']}" for one in self.scored]


def gathered(
    *,
    card: Path | None,
    crossed: Path | None = None,
    published: Path | None = None,
    words: Path | None = None,
    strange: Path | None = None,
    bench: Path | None = None,
) -> Found:
    """What the files hold; raises where one is something else, or of other weights than ours."""
    found = Found(
        card=read(card) if card else None,
        crossed=_told(crossed, "measuring.crossed", "first", "networks"),
        published=_told(published, *EVALUATION),
        words=_told(words, "measuring.words", "model", "changes"),
        strange=_told(strange, *EVALUATION),
        bench=_told(bench, "dicom-node models bench --json", "model", "median"),
    )
    for one in (found.words, found.strange, found.bench):
        if one is not None and found.card is not None:
            check_model(one, found.card)
    if found.crossed is not None and (found.truth.all() or not found.truth.any()):
        raise BadReport("The comparison needs suspicious nodules and others.")
    return found


def _told(path: Path | None, writer: str, *needed: str) -> Told | None:
    return measured(path, writer, *needed) if path else None
