"""Logistic fits."""

from __future__ import annotations

import numpy as np
import pytest

from models.fitting import calibrated, likeliest


def test_probabilities_keep_their_word() -> None:
    """Logits that are twice too sure and biased are put right."""
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 2, 20_000)
    truth = rng.random(20_000) < 1 / (1 + np.exp(-(logits / 2 + 1)))
    temperature, bias = calibrated(logits, truth)
    assert temperature == pytest.approx(2, rel=0.1)
    assert bias == pytest.approx(1, abs=0.1)


def test_logits_that_say_the_opposite_are_refused() -> None:
    """No temperature puts that right."""
    logits = np.linspace(-2, 2, 100)
    with pytest.raises(ValueError, match="say nothing"):
        calibrated(logits, logits < 0)


def test_a_row_counts_by_its_share() -> None:
    """One that counts twice is as good as two."""
    rng = np.random.default_rng(0)
    inputs = rng.normal(0, 1, (50, 2))
    truth = inputs[:, 0] + rng.normal(0, 1, 50) > 0
    twice = np.repeat([1, 2], 25)
    repeated = np.repeat(inputs, twice, axis=0), np.repeat(truth, twice)
    shared = likeliest(inputs, truth, share=twice.astype(np.float64))
    assert shared == pytest.approx(likeliest(*repeated))


def test_what_costs_more_weighs_less() -> None:
    """Labels that can be told apart without a mistake have finite weights all the same."""
    inputs = np.linspace(-1, 1, 20)[:, None]
    cheap, dear = (likeliest(inputs, inputs[:, 0] > 0, cost) for cost in (1e-3, 10.0))
    assert 0 < dear[0] < cheap[0] < np.inf


def test_a_start_is_added_to() -> None:
    """What the start says already needs no weight."""
    rng = np.random.default_rng(0)
    inputs = rng.normal(0, 1, (5000, 1))
    truth = rng.random(5000) < 1 / (1 + np.exp(-2 * inputs[:, 0]))
    assert likeliest(inputs, truth, start=2 * inputs[:, 0]) == pytest.approx([0], abs=0.15)
