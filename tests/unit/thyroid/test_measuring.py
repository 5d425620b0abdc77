"""How large a nodule is said to be."""

from __future__ import annotations

import numpy as np
import pytest

from pipelines.contract import Raster
from pipelines.thyroid.measuring import PIXELS, measured
from tests.unit.thyroid.looks import disc


def test_an_ellipse_has_its_axes() -> None:
    """60 by 30 pixels of a fifth of a millimetre are 12 by 6 mm, give or take a pixel."""
    size = measured(disc(50, 50, 15, wide=2), (0.2, 0.2))
    assert size.unit == "mm"
    assert size.area_unit == "mm2"
    assert size.long == pytest.approx(12, abs=0.3)
    assert size.short == pytest.approx(6, abs=0.3)
    assert size.area == pytest.approx(np.pi * 6 * 3, rel=0.02)
    assert size.ratio == pytest.approx(0.5, abs=0.02)


def test_the_axes_lie_however_the_nodule_does() -> None:
    """A slanting ellipse is as long and as wide as an upright one, not as its box is."""
    y, x = np.mgrid[:100, :100] + 0.5
    along, across = (x + y - 100) / np.sqrt(2), (x - y) / np.sqrt(2)
    size = measured(Raster.of((along / 30) ** 2 + (across / 10) ** 2 <= 1), (1, 1))
    assert size.long == pytest.approx(60, abs=2)
    assert size.short == pytest.approx(20, abs=2)
    assert size.ratio == pytest.approx(1, abs=0.02)


def test_pixels_that_are_not_square_are_measured_in_both_directions() -> None:
    """Twice as far from row to row makes a round mask taller than wide."""
    size = measured(disc(50, 50, 20), (0.4, 0.2))
    assert size.long == pytest.approx(16, abs=0.5)
    assert size.short == pytest.approx(8, abs=0.5)
    assert size.ratio == pytest.approx(2, abs=0.05)


def test_without_a_scale_pixels_are_counted() -> None:
    """And nobody calls them millimetres."""
    size = measured(disc(50, 50, 10), None)
    assert (size.unit, size.area_unit) == (PIXELS, PIXELS)
    assert size.area == disc(50, 50, 10).array.sum()
    assert "pixels" in size.says


def test_one_pixel_has_a_size() -> None:
    """The smallest mask there is breaks nothing."""
    mask = np.zeros((30, 30), np.bool_)
    mask[29, 29] = True
    size = measured(Raster.of(mask), (1.0, 1.0))
    assert (size.area, size.ratio) == (1.0, 1.0)
    assert size.long == pytest.approx(1.4, abs=0.01)
