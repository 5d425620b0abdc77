"""What the judging network sees of a nodule, and what it says."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest
from keras import layers
from scipy import ndimage

from models.registry.keras_file import network_of
from models.thyroid.head import Head
from models.thyroid.nodules import NUMBERS, Echoes, nodules
from models.thyroid.storing import rounded, stored
from models.thyroid.texture import (
    DESCRIBED,
    FARTHEST,
    REGISTERED,
    inputs,
    judging,
    knowing,
    known_of,
)
from tests.unit.models.thyroid.phantoms import echoes

COUNT = len(DESCRIBED) + len(NUMBERS)


def known(**kind: float) -> dict[str, float]:
    """What is known of a made nodule, by name."""
    (found,) = nodules(*echoes(**kind))  # type: ignore[arg-type]
    names = (*DESCRIBED, *NUMBERS)
    return dict(zip(names, known_of(knowing(), found)[0].tolist(), strict=True))


def a_head(seed: int = 0) -> Head:
    """Weights that were drawn."""
    rng = np.random.default_rng(seed)
    return Head(
        mean=np.zeros(COUNT, np.float32),
        spread=np.ones(COUNT, np.float32),
        weights=rng.normal(0, 0.3, (COUNT, 3)).astype(np.float32),
        bias=rng.normal(0, 1, 3).astype(np.float32),
    )


def test_a_dark_nodule_lies_in_brighter_surroundings() -> None:
    """The ring is as much brighter as the nodule was made darker."""
    assert known(dark=0.5)["ring"] > 0.5 > known(dark=1.0)["ring"] + 0.4


def test_bright_specks_make_a_coarser_grain() -> None:
    """Specks of three pixels show in the grain of their size, inside and not beside."""
    plain, specked = known(), known(specks=60)
    assert specked["grain_1"] > plain["grain_1"] + 0.3
    assert specked["grain_beside_1"] > plain["grain_beside_1"] + 0.3


def test_brightness_as_such_changes_little() -> None:
    """Another gain is no other nodule."""
    grey, inside = echoes()
    network = knowing()
    (one,), (other,) = (nodules(picture, inside) for picture in (grey, grey // 2 + grey // 4))
    assert known_of(network, other) == pytest.approx(known_of(network, one), abs=0.2)


def test_nodules_without_surroundings_and_black_ones_are_numbers() -> None:
    """The whole picture, and a picture of nothing."""
    network = knowing()
    for grey in (echoes()[0], np.zeros((300, 400), np.uint8), np.full((300, 400), 255, np.uint8)):
        (found,) = nodules(grey, np.ones(grey.shape, np.bool_))
        assert np.isfinite(known_of(network, found)).all()


def test_a_nodule_in_a_narrow_picture_is_judged() -> None:
    """Where the filters reach beyond the picture, its edge goes on."""
    grey, _ = echoes()
    inside = np.zeros((300, 12), np.bool_)
    inside[100:140, 2:9] = True
    (found,) = nodules(np.ascontiguousarray(grey[:, :12]), inside)
    assert np.isfinite(known_of(knowing(), found)).all()


def test_a_coarse_grain_turns_less_and_has_fewer_peaks() -> None:
    """Blurred, the same grain changes less often between brighter and darker."""
    grey, inside = echoes()
    network = knowing()
    fine, coarse = (
        known_of(network, nodules(np.asarray(one), inside)[0])[0]
        for one in (grey, ndimage.gaussian_filter(grey, 4))
    )
    at = {name: DESCRIBED.index(name) for name in ("turns_0", "peaks_0", "peaks_1")}
    assert fine[at["turns_0"]] > coarse[at["turns_0"]] + 0.1
    assert fine[at["peaks_0"]] > coarse[at["peaks_0"]] + 0.3
    assert fine[at["peaks_1"]] > coarse[at["peaks_1"]] + 0.3


def test_specks_are_spots_and_make_greys_uneven() -> None:
    """What is much brighter than the nodule is counted, and leans its greys."""
    plain, specked = known(), known(specks=60)
    assert specked["spots"] > plain["spots"] + 0.5
    assert specked["skew"] > plain["skew"] + 0.5


def test_each_outline_has_a_row_of_its_own() -> None:
    """A nodule that two looks outline is described twice, each as if it were alone."""
    grey, inside = echoes()
    smaller = ndimage.binary_erosion(inside, iterations=8)
    field = Echoes(grey)
    outlines = [field.outlines(mask)[0] for mask in (inside, smaller)]
    network = knowing()
    both = known_of(network, field.nodule(inside, outlines))
    alone = [known_of(network, field.nodule(inside, [one]))[0] for one in outlines]
    assert both == pytest.approx(np.stack(alone), abs=0.05)
    assert both[0] != pytest.approx(both[1], abs=0.05)


def test_the_network_says_what_its_head_says() -> None:
    """The logits are those of the weights that were learnt."""
    (found,) = nodules(*echoes())
    head = a_head()
    said = np.asarray(judging(head)(inputs(found), training=False))[0]
    expected = head.logits(known_of(knowing(), found), FARTHEST)[0]
    assert said == pytest.approx(expected, abs=1e-3)


def test_it_is_stored_and_loaded_in_safe_mode(tmp_path: Path) -> None:
    """The file gives the same network, and the same file when it is written again."""
    (found,) = nodules(*echoes())
    network = rounded(judging(a_head()))
    digest = stored(network, tmp_path / "judging.keras")
    file = (tmp_path / "judging.keras").read_bytes()
    loaded = network_of(file, "The file", "cpu", REGISTERED)
    said = [np.asarray(one(inputs(found), training=False)) for one in (network, loaded)]
    assert said[0] == pytest.approx(said[1], abs=1e-6)
    assert stored(network, tmp_path / "again.keras") == digest


def test_the_file_does_not_tell_where_the_network_was_in_memory(tmp_path: Path) -> None:
    """The same network made twice, its objects elsewhere in memory, is the same file."""
    made = []
    for name in ("one.keras", "other.keras"):
        keras.utils.clear_session()
        made.append(keras.Sequential([keras.Input((4,), name="in"), layers.ReLU(name="out")]))
        stored(made[-1], tmp_path / name)
    assert (tmp_path / "one.keras").read_bytes() == (tmp_path / "other.keras").read_bytes()
