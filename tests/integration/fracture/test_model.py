"""The shipped model on real pictures: it is itself everywhere, and knows what it does not know."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from pydicom import Dataset, dcmread
from pydicom.uid import ImplicitVRLittleEndian

from models.fracture.opinion import FractureModel
from models.registry import Registry, load
from pipelines.display import grey as displayed
from pipelines.radiographs import read
from tests.real import grey, radiographs, real
from tests.unit.radiographs.stored import SYNTAXES, put, radiograph, table, written

Grey = NDArray[np.uint8]


@pytest.fixture(scope="module")
def model() -> FractureModel:
    """The shipped model."""
    return load(Registry().find("fracture"))


def wrapped(picture: Grey, bits: int, *, inverted: bool, window: str) -> Dataset:
    """A real picture as a DX of so many bits."""
    most = (1 << bits) - 1
    values = np.rint(picture.astype(float) * most / 255)
    values = most - values if inverted else values
    ds = radiograph(WindowCenter=None, WindowWidth=None, PatientAge="040Y")
    put(ds, values.astype(np.uint8 if bits == 8 else np.uint16), bits)
    if inverted:
        ds.PhotometricInterpretation, ds.PresentationLUTShape = "MONOCHROME1", "INVERSE"
    if window == "window":
        ds.WindowCenter, ds.WindowWidth = (most + 1) / 2, most + 1
    if window == "table":
        ds.VOILUTSequence = [table(most)]
    return ds


@pytest.mark.parametrize("syntax", SYNTAXES)
@pytest.mark.parametrize(
    ("bits", "inverted", "window"),
    [(8, False, "none"), (8, True, "table"), (12, True, "window"), (16, False, "window")],
)
def test_the_encoding_does_not_matter(
    model: FractureModel, tmp_path: Path, syntax: str, bits: int, inverted: bool, window: str
) -> None:
    """The same picture has the same probability, within 0.01, however it is stored."""
    (picture,) = radiographs("1", 1)
    stored = wrapped(picture, bits, inverted=inverted, window=window)
    found = model.look(read(written(stored, syntax, tmp_path)).grey)
    assert found.probability == pytest.approx(model.look(picture).probability, abs=0.01)


def _probabilities(pictures: list[Grey], threads: int) -> list[float]:
    model = load(Registry().find("fracture"), threads=threads)
    return [model.look(picture).probability for picture in pictures]


def test_runs_and_workers_agree(model: FractureModel) -> None:
    """Twice in one process, and in two others with one thread and two, it is the same number."""
    pictures = radiographs("1", 2) + radiographs("0", 2)
    here = [model.look(picture).probability for picture in pictures]
    assert here == [model.look(picture).probability for picture in pictures]
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as pool:
        elsewhere = pool.map(_probabilities, [pictures] * 2, [1, 2])
        for found in elsewhere:
            assert found == pytest.approx(here, abs=1e-4)


def _dicom(paths: Sequence[Path]) -> list[Grey]:
    found = []
    for path in paths:
        ds = dcmread(path, force=True)
        if "TransferSyntaxUID" not in ds.file_meta:
            ds.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian
        found.append(displayed(ds, 1))
    return found


def _chests() -> list[Path]:
    names = ("fo-dicom/CR-MONO1-10-chest", "presidio_pseudoPHI/0_ORIGINAL_compressed.dcm")
    return [real("dicom") / name for name in names]


STRANGERS: dict[str, Callable[[], list[Grey]]] = {
    "skull": lambda: [grey(path) for path in sorted((real("skull") / "images").iterdir())],
    "photograph": lambda: [grey(path) for path in sorted(real("photos").iterdir())],
    "ultrasound": lambda: [
        grey(path) for path in sorted((real("thyroid") / "images").iterdir())[::8]
    ],
    "MR": lambda: _dicom(sorted(real("head/mr_t1_dicom").iterdir())[40:160:12]),
    "CT": lambda: _dicom(sorted(real("head/ct_gantry_tilt_dicom").iterdir())[::3]),
    "chest": lambda: _dicom(_chests()),
}
"""Pictures that are no X-rays of extremities."""


@pytest.mark.parametrize(
    ("kind", "least"),
    [
        ("skull", 0.95),
        ("photograph", 0.95),
        ("ultrasound", 0.95),
        ("MR", 0.95),
        ("CT", 0.85),
        ("chest", 0.5),
    ],
)
def test_strangers_are_refused(model: FractureModel, kind: str, least: float) -> None:
    """What is no X-ray of an extremity is refused by the image alone, whatever its header says."""
    refused = [bool(model.look(picture).refused) for picture in STRANGERS[kind]()]
    assert np.mean(refused) >= least


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
def test_pictures_of_nothing_are_refused(model: FractureModel, picture: Grey) -> None:
    """Black, white, noise and a test pattern are no X-rays."""
    assert model.look(picture).refused


def test_extremities_are_not_refused(model: FractureModel) -> None:
    """Of pictures of the right kind that the model never saw, hardly any is refused."""
    pictures = radiographs("1", 20) + radiographs("0", 20)
    assert sum(bool(model.look(picture).refused) for picture in pictures) <= 2


def test_what_speaks_for_it_covers_the_picture(model: FractureModel) -> None:
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
