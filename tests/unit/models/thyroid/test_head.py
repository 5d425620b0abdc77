"""What is learnt of what is known."""

from __future__ import annotations

import numpy as np
import pytest

from models.thyroid.head import learnt


def test_what_tells_the_classes_apart_is_learnt() -> None:
    """Of ten numbers two matter: those have the weights."""
    rng = np.random.default_rng(0)
    known = rng.normal(3, 2, (400, 10))
    truth = (known[:, 0] - known[:, 1] + rng.normal(0, 1, 400) > 0).astype(float)
    head = learnt(known, truth[:, None], 4.0)
    weights = head.weights[:, 0]
    assert weights[0] > 0.5
    assert weights[1] < -0.5
    assert np.abs(weights[2:]).max() < 0.25


def test_a_rare_class_counts_as_much_as_the_other() -> None:
    """Where nothing tells, neither class is likelier, however rare it is."""
    rng = np.random.default_rng(0)
    truth = (np.arange(1000) % 10 > 0).astype(float)
    head = learnt(rng.normal(0, 1, (1000, 3)), truth[:, None], 4.0)
    assert head.bias[0] == pytest.approx(0, abs=0.1)


def test_what_nobody_knows_is_left_out() -> None:
    """Each column is learnt on the rows that have a truth in it."""
    rng = np.random.default_rng(0)
    known = rng.normal(0, 1, (200, 4))
    truth = (known[:, :2] > 0).astype(float)
    partly = truth.copy()
    partly[:100, 1] = np.nan
    whole, half = learnt(known, truth, 4.0), learnt(known, partly, 4.0)
    assert half.weights[:, 0] == pytest.approx(whole.weights[:, 0])
    assert half.weights[:, 1] != pytest.approx(whole.weights[:, 1])


def test_a_number_that_never_changes_is_no_error() -> None:
    """It has no spread, and no say."""
    known = np.ones((50, 2))
    known[:, 0] = np.arange(50)
    head = learnt(known, (np.arange(50) > 25).astype(float)[:, None], 4.0)
    assert np.isfinite(head.weights).all()
    assert head.weights[1, 0] == pytest.approx(0, abs=1e-6)


def test_far_outliers_say_no_more_than_the_farthest() -> None:
    """Beyond so many spreads the logit stays where it is."""
    rng = np.random.default_rng(0)
    known = rng.normal(0, 1, (100, 2))
    head = learnt(known, (known[:, :1] > 0).astype(float), 4.0)
    far, farther = head.logits(np.array([[50, 0], [5000, 0]], np.float32), 4.0)
    assert far == pytest.approx(farther)
