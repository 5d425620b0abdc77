"""The network of the system that this one replaces."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from PIL import Image

from models.registry import Registry, add, load
from models.registry.keras_file import KerasClassifier
from models.thyroid import fibonacci
from models.thyroid.fibonacci import Avg2MaxPooling, DepthwiseSeparableConv, SEBlock
from tests.unit.models.making import FIELDS
from tests.unit.models.making_keras import changed, saved

PAGE = Path(__file__).parents[4] / "docs" / "models.md"
_DOCUMENTED = PAGE.read_text(encoding="utf-8").partition("`fibonacci.json` is\n")[2]
SEED: dict[str, Any] = {
    **FIELDS,
    **json.loads(_DOCUMENTED.partition("\n    }\n")[0] + "}"),
}
"""The card that the page gives for it."""
GREY = np.random.default_rng(0).integers(0, 255, (300, 400), np.uint8)


@cache
def network() -> Any:
    """The network with weights that nobody has trained."""
    keras.utils.set_random_seed(0)
    return fibonacci.network()


def said(of: Any) -> float:
    """What a network says of the picture, prepared as the system before did it."""
    picture = Image.fromarray(GREY).convert("RGB").resize((224, 224), Image.Resampling.LANCZOS)
    return float(of(np.asarray(picture, np.float32)[None] / 255, training=False)[0, 0])


def test_it_has_as_many_weights_as_the_published_one() -> None:
    """278,039 in 50 layers, which is all that is known of how the description is to be read."""
    assert network().count_params() == 278_039
    assert len(network().layers) == 50
    assert network().input_shape == (None, 224, 224, 3)
    assert network().output_shape == (None, 1)


@pytest.mark.parametrize("named", ["as registered", "by the bare class"])
def test_a_file_says_the_same_again(named: str, registry: Registry, tmp_path: Path) -> None:
    """Saved, added, loaded in safe mode and shown a picture of any shape, whatever names it has."""
    file = saved(network(), tmp_path / "seed.keras")
    if named == "by the bare class":
        for one in ("Avg2MaxPooling", "DepthwiseSeparableConv"):
            changed(file, f'"Custom>{one}"', f'"{one}"')
    model = load(add(registry, SEED, str(file)))
    opinion = model.look(GREY)
    assert opinion.probability == pytest.approx(said(network()), abs=1e-6)
    assert opinion.activation is not None
    assert opinion.activation.shape == (224, 224)
    assert isinstance(model, KerasClassifier)
    assert model.layer == network().layers[-6].name
    assert model.card.input == fibonacci.INPUT


def test_a_file_from_before_can_be_brought_over(tmp_path: Path) -> None:
    """What was saved as HDF5 is saved anew, with these layers, and says the same."""
    network().save(tmp_path / "seed.h5")
    read = keras.saving.load_model(
        tmp_path / "seed.h5", custom_objects=fibonacci.LAYERS, compile=False
    )
    assert said(read) == pytest.approx(said(network()), abs=1e-6)


@pytest.mark.parametrize(
    ("layer", "own"),
    [
        (SEBlock(ratio=4), {"ratio": 4}),
        (
            Avg2MaxPooling(pool_size=2, strides=1, padding="valid"),
            {"pool_size": 2, "strides": 1, "padding": "valid"},
        ),
        (
            DepthwiseSeparableConv(24, kernel_size=5, strides=2, se_ratio=8, reg=0.1),
            {"filters": 24, "kernel_size": 5, "strides": 2, "se_ratio": 8, "reg": 0.1},
        ),
    ],
)
def test_a_layer_is_made_again_of_its_configuration(layer: Any, own: dict[str, Any]) -> None:
    """All that it was made of is in it, and what is made of that has weights of the same shape."""
    config = layer.get_config()
    assert own.items() <= config.items()
    again = type(layer).from_config(config)
    assert again.get_config() == config
    pixels = np.random.default_rng(0).random((2, 16, 16, 16), np.float32)
    expected = layer(pixels)
    again.build(pixels.shape)
    again.set_weights(layer.get_weights())
    assert np.array_equal(again(pixels), expected)
    assert tuple(expected.shape) == tuple(layer.compute_output_shape(pixels.shape))


def test_squeeze_and_excitation() -> None:
    """Each map is multiplied by one number between 0 and 1."""
    block = SEBlock(ratio=16)
    pixels = np.random.default_rng(0).random((1, 4, 4, 32), np.float32) + 0.1
    share = block(pixels).numpy() / pixels
    assert np.allclose(share, share[:, :1, :1])
    (narrow, _, wide, _) = block.get_weights()
    assert (narrow.shape, wide.shape) == ((32, 2), (2, 32))
    inner = pixels.mean(axis=(1, 2)) @ narrow
    wanted = 1 / (1 + np.exp(-(inner / (1 + np.exp(-inner))) @ wide))
    assert np.allclose(share[0, 0, 0], wanted[0], atol=1e-5)


def test_average_less_twice_the_maximum() -> None:
    """Over 3 x 3, every second; before it is normalised."""
    pool = Avg2MaxPooling()
    pixels = np.arange(16, dtype=np.float32).reshape(1, 4, 4, 1)
    found = pool(pixels).numpy()[0, :, :, 0] * np.sqrt(1 + 1e-3)
    assert np.allclose(found, [[5 - 20, 6.5 - 22], [11 - 28, 12.5 - 30]], atol=1e-4)


def test_what_came_in_is_added_where_it_fits() -> None:
    """With the same shape, and not where strides or filters make another."""
    pixels = np.ones((1, 8, 8, 32), np.float32)
    for filters, strides, fits in ((32, 1, True), (48, 1, False), (32, 2, False)):
        layer = DepthwiseSeparableConv(filters, strides=strides)
        layer.build(pixels.shape)
        layer.pw.set_weights([np.zeros_like(one) for one in layer.pw.get_weights()])
        assert bool(np.any(layer(pixels).numpy())) == fits
