"""The figures: small cases by hand, and what holds for any scores."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.metrics import (
    Estimate,
    Scores,
    Truth,
    auroc,
    average_precision,
    brier,
    calibration_error,
    draws,
    estimate,
    estimate_of,
    logits,
    mean_share,
    sensitivity_at,
    share,
)

TRUTH = np.array([False, False, True, True])
SCORES = np.array([0.1, 0.4, 0.35, 0.8])


def test_auroc_by_hand() -> None:
    """Three of four pairs are in order; a tie is half a pair."""
    assert auroc(TRUTH, SCORES) == 0.75
    assert auroc(TRUTH, np.array([0.1, 0.4, 0.4, 0.8])) == 0.875
    assert auroc(TRUTH, np.full(4, 0.5)) == 0.5


def test_average_precision_by_hand() -> None:
    """Half the recall is reached at precision 1, the other half at 2/3."""
    assert average_precision(TRUTH, SCORES) == pytest.approx(0.5 * 1 + 0.5 * 2 / 3)
    assert average_precision(TRUTH, np.full(4, 0.5)) == 0.5


def test_sensitivity_at_a_specificity_by_hand() -> None:
    """With 20 negatives one may be above the threshold, and none with 19."""
    negative = np.arange(20) / 100
    scores = np.append(negative, [0.185, 0.3, 0.05, 0.19])
    truth = np.arange(24) >= 20
    assert sensitivity_at(0.95)(truth, scores) == 0.75
    assert sensitivity_at(0.95)(truth[1:], scores[1:]) == 0.25
    assert sensitivity_at(1.0)(truth, scores) == 0.25


def test_calibration_error_by_hand() -> None:
    """Two bins, each with its own distance, weighed by how many are in it."""
    truth = np.array([True, False, True, True])
    scores = np.array([0.01, 0.02, 0.99, 1.0])
    assert calibration_error(truth, scores) == pytest.approx((0.97 + 0.01) / 4)


def test_brier_by_hand() -> None:
    """The mean of the squared distances."""
    assert brier(TRUTH, SCORES) == pytest.approx((0.01 + 0.16 + 0.65**2 + 0.04) / 4)


def test_wilson_by_hand() -> None:
    """The interval is that of the published formula: 9 of 10 is 0.596 to 0.982."""
    found = share(9, 10)
    assert found is not None
    assert (found.value, found.count) == (0.9, 10)
    assert (round(found.low, 3), round(found.high, 3)) == (0.596, 0.982)
    assert share(0, 0) is None


def test_one_class_alone_has_no_figure() -> None:
    """Without positives or without negatives nothing is claimed."""
    assert estimate(auroc, np.ones(3, np.bool_), np.arange(3.0)) is None
    assert estimate(auroc, np.zeros(0, np.bool_), np.zeros(0)) is None


def test_an_interval_is_the_same_every_time() -> None:
    """The same scores give the same interval to the last digit."""
    rng = np.random.default_rng(1)
    truth, scores = rng.random(200) < 0.3, rng.random(200)
    assert estimate(auroc, truth, scores) == estimate(auroc, truth, scores)


def test_an_interval_covers() -> None:
    """Of 60 samples of a ranking whose AUROC is 0.76, nearly all intervals hold it."""
    rng = np.random.default_rng(2)
    held = 0
    for _ in range(60):
        truth = np.arange(120) < 40
        scores = rng.normal(truth * 1.0)
        found = estimate(auroc, truth, scores)
        assert found is not None
        held += found.low <= 0.7602 <= found.high
    assert held >= 53


def test_an_interval_of_a_calibration_error_holds_it() -> None:
    """Resampling makes the error larger; the interval is moved back to it."""
    rng = np.random.default_rng(3)
    scores = rng.random(400)
    found = estimate(calibration_error, rng.random(400) < scores, scores, centred=True)
    assert found is not None
    assert found.low <= found.value <= found.high


@st.composite
def samples(draw: st.DrawFn) -> tuple[Truth, Scores]:
    """Labels of both classes, with scores that are often equal."""
    count = draw(st.integers(2, 30))
    positive = draw(st.integers(1, count - 1))
    scores = draw(
        st.lists(st.integers(0, 12).map(lambda n: n / 12), min_size=count, max_size=count)
    )
    return np.arange(count) < positive, np.array(scores)


@given(samples())
def test_auroc_is_the_share_of_pairs(sample: tuple[Truth, Scores]) -> None:
    """Counting every pair gives the same."""
    truth, scores = sample
    pairs = np.sign(scores[truth][:, None] - scores[~truth][None])
    assert auroc(truth, scores) == pytest.approx(float((pairs + 1).mean() / 2))


@given(samples())
def test_only_the_order_counts(sample: tuple[Truth, Scores]) -> None:
    """Figures of a ranking stay when the scores are bent, and AUROC turns with the labels."""
    truth, scores = sample
    for figure in (auroc, average_precision, sensitivity_at(0.95)):
        assert figure(truth, scores) == pytest.approx(figure(truth, scores**3))
        assert 0 <= figure(truth, scores) <= 1
    assert auroc(~truth, scores) == pytest.approx(1 - auroc(truth, scores))


@given(samples())
def test_average_precision_by_thresholds(sample: tuple[Truth, Scores]) -> None:
    """Walking down every threshold by hand gives the same."""
    truth, scores = sample
    before, total = 0.0, 0.0
    for threshold in sorted(set(scores), reverse=True):
        called = scores >= threshold
        recall = float((called & truth).sum() / truth.sum())
        total += (recall - before) * float(truth[called].mean())
        before = recall
    assert average_precision(truth, scores) == pytest.approx(total)


@given(samples(), st.sampled_from([0.5, 0.9, 0.95, 1.0]))
def test_sensitivity_by_thresholds(sample: tuple[Truth, Scores], specificity: float) -> None:
    """Of all thresholds that keep the specificity, it is the best one's."""
    truth, scores = sample
    found = [
        float((scores[truth] > threshold).mean())
        for threshold in (-1.0, *scores)
        if (scores[~truth] <= threshold).mean() >= specificity - 1e-9
    ]
    assert sensitivity_at(specificity)(truth, scores) == pytest.approx(max(found))


@given(samples())
def test_calibration_error_bin_by_bin(sample: tuple[Truth, Scores]) -> None:
    """Going through the bins by hand gives the same, and it is never more than 1."""
    truth, scores = sample
    total = 0.0
    for number in range(15):
        inside = np.minimum(np.floor(scores * 15), 14) == number
        if inside.any():
            gap = abs(float(scores[inside].mean()) - float(truth[inside].mean()))
            total += gap * float(inside.mean())
    assert calibration_error(truth, scores) == pytest.approx(total)
    assert total <= 1 + 1e-9


@given(st.integers(1, 2000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_holds_its_share(counted: tuple[int, int]) -> None:
    """The share lies within its interval, which lies within 0 to 1."""
    found = share(*counted)
    assert isinstance(found, Estimate)
    assert 0 <= found.low <= found.value <= found.high <= 1


def test_a_mean_of_shares_is_less_sure_the_fewer_pictures_one_of_them_has() -> None:
    """Each counts the same; the interval of the mean is wider where one of them is wide."""
    many, few, none = share(90, 100), share(9, 10), share(1, 1)
    assert many is not None
    assert few is not None
    assert none is not None
    sure, unsure = mean_share([many, many]), mean_share([many, few])
    assert sure is not None
    assert unsure is not None
    assert sure.value == unsure.value == pytest.approx(0.9)
    assert many.low < sure.low < sure.high < many.high
    assert unsure.low < sure.low < sure.high < unsure.high
    assert mean_share([none]) == none
    assert mean_share([]) is None


def test_logits_are_finite() -> None:
    """Even of a probability of 0 or 1."""
    found = logits(np.array([0.0, 0.5, 0.75, 1.0]))
    assert np.isfinite(found).all()
    assert found[1:3] == pytest.approx([0, np.log(3)])


# ---------------------------------------------------------------- groups


def test_whole_groups_are_drawn_and_both_classes_stay() -> None:
    """Pictures of a group come together, as often as each other; a mixed group is its own kind."""
    groups = ["a", "b", "a", "c", "c", "d"]
    truth = np.array([True, False, True, True, False, True])
    sizes = set()
    for drawn in draws(truth, groups, 50):
        counts = np.bincount(drawn, minlength=6)
        assert counts[0] == counts[2]
        assert counts[3] == counts[4] == 1
        assert counts[1] == 1
        assert counts[0] + counts[5] == 2
        sizes.add(drawn.size)
    assert sizes == {5, 6, 7}


def test_groups_of_one_are_no_groups() -> None:
    """The interval is to the last digit that of single pictures."""
    rng = np.random.default_rng(4)
    truth, scores = rng.random(60) < 0.4, rng.random(60)
    names = [f"{number:02}" for number in range(60)]
    assert estimate(auroc, truth, scores, groups=names) == estimate(auroc, truth, scores)


@given(samples(), st.data())
def test_any_groups_leave_both_classes(sample: tuple[Truth, Scores], data: st.DataObject) -> None:
    """However pictures belong together, there is something to compare in every drawing."""
    truth, _ = sample
    groups = [data.draw(st.sampled_from("abcdef")) for _ in truth]
    for drawn in draws(truth, groups, 5):
        assert truth[drawn].any()
        assert not truth[drawn].all()


def test_a_figure_of_no_class_has_an_interval() -> None:
    """A mean, below 0 too; there is none of nothing."""
    values = np.array([-0.5, -0.25, 0.25, 0.0])
    found = estimate_of(lambda at: float(values[at].mean()), 4)
    assert found is not None
    assert (found.value, found.count) == (-0.125, 4)
    assert -0.5 <= found.low < -0.125 < found.high <= 0.25
    together = estimate_of(lambda at: float(values[at].mean()), 4, ["a"] * 4)
    assert together is not None
    assert together.low == together.high == -0.125
    assert estimate_of(lambda at: 0.0, 0) is None
