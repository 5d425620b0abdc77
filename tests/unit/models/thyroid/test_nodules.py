"""From an outline to nodules."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from models.thyroid.nodules import NUMBERS, ROWS, nodules, parts, scaled_shape
from tests.unit.models.thyroid.phantoms import echoes


def test_parts_come_largest_first_and_scraps_are_left_out() -> None:
    """Two nodules and a scrap: the larger nodule, the smaller one, and no scrap."""
    inside = np.zeros((100, 100), np.bool_)
    inside[10:30, 10:30] = True
    inside[50:90, 50:90] = True
    inside[5:8, 90:95] = True
    assert [int(part.sum()) for part in parts(inside)] == [1600, 400]


def test_no_outline_is_no_nodule() -> None:
    """An empty outline has no parts."""
    assert parts(np.zeros((20, 20), np.bool_)) == []


def test_a_nodule_knows_its_shape_and_its_place() -> None:
    """An ellipse that is wider than high, in the middle of the width."""
    grey, inside = echoes()
    (found,) = nodules(grey, inside)
    numbers = dict(zip(NUMBERS, found.numbers[0].tolist(), strict=True))
    assert numbers["height"] == pytest.approx(np.log(101 / 159), abs=0.05)
    assert numbers["solidity"] == pytest.approx(1, abs=0.03)
    assert numbers["fullness"] == pytest.approx(1, abs=0.02)
    assert numbers["middle"] == pytest.approx(0.45, abs=0.01)
    assert numbers["aside"] == pytest.approx(0, abs=0.01)
    assert numbers["surroundings"] > 0.3
    assert (found.distances[0] > 0).sum() == inside.sum()
    assert (1, *found.grey.shape) == found.distances.shape


def test_the_size_of_the_picture_changes_little() -> None:
    """Echoes at twice the resolution are measured at the same one."""
    grey, inside = echoes()
    rows, columns = (2 * side for side in grey.shape)
    large = np.asarray(Image.fromarray(grey).resize((columns, rows), Image.Resampling.BICUBIC))
    mask = np.asarray(Image.fromarray(inside).resize((columns, rows), Image.Resampling.NEAREST))
    (one,), (other,) = nodules(grey, inside), nodules(large, mask)
    assert scaled_shape(large) == scaled_shape(grey) == (ROWS, 400)
    assert other.numbers == pytest.approx(one.numbers, abs=0.05)
    assert other.mask.shape == large.shape


def test_a_sliver_is_no_nodule_and_no_error() -> None:
    """What is a line or a few pixels is left out."""
    grey, _ = echoes()
    sliver = np.zeros(grey.shape, np.bool_)
    sliver[10, 10:60] = True
    assert nodules(grey, sliver) == []


@pytest.mark.parametrize("corner", [(0, 0), (0, -1), (-1, 0), (-1, -1)])
def test_a_nodule_may_lie_at_the_border(corner: tuple[int, int]) -> None:
    """Where the surroundings are cut off, everything is a number still."""
    grey, _ = echoes()
    inside = np.zeros(grey.shape, np.bool_)
    rows = slice(0, 40) if corner[0] == 0 else slice(-40, None)
    columns = slice(0, 40) if corner[1] == 0 else slice(-40, None)
    inside[rows, columns] = True
    (found,) = nodules(grey, inside)
    assert np.isfinite(found.numbers).all()
    assert np.isfinite(found.distances).all()


def test_the_whole_picture_may_be_a_nodule() -> None:
    """Without any surroundings, everything is a number still."""
    grey, _ = echoes()
    (found,) = nodules(grey, np.ones(grey.shape, np.bool_))
    assert np.isfinite(found.numbers).all()
    assert np.isfinite(found.distances).all()
