"""Networks that outline together: each sees the sight in its ways, and the mean counts."""

from __future__ import annotations

from collections.abc import Sequence

import keras
import numpy as np
import pytest
from keras import layers
from numpy.typing import NDArray
from scipy import ndimage

from models.thyroid.outlining import CLOSER, WAYS, Outliners, found, likeliest, outlined
from models.thyroid.views import SHAPE
from tests.unit.models.thyroid.phantoms import echoes


def bright(strength: float) -> keras.Model:
    """A network that outlines what is bright, at half the resolution."""
    view = keras.Input((*SHAPE, 1))
    pooled = layers.AveragePooling2D(2)(view)
    network = keras.Model(view, layers.Conv2D(1, 1)(pooled))
    network.set_weights([np.full((1, 1, 1, 1), strength), np.zeros(1)])
    return network


def test_networks_of_different_kinds_are_refused() -> None:
    """They are run as one network with other weights each time."""
    view = keras.Input((*SHAPE, 1))
    other = keras.Model(view, layers.Conv2D(1, 3, strides=2, padding="same")(view))
    with pytest.raises(ValueError, match="not of one kind"):
        Outliners([[bright(1)], [bright(1)], [bright(1)], [other]])


def chances(*groups: Sequence[keras.Model], grey: NDArray[np.uint8]) -> NDArray[np.float32]:
    """What groups say together."""
    return np.asarray(np.nanmean(Outliners(groups).looks(grey), axis=0), np.float32)


@pytest.mark.parametrize("size", [(300, 400), (360, 300)])
def test_all_ways_lead_to_the_same_place(size: tuple[int, int]) -> None:
    """Mirrored and from closer, the bright part is outlined where it is, up to the rim."""
    inside = np.zeros(size, np.bool_)
    inside[:60, :90] = inside[-80:, -60:] = True
    grey = np.where(inside, 220, 20).astype(np.uint8)
    looks = Outliners([[bright(9)]] * len(WAYS)).looks(grey)
    assert [look.shape for look in looks] == [size] * len(WAYS)
    for look in looks:
        seen = np.isfinite(look)
        assert seen.mean() > 0.6
        assert ((look > 0.5) == inside)[seen].mean() > 0.98
    assert np.isfinite(np.nanmean(looks, axis=0)).all()
    assert CLOSER > 1


def test_the_mean_of_all_counts() -> None:
    """Where most looks are sure, they prevail; within a group its networks count alike."""
    grey, inside = echoes(dark=0.2)
    lit = 255 - grey
    sure, unsure = bright(10), bright(-1)
    assert (chances([sure], [sure], [sure], [unsure], grey=lit) > 0.5)[inside].mean() > 0.9
    assert (chances([sure, unsure], *[[unsure]] * 3, grey=lit) > 0.5)[inside].mean() < 0.1


def test_the_outline_is_what_is_expected_to_have_most_in_common() -> None:
    """Sure pixels, and half sure ones beside them; not those that are hardly likely."""
    drawn = np.full((100, 100), 0.01, np.float32)
    drawn[20:40, 20:40], drawn[20:40, 40:44], drawn[40:44, 20:40] = 0.95, 0.46, 0.3
    inside = likeliest(drawn)
    assert inside[20:40, 20:44].all()
    assert inside.sum() == 20 * 24


def test_there_is_always_something_likeliest() -> None:
    """Where everything is unlikely, the least unlikely is found, and said to be unsure."""
    grey, inside = echoes()
    faint = np.where(inside, 0.2, 0.01).astype(np.float32)
    assert likeliest(faint).sum() == inside.sum()
    assert not outlined(faint).any()
    ((one,), sure) = found(grey, [faint] * 4)
    assert not sure
    assert one.chance == pytest.approx(0.2)


def test_a_part_that_is_nowhere_likely_is_left_out() -> None:
    """Beside a sure nodule, a second place that is half sure at best is none."""
    drawn = np.full((100, 100), 0.01, np.float32)
    drawn[20:40, 20:40], drawn[60:80, 60:80] = 0.95, 0.49
    inside = outlined(drawn)
    assert likeliest(drawn)[60:80, 60:80].all()
    assert inside[20:40, 20:40].all()
    assert inside.sum() == 400


def test_each_look_outlines_its_own() -> None:
    """A nodule is described at the outline of each look that sees it; others do not count."""
    grey, inside = echoes()
    wide = ndimage.binary_dilation(inside, iterations=5)
    elsewhere = np.zeros_like(inside)
    elsewhere[250:290, 10:60] = True
    looks = [np.where(mask, 0.9, 0.01).astype(np.float32) for mask in (inside, wide, inside)]
    looks.append(np.where(elsewhere, 0.9, 0.01).astype(np.float32))
    ((one,), sure) = found(grey, looks)
    assert sure
    assert (one.nodule.mask == inside).mean() > 0.99
    sizes = [(distance > 0).sum() for distance in one.nodule.distances]
    assert sizes == [inside.sum(), wide.sum(), inside.sum()]
