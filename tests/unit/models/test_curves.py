"""Curves, of few enough scores to follow by hand."""

from __future__ import annotations

import numpy as np
import pytest

from models.curves import at, precision_recall, reliability, roc, roc_band
from models.evaluation import Row
from models.fracture.measuring.shortcut import explained, numbered, prevalences, shortcut, size
from models.metrics import auroc, average_precision

TRUTH = np.array([True, True, False, True, False, False])
SCORES = np.array([0.9, 0.8, 0.8, 0.3, 0.2, 0.1])


def test_a_roc_curve_has_the_area_that_the_figure_says() -> None:
    """From one corner to the other; equal scores are one step, and slanted."""
    curve = roc(TRUTH, SCORES)
    thirds = [(0, 0), (0, 1), (1, 2), (1, 3), (2, 3), (3, 3)]
    assert np.array(curve) == pytest.approx(np.array(thirds) / 3)
    area = np.trapezoid([y for _, y in curve], [x for x, _ in curve])
    assert area == pytest.approx(auroc(TRUTH, SCORES))


def test_the_band_is_around_the_curve_and_always_the_same() -> None:
    """Low lies below high, both within 0 and 1, and a second time they are equal."""
    low, high = roc_band(TRUTH, SCORES)
    assert all(0 <= a[1] <= b[1] <= 1 for a, b in zip(low, high, strict=True))
    assert (low, high) == roc_band(TRUTH, SCORES)


def test_precision_over_recall_has_the_area_of_the_average_precision() -> None:
    """Each step of recall at the precision it was reached with."""
    curve = precision_recall(TRUTH, SCORES)
    steps = list(zip(curve[::2], curve[1::2], strict=True))
    area = sum((right[0] - left[0]) * left[1] for left, right in steps)
    assert area == pytest.approx(average_precision(TRUTH, SCORES))
    assert curve[-1] == (1.0, 0.75)


def test_bins_have_what_was_found_in_them() -> None:
    """Two pictures around 0.8, one of which is fractured; empty bins are left out."""
    found = {one.low: one for one in reliability(TRUTH, SCORES)}
    one = found[12 / 15]
    assert (one.count, one.share.value) == (2, 0.5)
    assert one.probability == pytest.approx(0.8)
    assert sum(one.count for one in found.values()) == 6


def test_a_threshold_is_where_present_begins() -> None:
    """Both shares at 0.8, which is two of three and two of three."""
    sensitivity, specificity = at(0.8, TRUTH, SCORES)
    assert [sensitivity.value, specificity.value] == pytest.approx([2 / 3, 2 / 3])
    with pytest.raises(ValueError, match="both classes"):
        at(0.5, TRUTH[:2], SCORES[:2])


def sized(width: int, positive: bool | None) -> Row:
    """A line of the index."""
    return Row(file="x", positive=positive, more={"width": str(width), "height": "9"})


def test_a_size_is_as_suspicious_as_it_was_in_training() -> None:
    """Common sizes speak for themselves, unknown ones say what is usual."""
    train = [sized(1, True)] * 3 + [sized(1, False)] + [sized(2, False)] * 3 + [sized(2, None)]
    usual = 3 / 7
    prevalence = prevalences(train, size)
    assert prevalence((1, 9)) == pytest.approx((3 + usual) / 5)
    assert prevalence((2, 9)) == pytest.approx(usual / 4)
    assert prevalence((7, 7)) == pytest.approx(usual)


def test_what_lies_between_groups_is_explained() -> None:
    """All of it, none of it, and half."""
    groups = numbered(["a", "a", "b", "b"])
    assert explained(np.array([1.0, 1.0, 3.0, 3.0]), groups) == 1.0
    assert explained(np.array([1.0, 3.0, 1.0, 3.0]), groups) == 0.0
    assert explained(np.array([0.0, 2.0, 2.0, 4.0]), groups) == 0.5
    assert explained(np.ones(4), groups) == 0.0


def test_a_model_that_reads_the_size_is_seen() -> None:
    """Its score is explained by the size whole; without sizes there is no check."""
    train = [sized(1, True)] * 3 + [sized(2, False)] * 3
    judged = [sized(1, True), sized(1, True), sized(2, False), sized(2, True)] * 10
    truth = np.array([True, True, False, True] * 10)
    found = shortcut(train, judged, truth, np.array([0.9, 0.9, 0.1, 0.1] * 10))
    assert found is not None
    assert found.score_explained == pytest.approx(1.0)
    assert found.truth_explained < 0.5
    assert found.alone["size"].value == found.ours.value == pytest.approx(2.5 / 3)
    assert found.beyond.low > 0
    assert list(found.alone) == ["size"]
    assert shortcut(train, [Row(file="x", positive=True)] * 40, truth, np.ones(40)) is None


def test_hardware_and_regions_alone_are_looked_at_where_the_index_has_them() -> None:
    """A model that knows only of plates is as good as they tell fractures; a score that does not
    go by size is not said to."""

    def line(number: int) -> Row:
        plates = str(int(number % 4 == 0))
        parts = dict.fromkeys(("hand", "leg", "hip", "shoulder"), "0")
        sides = {"width": str(1 + number % 2), "height": "9"}
        more = {"hardware": plates, **parts, **sides}
        return Row(file=str(number), positive=number % 4 == 0 or number % 7 == 0, more=more)

    lines = [line(number) for number in range(100)]
    truth = np.array([row.positive for row in lines])
    found = shortcut(lines, lines, truth, 0.2 + 0.6 * truth)
    assert found is not None
    assert found.alone["hardware"].value > 0.8 > found.alone["size"].value
    assert found.alone["regions"].value == 0.5
    assert found.beyond.value == pytest.approx(0.0)
    assert "hardware_only_auroc" in found.to_dict()
