"""What the model refuses to judge: pictures unlike all that it was trained on."""

from __future__ import annotations

import keras
import numpy as np
from keras import layers
from numpy.typing import NDArray

from models.domain import Domain
from models.thyroid.gate import Gate, eyes, seeing
from models.thyroid.views import SHAPE, shown
from tests.unit.models.fracture.test_network import _as_published as as_published
from tests.unit.models.thyroid.phantoms import echoes


def small() -> keras.Model:
    """A small network's texture."""
    keras.utils.set_random_seed(1)
    view = keras.Input((*SHAPE, 1))
    maps = layers.Conv2D(24, 5, strides=4, activation="relu")(view)
    return keras.Model(view, layers.GlobalAveragePooling2D()(maps))


def stripes(seed: int) -> NDArray[np.uint8]:
    """No echoes at all."""
    across = np.arange(400) // (3 + seed % 5) % 2 * 200
    return np.broadcast_to(across, (300, 400)).astype(np.uint8)


def test_strange_pictures_are_refused_with_a_sentence() -> None:
    """Echoes are let through, stripes are not."""
    textures = seeing(small())
    known = textures([shown(echoes(seed=seed)[0]) for seed in range(30)])
    draft = Gate(textures, Domain.around(known), 0.0)
    home = [draft.strangeness(echoes(seed=seed)[0]) for seed in range(40, 50)]
    gate = Gate(textures, draft.domain, max(home))
    assert not any(gate.refused(one) for one in home)
    for seed in range(5):
        assert "ultrasound" in gate.refused(gate.strangeness(stripes(seed)))


def test_its_eyes_are_those_that_imagenet_taught() -> None:
    """A number for each map of two depths, not all alike, the same whatever else is in a batch."""
    published = as_published()
    network = eyes({name: value.numpy() for name, value in published.state_dict().items()})
    textures = seeing(network)
    views = [shown(echoes(seed=seed)[0]) for seed in range(2)]
    both, (first,) = textures(views), textures(views[:1])
    assert both.shape == (2, 96 + 320)
    assert both.std(axis=1).min() > 0
    assert np.allclose(both[0], first, atol=1e-4)
