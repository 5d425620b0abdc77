"""The probability keeps its word, of a picture and of a study of several."""

from __future__ import annotations

import numpy as np
import pytest

from models.fracture.calibration import fitted

HAND, LEG = (True, False), (False, True)
COUNT = 6000


def _pictures(slope: float, constant: float) -> tuple[np.ndarray, np.ndarray]:
    """Logits, and labels that are true as often as the logistic curve of them says."""
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 2, COUNT)
    return logits, rng.random(COUNT) < 1 / (1 + np.exp(-(slope * logits + constant)))


def test_the_fit_finds_what_the_labels_were_drawn_from() -> None:
    """Temperature and bias are those by which fractures came about."""
    logits, fractured = _pictures(0.8, -1.0)
    fit = fitted(logits, fractured, [HAND] * COUNT)
    assert fit.temperature == pytest.approx(1 / 0.8, rel=0.1)
    assert fit.bias == pytest.approx(-1.0, abs=0.1)


def test_the_highest_of_several_is_worth_less() -> None:
    """Of more views one is high by chance: the study's probability is below its highest view's."""
    logits, fractured = _pictures(1.5, -1.0)
    fit = fitted(logits, fractured, [HAND, LEG] * (COUNT // 2))
    assert fit.views < 0
    assert fit.probability(1.0, 3) < fit.probability(1.0, 2) < fit.probability(1.0)


def test_a_model_that_says_nothing_is_not_calibrated() -> None:
    """Logits that fall where fractures are would turn every judgement round."""
    logits, fractured = _pictures(1.0, 0.0)
    with pytest.raises(ValueError, match="say nothing"):
        fitted(-logits, fractured, [HAND] * COUNT)


def test_a_region_with_one_kind_only_can_be_fitted() -> None:
    """Where no healthy picture of a region is there, its own stand in for the others."""
    logits, fractured = _pictures(1.0, -1.0)
    regions = [LEG if broken else HAND for broken in fractured]
    assert np.isfinite(fitted(logits, fractured, regions).views)
