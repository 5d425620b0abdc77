"""Which frames speak for a study, and the nodules on them.

Neither all frames nor the first ones: those with the most nodule in the best picture. How likely
something is plays no part in that, or the study's probability would only be the highest of many.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from pipelines.thyroid.tracking import Track
from pipelines.thyroid.viewing import Place, Sighting, View

MOST_MORE = 5
"""So many frames are kept besides, each for a suspicious nodule that is on no other kept one."""
APART = 12
"""Kept frames of a loop are at least this share of it apart ..."""
LEAST_APART = 2
SAME = 0.01
"""... and no two are the same picture: on average they differ by more than this share of what the
greys of one vary by."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Choice:
    """The frames that are kept, and the nodules that are on them."""

    views: tuple[View, ...]
    tracks: tuple[Track, ...]
    once: tuple[Track, ...]
    """What one frame of a loop shows alone, where other things last over several."""
    beside: tuple[Track, ...]
    """The nodules that are on no kept frame."""


def chosen(views: Sequence[View], tracks: Sequence[Track], most: int, threshold: float) -> Choice:
    """Keep so many frames, and one more for each suspicious nodule that is on none of them."""
    lasting, once = _lasting(tracks)
    kept = _best(views, most)
    missed = _beside(lasting, kept)
    shown = sorted((_best_of(track) for track in missed), key=lambda one: _rank(one.view))
    more = {one.view.place: one.view for one in shown if one.probability >= threshold}
    kept += list(more.values())[:MOST_MORE]
    beside = _beside(lasting, kept)
    return Choice(
        views=tuple(sorted(kept, key=lambda view: view.place.key)),
        tracks=tuple(track for track in lasting if track not in beside),
        once=tuple(once),
        beside=tuple(beside),
    )


def _lasting(tracks: Iterable[Track]) -> tuple[list[Track], list[Track]]:
    """Tracks that count, and those that are seen once in a loop where others last."""
    lasting: list[Track] = []
    once: list[Track] = []
    for _, group in groupby(tracks, key=lambda track: track[0].view.place.key[:2]):
        loop = list(group)
        some_last = any(len(track) > 1 for track in loop)
        for track in loop:
            (once if some_last and len(track) == 1 else lasting).append(track)
    return lasting, once


def _best(views: Sequence[View], most: int) -> list[View]:
    """The best views, no two of them nearly the same; of none with a nodule, the best pictures."""
    kept: list[View] = []
    for view in sorted([one for one in views if one.outlines] or views, key=_rank):
        if len(kept) < most and not any(_alike(view, other) for other in kept):
            kept.append(view)
    return kept


def _rank(view: View) -> tuple[bool, float, float, tuple[int, int, int]]:
    """What is in no doubt first, then by worth; digits that mean nothing are cut off."""
    return bool(view.doubts), -round(view.worth, 5), -round(view.quality, 4), view.place.key


def _alike(one: View, other: View) -> bool:
    """Whether two views show nearly the same: near in one loop, or the same picture anywhere."""
    if one.place.key[:2] == other.place.key[:2]:
        least = max(LEAST_APART, one.frames // APART)
        if abs(one.place.frame - other.place.frame) < least:
            return True
    differ = np.abs(one.small.astype(np.int16) - other.small).mean()
    return bool(differ <= SAME * one.small.std())


def _beside(tracks: Iterable[Track], kept: Iterable[View]) -> list[Track]:
    places: Collection[Place] = {view.place for view in kept}
    return [track for track in tracks if all(one.view.place not in places for one in track)]


def _best_of(track: Track) -> Sighting:
    return min(track, key=lambda one: _rank(one.view))
