"""The shipped model on real pictures: it is itself everywhere, and knows what it does not know."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from models.fracture.measuring.strangers import KINDS
from models.opinion import Model
from models.registry import Registry, load
from tests.real import radiographs, real

Grey = NDArray[np.uint8]


@pytest.fixture(scope="module")
def model() -> Model:
    """The shipped model."""
    return load(Registry().find("fracture"))


LEAST = {
    "skull X-ray": 0.95,
    "computed head X-ray": 0.95,
    "chest X-ray": 0.5,
    "trunk survey X-ray": 1.0,
    "mammogram": 1.0,
    "CT slice": 0.85,
    "MR slice": 0.95,
    "ultrasound": 0.95,
    "photograph": 0.95,
}
"""How many of each kind; one of the two chests is not."""


@pytest.mark.parametrize("kind", KINDS)
def test_strangers_are_refused(model: Model, kind: str) -> None:
    """What is no X-ray of an extremity is refused by the image alone, whatever its header says."""
    shared = real("fracture").parent
    try:
        pictures = list(KINDS[kind](shared))
    except FileNotFoundError:
        pytest.skip(f"the shared data have no {kind}")
    refused = [bool(model.look(picture).refused) for picture in pictures]
    assert np.mean(refused) >= LEAST[kind]


@pytest.mark.parametrize(
    "picture",
    [
        np.zeros((300, 300), np.uint8),
        np.full((300, 200), 255, np.uint8),
        np.random.default_rng(0).integers(0, 256, (256, 256)).astype(np.uint8),
        np.tile(np.arange(256, dtype=np.uint8), (256, 1)),
    ],
    ids=["black", "white", "noise", "ramp"],
)
def test_pictures_of_nothing_are_refused(model: Model, picture: Grey) -> None:
    """Black, white, noise and a test pattern are no X-rays."""
    assert model.look(picture).refused


@pytest.mark.timeout(300)
def test_extremities_are_not_refused(model: Model) -> None:
    """Of pictures of the right kind that the model never saw, as they come, one in fifty is."""
    pictures = radiographs("1", 9, hardware=None) + radiographs("0", 41, hardware=None)
    assert sum(bool(model.look(picture).refused) for picture in pictures) <= 0.02 * len(pictures)


def test_what_speaks_for_it_covers_the_picture(model: Model) -> None:
    """The activation is from 0 to 1, its aspect is the picture's, and candidates lie inside."""
    for picture in radiographs("1", 3):
        rows, columns = picture.shape
        found = model.look(picture)
        assert found.activation is not None
        assert found.activation.min() >= 0
        assert found.activation.max() == pytest.approx(1)
        high, wide = found.activation.shape
        assert high / wide == pytest.approx(rows / columns, rel=0.05)
        for one in found.candidates:
            assert 0 <= one.left < one.right <= columns
            assert 0 <= one.top < one.bottom <= rows
