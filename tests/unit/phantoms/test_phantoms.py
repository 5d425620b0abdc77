"""Phantoms: the same for the same seed, valid for others' eyes, and what they claim to show."""

from __future__ import annotations

import shutil
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from pydicom import Dataset, dcmread, dcmwrite
from pydicom.pixels.utils import pixel_array

from bench.phantoms import (
    KINDS,
    TRANSFER_SYNTAXES,
    ct_head,
    ct_like,
    dx_extremity,
    dx_like,
    encode,
    small_like,
    us_thyroid,
    write,
    write_files,
)
from tests.peers.validators import dciodvfy


def encoded(datasets: list[Dataset]) -> list[bytes]:
    """Each as the bytes of a file."""
    made = []
    for ds in datasets:
        buffer = BytesIO()
        dcmwrite(buffer, ds, enforce_file_format=True)
        made.append(buffer.getvalue())
    return made


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_seed_gives_the_same_bytes(kind: str) -> None:
    """A phantom is the same wherever and whenever it is made; another seed is another study."""
    first, again, other = (KINDS[kind](seed) for seed in (3, 3, 4))
    assert encoded(first[:2]) == encoded(again[:2])
    assert first[0].StudyInstanceUID != other[0].StudyInstanceUID
    assert first[0].PatientID != other[0].PatientID


@pytest.mark.parametrize("syntax", TRANSFER_SYNTAXES)
@pytest.mark.parametrize("kind", KINDS)
def test_dciodvfy_finds_no_error(kind: str, syntax: str, tmp_path: Path) -> None:
    """Every kind in every transfer syntax is a valid object."""
    if shutil.which("dciodvfy") is None:
        pytest.skip("dciodvfy is not installed (Debian: dicom3tools)")
    (path,) = write(encode(KINDS[kind](1)[:1], syntax), tmp_path)
    assert dciodvfy(path) == []


@pytest.mark.parametrize("syntax", ["rle", "jpeg-ls", "jpeg2000"])
@pytest.mark.parametrize("kind", KINDS)
def test_compression_loses_nothing(kind: str, syntax: str) -> None:
    """The pixels are the same after compression."""
    (plain,), (packed,) = KINDS[kind](1)[:1], encode(KINDS[kind](1)[:1], syntax)
    assert packed.file_meta.TransferSyntaxUID == TRANSFER_SYNTAXES[syntax]
    assert np.array_equal(pixel_array(plain), pixel_array(packed))


def test_names_are_plainly_made_up() -> None:
    """Nobody takes a phantom for a patient."""
    for make in KINDS.values():
        ds = make(1)[0]
        assert str(ds.PatientName).startswith("PHANTOM^")
        assert ds.PatientID.startswith("PHANTOM-")


def test_a_fracture_changes_some_pixels_and_nothing_else() -> None:
    """The fracture is a thin dark line in one bone."""
    whole, broken = (dx_extremity(1, size=256, fracture=f)[0] for f in (False, True))
    changed = pixel_array(whole) != pixel_array(broken)
    assert 0 < changed.sum() < changed.size / 100
    assert whole.SOPInstanceUID == broken.SOPInstanceUID


def test_ct_geometry_is_as_asked() -> None:
    """A gap leaves a place empty, a duplicate has the place before it, a missing one is not."""
    odd = ct_head(size=16, slices=8, spacing=3.0, gap_after=3, duplicate=6, missing=[8], tilt=20)
    depths = [float(ds.ImagePositionPatient[2]) for ds in odd]
    assert depths == [0, 3, 6, 12, 15, 18, 18]
    assert [ds.InstanceNumber for ds in odd] == [1, 2, 3, 4, 5, 6, 7]
    assert odd[0].ImageOrientationPatient[4] == pytest.approx(np.cos(np.radians(20)), abs=1e-6)


def test_old_ultrasound_colour_is_read_back() -> None:
    """YBR_FULL_422 decodes to about the RGB it was made from."""
    rgb, ybr = (us_thyroid(size=64, frames=2, colour=c)[0] for c in ("RGB", "YBR_FULL_422"))
    assert ybr.PhotometricInterpretation == "YBR_FULL_422"
    difference = np.abs(pixel_array(rgb).astype(int) - pixel_array(ybr).astype(int))
    assert np.median(difference) <= 2


@pytest.mark.parametrize(
    ("files", "size"), [(ct_like, 524288), (small_like, 10240), (dx_like, 15728640)]
)
def test_sized_instances_have_about_the_size(files: object, size: int, tmp_path: Path) -> None:
    """Each is another instance of one series, within two percent of the size."""
    assert callable(files)
    paths = write_files(files(3), tmp_path)
    read = [dcmread(path) for path in paths]
    assert all(abs(path.stat().st_size - size) < size * 0.02 for path in paths)
    assert len({ds.SOPInstanceUID for ds in read}) == 3
    assert len({ds.SeriesInstanceUID for ds in read}) == 1
    assert [ds.InstanceNumber for ds in read] == [1, 2, 3]
    assert all(ds.SOPInstanceUID == ds.file_meta.MediaStorageSOPInstanceUID for ds in read)
    assert pixel_array(read[0]).shape == (read[0].Rows, read[0].Columns)
