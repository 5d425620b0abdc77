"""From what the networks say to a probability that keeps its word, for a picture and for a study.

Fitted on pictures that no member was trained on. The data know no studies, so that studies are put
together of single pictures of the same regions: of a healthy bone no view shows a fracture, of a
broken one a view does, and of the others every second.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from models.fitting import Floats, Truth, calibrated, likeliest
from models.registry.card import Calibration

VIEWS = (2, 3, 4)
SHOWN = 0.5
"""How often a further view of a broken bone shows the fracture too: nobody has counted that."""
STUDIES = 4000
"""How many are put together, for each number of views."""


def fitted(logits: Floats, fractured: Truth, regions: Sequence[tuple[bool, ...]]) -> Calibration:
    """What a picture's logit is worth, and how much less the highest of several is."""
    temperature, bias = calibrated(logits, fractured)
    views = _views(logits / temperature + bias, fractured, regions)
    return Calibration(temperature=temperature, bias=bias, views=round(views, 6))


def _views(given: Floats, fractured: Truth, regions: Sequence[tuple[bool, ...]]) -> float:
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
    (added,) = likeliest(np.array(counts)[:, None], np.array(truth), start=np.array(highest))
    return float(added)


def _drawn(rng: np.random.Generator, which: Truth, number: int) -> int:
    """One of these; the picture itself where there is none."""
    found = np.flatnonzero(which)
    return int(rng.choice(found)) if len(found) else number
