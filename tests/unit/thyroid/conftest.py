"""The pipeline with a small model: it outlines what is darker than an echo ever is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import ndimage

from models.opinion import Candidate, Opinion
from models.registry import Card
from pipelines.thyroid.options import rules
from pipelines.thyroid.pipeline import Thyroid
from tests.unit.models.making import card
from tests.unit.thyroid.drawn import DARKEST, FAINTEST

Made = Callable[..., Thyroid]
NO_NODULE = "No nodule is outlined."
NO_NECK = "The picture is no ultrasound of a neck."
CALIBRATED = {"temperature": 1.0, "bias": 0.0, "views": 0.0}
THRESHOLDS = {"default": 0.5, "strict": 0.95, "specificity-0.99": 0.8}
GLOOMY = 60
"""A picture that is darker than this on the whole is refused."""


class Dark:
    """The darker a nodule, the more suspicious; the darkest is sure."""

    def __init__(self, card: Card) -> None:
        self.card = card
        self.looks = 0
        self.layer = ""

    def explain_at(self, layer: str) -> Dark:
        """The same model at a layer; it has one."""
        if layer != "only":
            raise ValueError(f"The model has no layer {layer}.")
        made = Dark(self.card)
        made.layer = layer
        return made

    def look(self, grey: NDArray[np.uint8]) -> Opinion:
        """Outline dark spots, the largest first."""
        self.looks += 1
        if grey.mean() < GLOOMY:
            return Opinion(probability=0.5, refused=NO_NECK, strangeness=9.0)
        names, count = ndimage.label(_dark(grey))
        found = [self._candidate(grey, names == number) for number in range(1, count + 1)]
        found.sort(key=lambda one: -int(one.mask.sum()) if one.mask is not None else 0)
        activation = _dark(grey).astype(np.float32) if found else None
        return Opinion(
            probability=max((one.probability or 0 for one in found), default=0.2),
            candidates=tuple(found),
            activation=activation,
            why_no_activation="" if found else "There is nothing to explain.",
            doubts=() if found else (NO_NODULE,),
            strangeness=0.0,
        )

    @staticmethod
    def _candidate(grey: NDArray[np.uint8], mask: NDArray[np.bool_]) -> Candidate:
        (down, across), chance = (
            ndimage.find_objects(mask.astype(int))[0],
            float(np.median(grey[mask])),
        )
        chance = (FAINTEST - chance) / (FAINTEST - DARKEST)
        left, top, right, bottom = across.start, down.start, across.stop, down.stop
        features = {"solid": chance, "calcified": 0.7, "hypoechoic": 0.1}
        return Candidate(
            left, top, right, bottom, 0.9, mask=mask, probability=chance, features=features
        )


def _dark(grey: NDArray[np.uint8]) -> NDArray[np.bool_]:
    inside: NDArray[np.bool_] = (grey <= FAINTEST) & (grey >= DARKEST)
    return np.asarray(ndimage.binary_opening(inside, np.ones((5, 5))))


class Plain:
    """A classifier of whole pictures as a site may bring: no outlines, no layers, no gate."""

    def __init__(self, card: Card) -> None:
        self.card = card

    def look(self, grey: NDArray[np.uint8]) -> Opinion:
        """Everything is likely suspicious."""
        return Opinion(probability=0.7, why_no_activation="It gives no gradients.")


@pytest.fixture
def pipeline(tmp_path: Path) -> Made:
    """Make the pipeline with options and that model; `of` is for its card."""

    def made(of: dict[str, Any] | None = None, **options: Any) -> Thyroid:
        pipeline = Thyroid()
        pipeline.configure(options, tmp_path)
        told = {"thresholds": THRESHOLDS, "calibration": CALIBRATED, **(of or {})}
        pipeline.model = Dark(card(**told))
        pipeline.rules = rules(pipeline.options, pipeline.model.card)
        return pipeline

    return made
