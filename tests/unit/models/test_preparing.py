"""A picture made into what a site's model takes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from models.fracture.picture import prepare as prepare_ours
from models.registry.card import Calibration, Card, Input
from models.registry.classifier import logit
from models.registry.errors import RegistryError
from models.registry.preparing import prepare
from tests.unit.models.making import card

PADDED = Input(aspect="padded", width=64, height=64, mean=(0.0,) * 3, std=(1.0,) * 3)
KEPT = Input(aspect="kept", longest=64, multiple=32, channels=1, mean=(0.5,), std=(0.25,))


@given(st.integers(1, 300), st.integers(1, 300))
def test_the_aspect_is_kept(height: int, width: int) -> None:
    """The picture's part of the input has its shape, and the rest is black."""
    prepared = prepare(np.full((height, width), 255, np.uint8), PADDED)
    assert prepared.pixels.shape == (1, 3, 64, 64)
    inside = prepared.picture_of(prepared.pixels[0, 0])
    assert inside.min() == 1.0
    assert prepared.pixels[0, 0].sum() == inside.size
    rows, columns = inside.shape
    assert max(rows, columns) == 64
    assert abs(rows - 64 * height / max(height, width)) <= 1
    assert abs(columns - 64 * width / max(height, width)) <= 1


@given(st.integers(1, 300), st.integers(1, 300))
def test_a_kept_aspect_is_filled_up_little(height: int, width: int) -> None:
    """The longer side is as long as wanted, and both sides are multiples."""
    prepared = prepare(np.full((height, width), 255, np.uint8), KEPT)
    _, channels, rows, columns = prepared.pixels.shape
    assert channels == 1
    assert max(rows, columns) == 64
    assert rows % 32 == columns % 32 == 0
    assert max(prepared.picture_of(prepared.pixels[0, 0]).shape) == 64


def test_what_is_stretched_fills_the_input() -> None:
    """Whatever its shape, scaled as Pillow does it best, and three equal channels."""
    grey = np.random.default_rng(0).integers(0, 255, (90, 40), np.uint8)
    prepared = prepare(grey, replace(PADDED, aspect="stretched", height=32))
    picture = Image.fromarray(grey).convert("RGB").resize((64, 32), Image.Resampling.LANCZOS)
    wanted = np.asarray(picture, np.float32) / 255
    assert np.allclose(np.moveaxis(prepared.pixels[0], 0, -1), wanted, atol=1e-7)
    assert prepared.picture_of(prepared.pixels[0, 0]).shape == (32, 64)


def test_values_are_normalised() -> None:
    """White and black become what mean and deviation make of 1 and 0."""
    prepared = prepare(np.array([[255, 0]] * 2, np.uint8).repeat(32, 0).repeat(32, 1), KEPT)
    assert (prepared.pixels.min(), prepared.pixels.max()) == (-2.0, 2.0)


def test_quantiles_make_exposures_alike() -> None:
    """A darker and flatter picture is the same input; hardly anything is outside 0 to 1."""
    wanted = replace(KEPT, range="quantiles")
    grey = np.random.default_rng(0).integers(0, 200, (64, 48)).astype(np.uint8)
    grey[0, :10] = 255
    flat = (grey // 4 * 2 + 30).astype(np.uint8)
    one, other = (prepare(picture, wanted).pixels for picture in (grey // 4 * 4, flat))
    assert np.allclose(one, other, atol=0.02)
    assert (one.min(), one.max()) == (-2.0, 2.0)


def test_quantiles_are_those_of_our_own_network() -> None:
    """A brought model is shown what the fracture network is shown of the same picture."""
    wanted = Input(
        aspect="kept", longest=64, channels=1, mean=(0.5,), std=(0.5,), range="quantiles"
    )
    grey = np.random.default_rng(1).integers(20, 180, (64, 40)).astype(np.uint8)
    prepared, ours = prepare(grey, wanted), prepare_ours(grey, 64)
    brought = prepared.picture_of(prepared.pixels[0, 0])
    assert np.allclose(brought, ours.pixels[0, 0, : ours.rows, : ours.columns], atol=1e-5)


def test_an_empty_picture_has_quantiles_too() -> None:
    """One grey everywhere is black, and no division by nothing."""
    prepared = prepare(np.full((64, 64), 77, np.uint8), replace(PADDED, range="quantiles"))
    assert np.all(prepared.pixels == 0)


def probability(values: NDArray[np.float32], of: Card) -> float:
    """What the outputs are worth by a card."""
    return (of.calibration or Calibration()).probability(logit(values, of))


def test_the_positive_label_decides_which_output_counts() -> None:
    """The same outputs mean the opposite where the card names the other label."""
    values = np.array([2.0, 0.0], np.float32)
    assert probability(values, card()) == pytest.approx(1 / (1 + np.exp(-2)))
    assert probability(values, card(positive="not-fractured")) == pytest.approx(1 / (1 + np.exp(2)))


def test_softmax_and_sigmoid() -> None:
    """Several outputs are shares of one, a single output is a logit of its own."""
    three = card(labels=["fractured", "healed", "none"])
    values = np.array([1.0, 2.0, 3.0], np.float32)
    assert probability(values, three) == pytest.approx(np.exp(1) / np.exp([1, 2, 3]).sum())
    alone = card(labels=["fractured"])
    assert probability(np.array([[0.0]], np.float32), alone) == 0.5
    assert probability(np.array([5000.0], np.float32), alone) == 1.0
    assert probability(np.array([-5000.0], np.float32), alone) == 0.0


def test_probabilities_are_taken_as_they_are() -> None:
    """Outputs that are probabilities already are not made so twice."""
    two = card(output="probabilities")
    assert probability(np.array([0.9, 0.1], np.float32), two) == pytest.approx(0.9)
    alone = card(output="probabilities", labels=["fractured"])
    assert probability(np.array([0.2], np.float32), alone) == pytest.approx(0.2)
    assert probability(np.array([1.0], np.float32), alone) == pytest.approx(1.0)


def test_the_calibration_is_applied_to_the_logit() -> None:
    """Temperature divides the logit, the bias is added."""
    calibrated = card(calibration={"temperature": 2.0, "bias": -1.0})
    assert probability(np.array([2.0, 0.0], np.float32), calibrated) == 0.5


@pytest.mark.parametrize(
    ("values", "told"),
    [([1.0], "1 outputs and its card 2 labels"), ([np.nan, 0.0], "no number")],
)
def test_outputs_that_mean_nothing_are_refused(values: list[float], told: str) -> None:
    """An output too few or one that is no number is not made a probability of."""
    with pytest.raises(RegistryError, match=told):
        probability(np.array(values, np.float32), card())
    with pytest.raises(RegistryError, match="they are not"):
        probability(np.array([3.0, -3.0], np.float32), card(output="probabilities"))
