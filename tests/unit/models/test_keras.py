"""Models in Keras that a site brings: what they say and show, and what is refused."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from models.registry import Entry, Registry, RegistryError, add, keras_archive, load
from models.registry.card import File
from models.registry.keras_file import WHY_NO_CONVOLUTION, KerasClassifier
from tests.unit.models.making_keras import KERAS, changed, mean, members, packed, saved

WHITE = np.full((64, 64), 255, np.uint8)
LEFT = np.zeros((64, 64), np.uint8)
LEFT[:, :32] = 255
BOMB = 30_000_000


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The mean in a file."""
    return saved(mean(), tmp_path / "mean.keras")


def model_of(registry: Registry, source: Path, **fields: Any) -> KerasClassifier:
    """The model that was added."""
    model = load(add(registry, {**KERAS, **fields}, str(source)))
    assert isinstance(model, KerasClassifier)
    return model


def refused(registry: Registry, source: Path, told: str, **fields: Any) -> None:
    """Adding fails with these words and leaves nothing behind."""
    with pytest.raises(RegistryError, match=told):
        add(registry, {**KERAS, **fields}, str(source))
    assert registry.site is None or not list(registry.site.rglob("*"))


# ---------------------------------------------------------------- what it says


def test_a_keras_model_looks(registry: Registry, file: Path) -> None:
    """A `.keras` file is taken as it is, and says what its network says."""
    entry = add(registry, KERAS, str(file))
    assert entry.card.framework == "keras"
    assert (entry.folder / "model.keras").read_bytes() == file.read_bytes()
    opinion = load(entry, threads=1).look(WHITE)
    wanted = float(mean()(np.ones((1, 64, 64, 3), np.float32))[0, 0])
    assert opinion.probability == pytest.approx(wanted, abs=1e-6)
    assert opinion.reasons == ()


def test_what_is_certain_keeps_its_logit(registry: Registry, tmp_path: Path) -> None:
    """The score is taken before the sigmoid, which makes 1 of everything above 17."""
    model = model_of(registry, saved(mean(slope=61.0), tmp_path / "sure.keras"))
    assert model.look(WHITE).logit == pytest.approx(60.0, abs=1e-3)


@pytest.mark.parametrize("end", ["softmax", "softmax layer", None])
def test_several_outputs_are_judged_against_each_other(
    end: str | None, registry: Registry, tmp_path: Path
) -> None:
    """As probabilities, taken off or not, and as logits, two labels are one logit."""
    given = keras.Input((64, 64, 3))
    found = layers.GlobalAveragePooling2D()(given)
    found = layers.Dense(2, activation=end if end == "softmax" else None, name="says")(found)
    if end == "softmax layer":
        found = layers.Softmax()(found)
    network = keras.Model(given, found)
    network.get_layer("says").set_weights([np.array([[1, 0]] * 3), np.array([0.5, 0])])
    output = "logits" if end is None else "probabilities"
    fields = {"labels": ["fractured", "not-fractured"], "output": output}
    model = model_of(registry, saved(network, tmp_path / "two.keras"), **fields)
    assert model.look(WHITE).logit == pytest.approx(3.5, abs=1e-4)


def test_the_same_picture_has_the_same_opinion(registry: Registry, file: Path) -> None:
    """Nothing is drawn by chance, not even where the network was trained with dropout."""
    network = mean()
    dropped = layers.Dropout(0.5)(network.get_layer("eyes").output)
    dropped = layers.GlobalAveragePooling2D()(dropped)
    saved(keras.Model(network.inputs, network.get_layer("says")(dropped)), file)
    entry = add(registry, KERAS, str(file))
    first, again = (load(entry).look(LEFT) for _ in range(2))
    assert first.logit == again.logit
    assert first.activation is not None
    assert again.activation is not None
    assert (first.activation == again.activation).all()


def test_the_number_of_threads_stays_that_of_the_first(registry: Registry, file: Path) -> None:
    """A process that asks for another one later has its model all the same."""
    entry = add(registry, KERAS, str(file))
    assert load(entry, threads=1).look(WHITE) == load(entry, threads=2).look(WHITE)


# ---------------------------------------------------------------- what it shows


def test_grad_cam_is_that_of_gradients(registry: Registry, file: Path) -> None:
    """It is what the gradients of the pre-sigmoid score give, at the last convolution."""
    rng = np.random.default_rng(0)
    network = mean()
    kernel = rng.normal(size=(1, 1, 3, 2))
    network.get_layer("eyes").set_weights([kernel, np.zeros(2)])
    network.get_layer("says").set_weights([np.array([[3.0], [-2.0]]), np.array([20.0])])
    model = model_of(registry, saved(network, file))
    grey = rng.integers(0, 255, (64, 32), np.uint8)
    activation = model.look(grey).activation
    pixels = np.zeros((1, 64, 64, 3), np.float32)
    pixels[:, :, 16:48] = (grey / 255)[None, ..., None]
    with tf.GradientTape() as tape:
        maps = network.get_layer("eyes")(pixels)
        tape.watch(maps)
        score = tf.reduce_mean(maps, axis=(1, 2)) @ network.get_layer("says").kernel
    weights = tf.reduce_mean(tape.gradient(score, maps), axis=(1, 2), keepdims=True)
    cam = tf.nn.relu(tf.reduce_sum(weights * maps, axis=-1)).numpy()[0]
    assert model.layer == "eyes"
    assert activation is not None
    assert np.allclose(activation, (cam / cam.max())[:, 16:48], atol=1e-5)


def test_what_speaks_against_is_shown_of_what_is_called_absent(
    registry: Registry, file: Path
) -> None:
    """The maps are of the class that the card's threshold makes of the picture."""
    assert model_of(registry, file).look(LEFT).activation is not None
    fields = {"name": "other", "thresholds": {"default": 0.99}}
    opinion = model_of(registry, file, **fields).look(LEFT)
    assert opinion.activation is None
    assert "No part of the picture" in opinion.why_no_activation


def test_a_layer_can_be_named(registry: Registry, tmp_path: Path) -> None:
    """Grad-CAM is computed there; a name that is none is answered with the last ten."""
    network = keras.Sequential([keras.Input((64, 64, 3))])
    for number in range(12):
        network.add(layers.Conv2D(2, 1, activation="relu", name=f"eyes{number}"))
    network.add(layers.GlobalAveragePooling2D(name="flat"))
    network.add(layers.Dense(1, activation="sigmoid"))
    model = model_of(registry, saved(network, tmp_path / "deep.keras"))
    assert model.layer == "eyes11"
    early = model.explain_at("eyes0")
    assert early.layer == "eyes0"
    assert early.look(LEFT).logit == model.look(LEFT).logit
    for name in ("nobody", "flat"):
        with pytest.raises(ValueError, match=rf"no layer {name} .*: eyes2, .*, eyes11\.") as error:
            model.explain_at(name)
        assert "eyes1," not in str(error.value)


def test_layers_within_a_layer_count_as_one(registry: Registry, tmp_path: Path) -> None:
    """A network over another one's maps shows those."""
    inner = keras.Sequential(
        [keras.Input((64, 64, 3)), layers.Conv2D(2, 3, activation="relu")], name="backbone"
    )
    given = keras.Input((64, 64, 3))
    found = layers.GlobalAveragePooling2D()(inner(given))
    network = keras.Model(given, layers.Dense(1, activation="sigmoid")(found))
    model = model_of(registry, saved(network, tmp_path / "over.keras"))
    assert model.layer == "backbone"


def test_a_network_without_a_convolution_shows_nothing(registry: Registry, tmp_path: Path) -> None:
    """It says why."""
    given = keras.Input((64, 64, 3))
    found = layers.Dense(1, activation="sigmoid")(layers.Flatten()(given))
    model = model_of(registry, saved(keras.Model(given, found), tmp_path / "flat.keras"))
    opinion = model.look(LEFT)
    assert opinion.activation is None
    assert opinion.why_no_activation == WHY_NO_CONVOLUTION


def test_a_picture_without_differences_shows_nothing(registry: Registry, file: Path) -> None:
    """Where every part speaks alike there is nothing to point at."""
    opinion = model_of(registry, file).look(WHITE)
    assert opinion.activation is None
    assert "No part of the picture" in opinion.why_no_activation


# ---------------------------------------------------------------- what is refused


def test_an_hdf5_file_is_refused(registry: Registry, tmp_path: Path) -> None:
    """By its content, whatever it is called."""
    mean().save(tmp_path / "mean.h5")
    refused(registry, tmp_path / "mean.h5", "is an HDF5 file, which is not loaded")
    shutil.copy(tmp_path / "mean.h5", tmp_path / "called.keras")
    refused(registry, tmp_path / "called.keras", "is an HDF5 file")


def test_a_program_is_never_run(registry: Registry, tmp_path: Path) -> None:
    """A Lambda layer is refused before it is made, however deep it is."""
    called = str(tmp_path / "called")
    wicked = layers.Lambda(lambda pixels: (Path(called).write_text("ran"), pixels)[1])
    inner = keras.Sequential([keras.Input((64, 64, 3)), wicked])
    network = keras.Sequential([keras.Input((64, 64, 3)), inner, layers.Flatten(), layers.Dense(1)])
    Path(called).unlink()
    refused(registry, saved(network, tmp_path / "evil.keras"), "has a (__lambda__|Lambda), which")
    assert not Path(called).exists()


@pytest.mark.parametrize("name", ["TextVectorization", "TFSMLayer", "TorchModuleWrapper"])
def test_a_layer_that_reads_files_is_refused(name: str, registry: Registry, file: Path) -> None:
    """As are those that wrap other programs."""
    refused(registry, changed(file, '"GlobalAveragePooling2D"', f'"{name}"'), f"has a {name}")


def test_a_layer_that_nobody_knows_is_named(registry: Registry, file: Path) -> None:
    """It takes an architecture whose layers the program has."""
    other = '"module": "theirs", "class_name": "Conv2D"'
    changed(file, '"module": "keras.layers", "class_name": "Conv2D"', other)
    refused(registry, file, "neither Keras's own nor of its card's architecture: Conv2D")


def test_functions_that_are_no_part_of_a_network_are_refused(
    registry: Registry, file: Path
) -> None:
    """Keras has functions that fetch files: no configuration can call them."""
    fetch = '{"module": "keras.utils", "class_name": "function", "config": "get_file"}'
    changed(file, '"activation": "sigmoid"', f'"activation": {fetch}')
    refused(registry, file, "neither Keras's own nor of its card's architecture: get_file")


@pytest.mark.parametrize("odd", ["more", "less", "twice", "garbage", "cut", "empty"])
def test_an_odd_archive_is_refused(odd: str, registry: Registry, file: Path) -> None:
    """It holds three files, and they can be read."""
    held, told = members(file), "does not hold config.json, metadata.json, model.weights.h5, and"
    if odd == "more":
        packed(file, {**held, "assets/vocabulary.txt": b"..."})
    elif odd == "less":
        packed(file, {name: one for name, one in held.items() if not name.endswith("h5")})
    elif odd == "twice":
        with zipfile.ZipFile(file, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("config.json", "{}")
    else:
        told = r"no \.keras file that can be read"
        content = file.read_bytes()
        file.write_bytes({"garbage": b"garbage" * 99, "cut": content[:-99], "empty": b""}[odd])
    refused(registry, file, told)


@pytest.mark.parametrize("name", ["config.json", "metadata.json"])
def test_a_bomb_is_not_unpacked(name: str, registry: Registry, file: Path) -> None:
    """What would be large is refused by what the archive says of it, however small it is packed."""
    packed(file, {**members(file), name: b" " * BOMB})
    assert file.stat().st_size < BOMB / 100
    refused(registry, file, f"its {name} has {BOMB} bytes")


def test_weights_that_are_too_large_are_refused(
    registry: Registry, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As every member has its limit."""
    monkeypatch.setitem(keras_archive.LARGEST, "model.weights.h5", 100)
    refused(registry, file, r"its model\.weights\.h5 has \d+ bytes, and 100 are the most")


@pytest.mark.parametrize("weights", [b"", b"garbage" * 99])
def test_weights_that_cannot_be_read_are_refused(
    weights: bytes, registry: Registry, file: Path
) -> None:
    """The rest of the file does not help."""
    packed(file, {**members(file), "model.weights.h5": weights})
    refused(registry, file, "cannot be loaded")


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"output": "logits"}, "ends in a sigmoid: its outputs are probabilities"),
        ({"labels": ["fractured", "none"]}, "gives 1 values, and its card has 2 labels"),
        (
            {"input": {**KERAS["input"], "width": 32}},
            "takes 64 x 64 x 3, and its card says 64 x 32 x 3",
        ),
    ],
)
def test_a_model_that_does_not_fit_its_card_is_not_added(
    fields: dict[str, Any], told: str, registry: Registry, file: Path
) -> None:
    """Its ends have to be those of the card."""
    refused(registry, file, told, **fields)


def test_a_network_of_several_inputs_is_refused(registry: Registry, tmp_path: Path) -> None:
    """It is one picture that is judged."""
    both = [keras.Input((64, 64, 3)), keras.Input((64, 64, 3))]
    found = layers.Dense(1)(layers.Flatten()(layers.Add()(both)))
    network = saved(keras.Model(both, found), tmp_path / "both.keras")
    refused(registry, network, "has to take one array", output="logits")


def test_weights_that_are_no_numbers_are_refused(registry: Registry, file: Path) -> None:
    """What they say would be no number."""
    refused(registry, saved(mean(slope=float("nan")), file), "output that is no number")


@pytest.mark.skipif(bool(tf.config.list_physical_devices("GPU")), reason="this machine has a GPU")
def test_a_gpu_that_is_not_there(registry: Registry, file: Path) -> None:
    """Where TensorFlow finds no GPU, asking for one is answered with a sentence."""
    entry = add(registry, KERAS, str(file))
    with pytest.raises(RegistryError, match="device cuda:1 is not there: TensorFlow finds no GPU"):
        load(entry, "cuda:1")


class _Fickle(Entry):
    """An entry whose file is another one as soon as it was read."""

    def weights(self, file: File) -> bytes:
        """The file's content, after which nothing of it is left."""
        found = super().weights(file)
        (self.folder / file.name).write_bytes(b"something else")
        return found


def test_what_was_checked_is_what_is_loaded(registry: Registry, file: Path) -> None:
    """The bytes whose digest was right are used, whatever is on disk a moment later."""
    entry = add(registry, KERAS, str(file))
    load(_Fickle(card=entry.card, folder=entry.folder, origin="site"))


# ---------------------------------------------------------------- who needs no TensorFlow


def test_looking_at_cards_brings_no_tensorflow(registry: Registry, file: Path) -> None:
    """`models list` and `models verify` know a model in Keras without what runs it."""
    entry = add(registry, KERAS, str(file))
    code = (
        "import sys\nfrom dicom_node.cli import main\n"
        "assert main(['models', 'list']) == main(['models', 'verify']) == 0\n"
        "sys.exit(', '.join(m for m in ('tensorflow', 'keras', 'torch') if m in sys.modules) or 0)"
    )
    environment = {**os.environ, "DICOM_NODE_MODELS__FOLDER": str(entry.folder.parent)}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "theirs" in done.stdout
