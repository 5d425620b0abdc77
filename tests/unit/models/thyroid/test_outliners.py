"""Networks that outline together: each sees the sight in its ways, and the mean counts."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from keras import layers

from models.thyroid.outlining import CLOSER, Outliners, likeliest
from models.thyroid.views import SHAPE
from tests.unit.models.thyroid.phantoms import echoes


def bright(strength: float, above: float = 0.0) -> keras.Model:
    """A network that outlines what is bright, at half the resolution."""
    view = keras.Input((*SHAPE, 1))
    pooled = layers.AveragePooling2D(2)(view)
    return keras.Model(view, layers.Rescaling(strength, offset=-strength * above)(pooled))


@pytest.mark.parametrize("size", [(300, 400), (360, 300)])
def test_all_ways_lead_to_the_same_place(size: tuple[int, int]) -> None:
    """Mirrored and from closer, the bright part is outlined where it is, up to the rim."""
    inside = np.zeros(size, np.bool_)
    inside[:60, :90] = inside[-80:, -60:] = True
    grey = np.where(inside, 220, 20).astype(np.uint8)
    found = Outliners([[bright(4)], [bright(4)]]).outline(grey)
    assert found.shape == size
    assert np.isfinite(found).all()
    assert ((found > 0) == inside).mean() > 0.98
    assert CLOSER > 1


def test_the_mean_of_all_counts() -> None:
    """Where one of two groups is surer than the other, it prevails."""
    grey, inside = echoes(dark=0.2)
    lit = 255 - grey
    sure, unsure = bright(10), bright(-1)
    assert (Outliners([[sure], [unsure]]).outline(lit) > 0)[inside].mean() > 0.9
    assert (Outliners([[unsure, unsure], [unsure]]).outline(lit) > 0)[inside].mean() < 0.1


def test_the_likeliest_place_is_small() -> None:
    """Where no nodule is outlined, a thirtieth or so of the picture is looked at."""
    outline = np.random.default_rng(0).normal(-5, 1, (100, 100)).astype(np.float32)
    assert likeliest(outline).mean() == pytest.approx(0.03, abs=0.005)
