"""What a network is shown are the echoes, and what it says is placed in the whole picture."""

from __future__ import annotations

import numpy as np

from models.thyroid.sector import Sector
from models.thyroid.sight import seen
from tests.unit.models.thyroid.test_sector import screen

IMAGE = Sector(20, 90, 300, 470)


def test_the_echoes_are_cut_out_and_put_back() -> None:
    """A map over them lies where they are; outside of them is nothing."""
    picture = screen(360, 560, IMAGE)
    sight = seen(picture)
    assert sight is not None
    assert (sight.grey == picture[sight.sector.slices]).all()
    assert sight.shape == (360, 560)
    assert sight.grey.flags.c_contiguous
    whole = sight.over_picture(np.full(sight.grey.shape, 0.5, np.float32))
    assert whole.dtype == np.float32
    assert (whole[sight.sector.slices] == 0.5).all()
    assert whole.sum() == 0.5 * sight.grey.size


def test_colour_and_grey_look_the_same() -> None:
    """A grey picture that is stored in colour is seen as it is."""
    picture = screen(360, 560, IMAGE)
    one, other = seen(picture), seen(np.repeat(picture[..., None], 3, axis=2))
    assert one is not None
    assert other is not None
    assert one.sector == other.sector
    assert (one.grey == other.grey).all()


def test_a_sector_that_is_known_is_taken() -> None:
    """The scanner's own word on where its image is counts."""
    sector = Sector(50, 100, 200, 300)
    sight = seen(screen(360, 560, IMAGE), sector)
    assert sight is not None
    assert sight.sector == sector
    assert sight.grey.shape == (150, 200)


def test_where_no_echoes_are_there_is_nothing_to_be_seen() -> None:
    """A blank picture shows nothing."""
    assert seen(np.zeros((360, 560, 3), np.uint8)) is None


def test_what_was_shown_is_not_changed() -> None:
    """The picture belongs to who gave it."""
    picture = screen(360, 560, IMAGE)
    picture[100:102, 200:260] = 255
    before = picture.copy()
    seen(picture)
    assert (picture == before).all()
