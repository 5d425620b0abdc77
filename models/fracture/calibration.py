"""From what the networks say to a probability that keeps its word, for a picture and for a study.

Fitted on pictures that no member was trained on. The data know no studies, so that studies are put
together of single pictures of the same regions: of a healthy bone no view shows a fracture, of a
broken one a view does, and of the others every second.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from models.registry.card import Calibration

Floats = NDArray[np.float64]
SLIGHT = 1e-3
"""Keeps the fit finite where the classes can be told apart without a mistake."""
VIEWS = (2, 3, 4)
SHOWN = 0.5
"""How often a further view of a broken bone shows the fracture too: nobody has counted that."""
STUDIES = 4000
"""How many are put together, for each number of views."""


def fitted(
    logits: Floats, fractured: NDArray[np.bool_], regions: Sequence[tuple[bool, ...]]
) -> Calibration:
    """What a picture's logit is worth, and how much less the highest of several is."""
    slope, constant = _likeliest(logits[:, None], fractured)
    if slope <= 0:
        raise ValueError("The pictures' logits say nothing of fractures.")
    given = slope * logits + constant
    views = _views(given, fractured, regions)
    return Calibration(
        temperature=round(1 / slope, 6), bias=round(constant, 6), views=round(views, 6)
    )


def _views(
    given: Floats, fractured: NDArray[np.bool_], regions: Sequence[tuple[bool, ...]]
) -> float:
    """What the logarithm of the number of views adds to the highest of their logits."""
    rng = np.random.default_rng(0)
    known = np.array([hash(region) for region in regions])
    highest, counts, truth = [], [], []
    for count in VIEWS:
        for number in rng.integers(len(given), size=STUDIES):
            alike = known == known[number]
            shown = fractured[number] & (rng.random(count - 1) < SHOWN)
            others = [_drawn(rng, alike & (fractured == one), number) for one in shown]
            highest.append(given[[number, *others]].max())
            counts.append(np.log(count))
            truth.append(fractured[number])
    (added,) = _likeliest(
        np.array(counts)[:, None], np.array(truth), start=np.array(highest), constant=False
    )
    return added


def _drawn(rng: np.random.Generator, which: NDArray[np.bool_], number: int) -> int:
    """One of these; the picture itself where there is none."""
    found = np.flatnonzero(which)
    return int(rng.choice(found)) if len(found) else number


def _likeliest(
    inputs: Floats, truth: NDArray[np.bool_], start: Floats | float = 0.0, *, constant: bool = True
) -> tuple[float, ...]:
    """The weights under which these labels are likeliest, added to a start (Newton's method)."""
    if constant:
        inputs = np.concatenate([inputs, np.ones((len(inputs), 1))], axis=1)
    weights = np.zeros(inputs.shape[1])
    for _ in range(50):
        expected = 1 / (1 + np.exp(-np.clip(inputs @ weights + start, -30, 30)))
        slope = inputs.T @ (truth - expected) - SLIGHT * weights
        curve = (inputs * (expected * (1 - expected))[:, None]).T @ inputs
        step = np.linalg.solve(curve + SLIGHT * np.eye(len(weights)), slope)
        weights = weights + step
        if np.abs(step).max() < 1e-9:
            break
    return tuple(float(weight) for weight in weights)
