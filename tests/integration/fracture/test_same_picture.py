"""The same picture is judged the same, however it is stored and by whichever worker."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from pydicom import Dataset
from pydicom.uid import SecondaryCaptureImageStorage

from models.registry import Registry, load
from pipelines.contract import Findings
from pipelines.fracture.pipeline import Fracture
from pipelines.radiographs import read, square
from tests.agreeing import agreed
from tests.real import radiographs
from tests.unit.radiographs.stored import (
    SYNTAXES,
    changed,
    put,
    radiograph,
    study_of,
    table,
    written,
)

Grey = NDArray[np.uint8]
Chance = Callable[[Grey], float]


@pytest.fixture(scope="module")
def chance() -> Chance:
    """What the shipped model says of a picture; of the very same one it is asked once."""
    model, known = load(Registry().find("fracture")), dict[bytes, float]()

    def look(grey: Grey) -> float:
        key = np.ascontiguousarray(grey).tobytes()
        if key not in known:
            known[key] = model.look(grey).probability
        return known[key]

    return look


@pytest.fixture(scope="module")
def pictures() -> list[Grey]:
    """Two fractures, and one picture without any."""
    return [*radiographs("1", 2), *radiographs("0", 1)]


def wrapped(picture: Grey, bits: int, *, inverted: bool, window: str) -> Dataset:
    """A real picture as a DX of so many bits."""
    most = (1 << bits) - 1
    values = np.rint(picture.astype(float) * most / 255)
    values = most - values if inverted else values
    ds = radiograph(WindowCenter=None, WindowWidth=None, PatientAge="040Y", ImagerPixelSpacing=None)
    put(ds, values.astype(np.uint8 if bits == 8 else np.uint16), bits)
    if inverted:
        ds.PhotometricInterpretation, ds.PresentationLUTShape = "MONOCHROME1", "INVERSE"
    if window == "window":
        ds.WindowCenter, ds.WindowWidth = (most + 1) / 2, most + 1
    if window == "table":
        ds.VOILUTSequence = [table(most)]
    return ds


@pytest.mark.timeout(300)
@pytest.mark.parametrize("syntax", SYNTAXES)
@pytest.mark.parametrize(
    ("bits", "inverted", "window"),
    [(8, False, "none"), (8, True, "table"), (12, True, "window"), (16, False, "window")],
)
def test_depth_polarity_and_compression_do_not_matter(
    chance: Chance,
    pictures: list[Grey],
    tmp_path: Path,
    syntax: str,
    bits: int,
    inverted: bool,
    window: str,
) -> None:
    """Where black and white are shown as such, the probability is the same within 0.01."""
    for picture in pictures:
        stored = wrapped(picture, bits, inverted=inverted, window=window)
        found = chance(square(read(written(stored, syntax, tmp_path))))
        assert found == pytest.approx(chance(picture), abs=0.01)


def wide(picture: Grey) -> Dataset:
    """With pixels twice as high as wide."""
    ds = wrapped(picture.repeat(2, axis=1), 8, inverted=False, window="none")
    return changed(ds, PixelAspectRatio=[2, 1])


def captured(picture: Grey) -> Dataset:
    """As a capture in three equal colours."""
    ds = radiograph(WindowCenter=None, WindowWidth=None, ImagerPixelSpacing=None)
    ds.SOPClassUID = ds.file_meta.MediaStorageSOPClassUID = SecondaryCaptureImageStorage
    return put(ds, np.repeat(picture[..., None], 3, axis=-1))


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("stored", "within"),
    [
        (captured, 0.0),
        # What is enlarged and made smaller again is a little blurred.
        (wide, 0.15),
        # Without a window the darkest and brightest half percent are cut, as viewers do.
        (lambda picture: wrapped(picture, 12, inverted=False, window="none"), 0.05),
    ],
    ids=["captured", "wide pixels", "no window"],
)
def test_other_ways_to_store_it_matter_less(
    chance: Chance,
    pictures: list[Grey],
    tmp_path: Path,
    stored: Callable[[Grey], Dataset],
    within: float,
) -> None:
    """Colours without colour change nothing; resampled and stretched greys move it a little."""
    for picture in pictures:
        found = chance(square(read(study_of([stored(picture)], tmp_path).instances[0])))
        assert found == pytest.approx(chance(picture), abs=within)


def _said(picture: Grey, folder: str, threads: int) -> dict[str, Any]:
    """What a worker of its own says of it, as the database keeps it; every number but the heat."""
    ds = wrapped(picture, 8, inverted=False, window="none")
    pipeline = Fracture()
    pipeline.configure({"threads": threads, "threshold": 0.0}, Path(folder))
    pipeline.load("cpu")
    study = study_of([ds], Path(folder))
    twice: list[Findings] = [pipeline.run(study, lambda fraction, doing: None) for _ in range(2)]
    assert twice[0] == twice[1]
    return replace(twice[0], heatmaps=()).to_dict()


@pytest.mark.timeout(300)
def test_workers_and_threads_agree(tmp_path: Path, pictures: list[Grey]) -> None:
    """Twice in one worker, and in two with one thread and two, all that is written is the same."""
    assert agreed(_said, pictures[0], tmp_path)["regions"]
