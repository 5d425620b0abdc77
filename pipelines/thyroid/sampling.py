"""Which frames of a study are looked at: some of each loop, and no more than there is time for."""

from __future__ import annotations

from collections.abc import Sequence


def spread(count: int, most: int) -> list[int]:
    """So many of the numbers from 1 to `count`, evenly spread; all where they are no more."""
    if count <= most:
        return list(range(1, count + 1))
    return [1 + (2 * step + 1) * count // (2 * most) for step in range(most)]


def sampled(counts: Sequence[int], most_frames: int, most_looks: int) -> list[list[int]]:
    """For loops of so many frames, the numbers of those to look at; a loop may get none."""
    if len(counts) > most_looks:
        taken = set(spread(len(counts), most_looks))
        return [spread(count, 1) if at in taken else [] for at, count in enumerate(counts, 1)]
    each = most_frames
    while each > 1 and sum(min(count, each) for count in counts) > most_looks:
        each -= 1
    return [spread(count, each) for count in counts]
