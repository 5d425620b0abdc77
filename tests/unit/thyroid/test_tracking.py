"""Which outlines are taken for one nodule."""

from __future__ import annotations

import numpy as np
import pytest

from pipelines.contract import Raster
from pipelines.thyroid.tracking import overlap, tracks
from tests.unit.thyroid.looks import disc, outline, view


def lengths(*views: object) -> list[int]:
    """How many sightings each track has."""
    return [len(track) for track in tracks(views)]  # type: ignore[arg-type]


def test_overlap_is_the_share_of_both_together() -> None:
    """The same is 1, apart is 0, and half of each is a third."""
    assert overlap(disc(50, 50, 10), disc(50, 50, 10)) == 1
    assert overlap(disc(20, 20, 10), disc(80, 80, 10)) == 0
    left, right = np.zeros((2, 10, 30), np.bool_)
    left[:, :20], right[:, 10:] = True, True
    assert overlap(Raster.of(left), Raster.of(right)) == pytest.approx(1 / 3)


def test_a_nodule_that_drifts_is_one() -> None:
    """Each outline lies over the one before it, though the last is nowhere near the first."""
    loop = [view(outline(0.5, (50, 20 + 8 * n)), frame=n + 1, frames=9) for n in range(9)]
    assert lengths(*loop) == [9]


def test_two_nodules_stay_two() -> None:
    """Side by side, and named in another order on every second frame."""
    left, right = outline(0.9, (50, 25)), outline(0.1, (50, 75))
    loop = [
        view(*((left, right) if n % 2 else (right, left)), frame=n + 1, frames=6) for n in range(6)
    ]
    found = tracks(loop)
    assert [len(track) for track in found] == [6, 6]
    for track in found:
        assert len({one.probability for one in track}) == 1


def test_a_nodule_may_go_unseen_once() -> None:
    """Once is a blink; twice, and it begins anew."""
    seen, blank = outline(0.5), ()
    loop = [(seen,), blank, (seen,), blank, blank, (seen,)]
    views = [view(*on, frame=n + 1, frames=6) for n, on in enumerate(loop)]
    assert lengths(*views) == [2, 1]


def test_nothing_is_one_over_two_images() -> None:
    """The very same outline in another loop is another nodule: nobody knows better."""
    assert lengths(view(outline(0.5), loop=1), view(outline(0.5), loop=2)) == [1, 1]


def test_the_order_of_views_does_not_matter() -> None:
    """Frames are followed in the order in which they were taken."""
    loop = [view(outline(0.5, (50, 20 + 8 * n)), frame=n + 1, frames=9) for n in range(9)]
    assert lengths(*reversed(loop)) == [9]
