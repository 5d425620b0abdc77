"""Which frames are looked at, and which of them are kept."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.thyroid.quality import compared, quality, sharpness
from pipelines.thyroid.sampling import sampled, spread
from tests.unit.thyroid.looks import choice, outline, view


@given(st.integers(1, 10_000), st.integers(1, 100))
def test_frames_are_spread_evenly(count: int, most: int) -> None:
    """All where there are few; else neither the first nor the last, and no gap twice another."""
    numbers = spread(count, most)
    assert len(numbers) == min(count, most)
    assert numbers == sorted(set(numbers))
    assert 1 <= numbers[0] <= numbers[-1] <= count
    gaps = set(np.diff([0, *numbers, count + 1])[1:-1])
    assert not gaps or max(gaps) - min(gaps) <= 1


@given(st.lists(st.integers(1, 2_000), max_size=120), st.integers(1, 40), st.integers(1, 80))
def test_looks_are_bounded(counts: list[int], most_frames: int, most_looks: int) -> None:
    """Whatever a study is made of; and no loop goes without where there is one look for each."""
    numbers = sampled(counts, most_frames, most_looks)
    assert len(numbers) == len(counts)
    assert sum(map(len, numbers)) <= most_looks
    assert all(len(some) <= most_frames for some in numbers)
    assert len(counts) > most_looks or all(numbers)


def test_quality_is_contrast_without_black() -> None:
    """A good picture, a flat one, a black one, and one that is mostly black."""
    good = np.random.default_rng(1).integers(20, 200, (80, 80), np.uint8)
    half = good.copy()
    half[:40] = 0
    assert quality(good) > 0.6
    assert quality(np.full((80, 80), 90, np.uint8)) == 0
    assert quality(np.zeros((80, 80), np.uint8)) == 0
    assert quality(half) == pytest.approx(quality(good) / 2, rel=0.05)
    blurred = (good // 2 + np.roll(good, 1, 1) // 2).astype(np.uint8)
    assert sharpness(blurred) < 0.8 * sharpness(good)
    assert sharpness(np.zeros((80, 80), np.uint8)) == 0


def test_a_frame_more_blurred_than_its_loop_counts_less() -> None:
    """By as much as it is; single images have nothing to be compared with."""
    loop = [view(frame=n, frames=5, sharpness=1.0 if n != 3 else 0.25) for n in range(1, 6)]
    alone = view(loop=2, sharpness=0.01)
    assert [one.quality for one in compared([alone, *loop])] == [0.5, 0.5, 0.125, 0.5, 0.5, 0.5]


def test_the_largest_nodule_in_the_best_picture_is_kept() -> None:
    """Neither the first frame nor the likeliest, and what is kept lies apart."""
    radius = [5, 6, 8, 10, 14, 18, 20, 19, 15, 10, 8, 5]
    loop = [
        view(outline(1 - r / 100, radius=r), frame=n, frames=12) for n, r in enumerate(radius, 1)
    ]
    kept = [one.place.frame for one in choice(*loop).views]
    assert kept == [5, 7, 9]
    worse = [replace(one, quality=0.01) if one.place.frame == 7 else one for one in loop]
    assert 7 not in [one.place.frame for one in choice(*worse).views]


def test_the_same_picture_stored_twice_is_kept_once() -> None:
    """An image beside a loop may be one of its frames."""
    one = view(outline(0.3), loop=1)
    again = replace(view(outline(0.3), loop=2), small=one.small)
    assert len(choice(one, again).views) == 1


def test_pictures_in_doubt_come_last() -> None:
    """However large the nodule on them."""
    doubted = view(outline(0.1, radius=30), loop=1, doubts=("Something is wrong.",))
    sure = view(outline(0.1, radius=5), loop=2)
    assert choice(doubted, sure, most=1).views == (sure,)


def test_frames_without_a_nodule_are_kept_only_where_none_has_one() -> None:
    """Then the best pictures are."""
    without, best = view(loop=1), view(loop=2, quality=0.9)
    assert choice(without, best, most=1).views == (best,)
    small = view(outline(0.1, radius=3), loop=3, quality=0.1)
    assert choice(without, best, small).views == (small,)


def test_a_suspicious_nodule_on_no_kept_frame_gets_one() -> None:
    """A large harmless nodule does not hide a small one; what is harmless is only counted."""
    large = [view(outline(0.1, radius=25), loop=n) for n in (1, 2, 3)]
    bad = view(outline(0.8, radius=6), loop=4)
    harmless = view(outline(0.2, radius=6), loop=5)
    found = choice(*large, bad, harmless)
    assert [one.place.loop for one in found.views] == [1, 2, 3, 4]
    assert len(found.tracks) == 4
    assert [track[0].view for track in found.beside] == [harmless]


def test_so_many_suspicious_nodules_are_not_all_kept() -> None:
    """The number of frames stays bounded."""
    many = [view(outline(0.9, radius=6), loop=n) for n in range(1, 40)]
    found = choice(*many)
    assert len(found.views) == 8
    assert len(found.beside) == 31


def test_what_flashes_up_once_beside_a_lasting_nodule_does_not_count() -> None:
    """It is told apart; where nothing lasts, everything counts."""
    lasting, flash = outline(0.1, (30, 30)), outline(0.9, (75, 75), radius=6)
    loop = [view(lasting, *([flash] if n == 3 else []), frame=n, frames=6) for n in range(1, 7)]
    found = choice(*loop)
    assert len(found.tracks) == 1
    assert len(found.once) == 1
    moving = [
        view(outline(0.5, (20 + 15 * n, 20 + 12 * n), 6), frame=1 + n, frames=4) for n in range(4)
    ]
    assert choice(*moving).once == ()
