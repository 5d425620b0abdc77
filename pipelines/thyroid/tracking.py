"""Which outlines are one nodule: those that lie over each other on neighbouring frames of a loop.

Nothing is said across loops and images: where the probe was meanwhile, nobody knows.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

import numpy as np
from scipy.optimize import linear_sum_assignment

from pipelines.contract import Raster
from pipelines.thyroid.viewing import Outline, Sighting, View

Track = tuple[Sighting, ...]

LEAST_OVERLAP = 0.3
"""Of two outlines together, so much has to be of both."""
MOST_MISSED = 1
"""On so many views in between a nodule may go unseen."""


def tracks(views: Sequence[View]) -> list[Track]:
    """Every nodule that is outlined, with its sightings in the order of the frames."""
    found: list[Track] = []
    ordered = sorted(views, key=lambda view: view.place.key)
    for _, loop in groupby(ordered, key=lambda view: view.place.key[:2]):
        found += _followed(list(loop))
    return found


def overlap(one: Raster, other: Raster) -> float:
    """The share of two masks together that both cover."""
    first, second = (np.frombuffer(mask.data, np.uint8) for mask in (one, other))
    either = int(np.bitwise_count(first | second).sum())
    return int(np.bitwise_count(first & second).sum()) / either if either else 0.0


def _followed(loop: Sequence[View]) -> list[Track]:
    made: list[list[Sighting]] = []
    last: list[int] = []
    for at, view in enumerate(loop):
        going = [n for n in range(len(made)) if at - last[n] <= 1 + MOST_MISSED]
        goes_on = _pairs([made[n][-1].outline for n in going], view.outlines)
        for number, outline in enumerate(view.outlines):
            sighting = Sighting(view=view, outline=outline)
            if number in goes_on:
                track = going[goes_on[number]]
                made[track].append(sighting)
                last[track] = at
            else:
                made.append([sighting])
                last.append(at)
    return [tuple(track) for track in made]


def _pairs(before: Sequence[Outline | None], now: Sequence[Outline]) -> dict[int, int]:
    """For each outline that goes on with one from before, by number, which one that is."""
    if not before or not now:
        return {}
    over = np.array(
        [[overlap(one.raster, other.raster) if one else 0.0 for other in now] for one in before]
    )
    over[over < LEAST_OVERLAP] = 0.0
    rows, columns = linear_sum_assignment(over, maximize=True)
    return {int(c): int(r) for r, c in zip(rows, columns, strict=True) if over[r, c] > 0}
