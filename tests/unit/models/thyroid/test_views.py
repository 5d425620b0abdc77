"""What the outlining network is shown, and back."""

from __future__ import annotations

import numpy as np
import pytest

from models.thyroid.views import SHAPE, WHOLE, Way, disturbed, over_sight, shown
from tests.unit.models.thyroid.phantoms import echoes


def agree(one: np.ndarray, other: np.ndarray) -> float:
    """Dice of two masks."""
    return float(2 * (one & other).sum() / (one.sum() + other.sum()))


@pytest.mark.parametrize("size", [(300, 400), (200, 700), (600, 300), (90, 120)])
@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("way", [WHOLE, Way(mirrored=True), Way(1.3), Way(1.3, mirrored=True)])
def test_what_is_found_in_the_view_lies_where_it_was(
    size: tuple[int, int], stride: int, way: Way
) -> None:
    """A bright nodule of the view, at any resolution, is brought back to where it came from."""
    _, inside = echoes(*size)
    inside = np.roll(inside, size[1] // 9, axis=1)
    view = shown(np.where(inside, 200, 20).astype(np.uint8), way)
    coarse = view.reshape(SHAPE[0] // stride, stride, SHAPE[1] // stride, stride).mean(axis=(1, 3))
    back = over_sight(coarse, inside.astype(np.uint8), way)
    assert back.shape == size
    assert agree(back > 0.5, inside) > 0.96


def test_what_a_closer_view_does_not_show_is_not_known() -> None:
    """The rim of the sight is NaN, the middle is not; the whole sight is known of its own view."""
    grey, _ = echoes()
    closer = over_sight(shown(grey, Way(1.25)), grey, Way(1.25))
    assert np.isnan(closer[[0, -1]]).all()
    assert np.isnan(closer[:, [0, -1]]).all()
    assert np.isfinite(closer[40:-40, 50:-50]).all()
    assert np.isfinite(over_sight(shown(grey), grey)).all()


def test_a_view_is_from_black_to_white_whatever_the_gain() -> None:
    """A dark frame looks as a bright one."""
    grey, _ = echoes()
    one, other = shown(grey), shown((grey * 0.4).astype(np.uint8))
    assert one.shape == SHAPE
    assert (one.min(), one.max()) == (0, 1)
    assert np.abs(one - other).mean() < 0.02


def test_nothing_is_no_error() -> None:
    """A black sight is a black view."""
    assert not shown(np.zeros((100, 100), np.uint8)).any()


def test_a_disturbed_view_and_its_outline_go_together() -> None:
    """However it is turned, the nodule is dark where the outline says it is."""
    grey, inside = echoes(dark=0.3)
    rng = np.random.default_rng(0)
    for _ in range(10):
        view, mask = disturbed(grey, np.where(inside, 255, 0).astype(np.uint8), rng)
        assert view.shape == mask.shape == SHAPE
        assert 0 <= view.min() <= view.max() <= 1
        around = (mask < 0.01) & (view > 0.02)
        assert view[mask > 0.9].mean() < view[around].mean()
