"""How steady a model is, of models whose judgement can be computed by hand."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from models.fracture.measuring.steady import CHANGES, steady
from models.opinion import Opinion
from models.registry import Card
from tests.unit.models.making import card

Grey = NDArray[np.uint8]
GREY: Grey = np.full((100, 80), 96, np.uint8)
GREY[:, :40] = 160


class ByTheLeft:
    """A model that takes the brightness of the left half for a probability."""

    card: Card = card(thresholds={"default": 0.5})

    def look(self, grey: Grey) -> Opinion:
        """Judge a picture."""
        left = float(grey[:, : grey.shape[1] // 2].mean()) / 255
        return Opinion(probability=left, doubts=("It is dark.",) if left < 0.3 else ())


def test_what_changes_is_told_for_each_change() -> None:
    """How far the probability moves, and whether the verdict does."""
    told = steady(ByTheLeft(), [GREY, GREY])
    assert told["pictures"] == 2
    assert told["model"]["name"] == "theirs"
    mirrored = told["changes"]["mirrored"]
    assert mirrored["median"] == mirrored["p95"] == pytest.approx(64 / 255)
    assert (mirrored["verdicts"]["value"], mirrored["to_indeterminate"]) == (1.0, 0)
    halved = told["changes"]["half as many rows and columns"]
    assert (halved["median"], halved["verdicts"]["value"]) == (0.0, 0.0)
    assert list(told["changes"]) == list(CHANGES)


def test_a_judgement_that_is_given_up_is_counted() -> None:
    """A change that makes the model doubt is a change of the verdict, and told apart."""
    told = steady(ByTheLeft(), [np.full((100, 80), 80, np.uint8)])
    bordered = told["changes"]["a black border of 10 % at each side"]
    assert bordered["verdicts"]["value"] == 1.0
    assert bordered["to_indeterminate"] == 1


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_leaves_the_picture_what_it_is(name: str) -> None:
    """It is of 8 bits, of about the same aspect, most of it as bright as it was, and the original
    is untouched."""
    before = GREY.copy()
    after = CHANGES[name](GREY)
    assert np.array_equal(before, GREY)
    assert after.dtype == np.uint8
    assert after.flags.writeable or name == "mirrored"
    assert after.shape[0] / after.shape[1] == pytest.approx(1.25, rel=0.05)
    middle = [side // 2 for side in after.shape]
    column = middle[1] // 2 if name != "mirrored" else 3 * middle[1] // 2
    assert abs(int(after[middle[0], column]) - 160) < 20


def test_letters_are_in_the_corners_only() -> None:
    """White, one corner or all four, and far from the middle."""
    for name, corners in (("a letter in a corner", 1), ("letters in all corners", 4)):
        white = CHANGES[name](GREY) > 200
        quarters = [white[:50, :40], white[:50, 40:], white[50:, :40], white[50:, 40:]]
        assert sum(bool(quarter.any()) for quarter in quarters) == corners
        assert not white[20:80].any()
