"""What words in a picture change, of a model whose judgement can be computed by hand."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from models.evaluation import read_index
from models.opinion import Opinion
from models.thyroid.measuring.evaluate import looked
from models.thyroid.measuring.words import (
    BLACK,
    COLOURS,
    EVERY,
    HEIGHTS,
    TEXTS,
    changed,
    places,
    steady,
    written,
)
from tests.unit.models.thyroid.scenes import ByBrightness, a_set, picture


class Stubborn(ByBrightness):
    """A model that always says the same."""

    def look(self, grey: NDArray[np.uint8]) -> Opinion:
        """Judge a picture."""
        return Opinion(probability=0.4)


def test_a_model_that_sees_no_words_is_not_moved(tmp_path: Path) -> None:
    """Every change is measured on every frame, under each of its names."""
    index = a_set(tmp_path, {"a": 90, "b": 60})
    done: list[int] = []
    found = steady(Stubborn(), read_index(index), tmp_path, done.append)
    assert (found["pictures"], found["without_echoes"], done) == (2, 0, [1, 2])
    assert found["model"]["name"] == "theirs"
    changes = found["changes"]
    assert (changes[BLACK]["count"], changes[EVERY]["count"]) == (2, 24)
    assert changes["over the nodule"]["count"] == 6
    assert changes["TIRADS 5"]["count"] == 8
    assert changes["TIRADS 5, in the corner"]["count"] == 2
    assert all(one["max"] == one["p95"] == one["mean"] == 0.0 for one in changes.values())
    assert all(one["dice_worst"] == 0.0 for one in changes.values())
    json.dumps(found, allow_nan=False)


def test_without_masks_there_is_no_dice(tmp_path: Path) -> None:
    """The probability is measured all the same."""
    index = a_set(tmp_path, {"a": 90}, mask=[""])
    found = steady(Stubborn(), read_index(index), tmp_path)["changes"]
    assert found[EVERY]["dice_mean"] is found[EVERY]["dice_worst"] is None


def test_the_most_is_told_beside_the_mean(tmp_path: Path) -> None:
    """A model that reads the sector's brightness alone is moved by nothing outside of it."""
    index = a_set(tmp_path, {"a": 90})
    found = steady(ByBrightness(), read_index(index), tmp_path)["changes"]
    assert found[BLACK]["max"] == pytest.approx(0.0, abs=1e-9)
    assert found[EVERY]["max"] >= found[EVERY]["p95"] >= found[EVERY]["mean"] >= 0


def test_words_are_where_they_are_said_to_be() -> None:
    """Inside the picture, around the point, in their colour; the original is untouched."""
    plain = picture(90)
    before = plain.copy()
    found = written(plain, "TIRADS 5", (80.0, 60.0), 0.08, "yellow")
    assert np.array_equal(plain, before)
    rows, columns = np.nonzero((found != plain).any(axis=-1))
    assert abs(rows.mean() - 60) < 4
    assert abs(columns.mean() - 80) < 8
    red, green, blue = found[found[..., 0] > 200].T
    assert min(red.min(), green.min()) > 200
    assert blue.max() < 100
    rows, columns = np.nonzero((written(plain, "T", (0.0, 0.0), 0.08, "white") != plain).any(-1))
    assert rows.max() < 20
    assert columns.max() < 20


def test_every_text_meets_every_place_colour_and_height() -> None:
    """Over nine frames nothing is left out, and the nodule's middle is written over."""
    look = looked(ByBrightness(), picture(90))
    where = places(look.sight, look.outlined, 0)
    assert where["over the nodule"] == pytest.approx((59.5, 39.5), abs=2)
    assert where["over the border"][1] == look.sight.sector.bottom
    met = {
        names
        for number in range(9)
        for names, _ in changed(picture(90), look, look.outlined, number)
    }
    named = {name for names in met for name in names}
    assert {f"in {colour}" for colour in COLOURS} <= named
    assert {f"height {height:g}" for height in HEIGHTS} <= named
    assert len([names for names in met if len(names) > 1]) == 9 * len(TEXTS) * 4
