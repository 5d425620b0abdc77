"""Broken frames are named, and a huge instance costs the memory of one frame."""

from __future__ import annotations

import struct
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from pydicom import Dataset, dcmread
from pydicom.encaps import encapsulate, generate_frames
from pydicom.uid import MPEG2MPML, UID, DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian

from bench.phantoms import ct_head, encode, us_thyroid
from tests.unit.intake_check.stored import check, codes, measured, note, run, store, study


@pytest.mark.filterwarnings("ignore")  # pydicom warns of each decoder that fails
@pytest.mark.parametrize("syntax", ["rle", "jpeg-ls", "jpeg2000"])
def test_a_broken_frame_is_named_and_the_others_are_decoded(syntax: str, tmp_path: Path) -> None:
    """One damaged frame in the middle of a cine is an error about that frame."""
    (ds,) = encode(us_thyroid(size=64, frames=5), syntax)
    frames = list(generate_frames(ds.PixelData, number_of_frames=5))
    frames[2] = frames[2][:40]
    ds.PixelData = encapsulate(frames)
    findings = check([ds], tmp_path)
    broken = note(findings, "frame-broken")
    assert "frame 3 of instance 1 cannot be decoded" in broken.text
    assert [reference.frame for reference in broken.references] == [3]
    assert measured(findings, "frames decoded") == 4
    assert measured(findings, "frames broken") == 1


def test_a_panic_of_the_rle_decoder_is_a_broken_frame(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Its panics are no exceptions of Python's, and would end the worker."""
    (ds,) = encode(ct_head(size=64, slices=1), "rle")
    longer = b"\x81\0" * (64 * 64 // 128 + 1)
    offsets = struct.pack("<16L", 2, 64, 64 + len(longer), *[0] * 13)
    ds.PixelData = encapsulate([offsets + longer + longer])
    assert "frame-broken" in codes(check([ds], tmp_path))
    capfd.readouterr()


@pytest.mark.parametrize("syntax", ["native", "rle"])
def test_frames_that_are_not_there_are_broken(syntax: str, tmp_path: Path) -> None:
    """NumberOfFrames promises more than there is."""
    (ds,) = encode(us_thyroid(size=64, frames=3), syntax)
    ds.NumberOfFrames = 5
    findings = check([ds], tmp_path)
    assert "frame 4 to 5 of instance 1" in note(findings, "frame-broken").text
    assert measured(findings, "frames decoded") == 3


@pytest.mark.parametrize("syntax", ["native", "rle"])
def test_frames_too_many_are_noticed(syntax: str, tmp_path: Path) -> None:
    """There is more pixel data than NumberOfFrames says."""
    (ds,) = encode(us_thyroid(size=64, frames=3), syntax)
    ds.NumberOfFrames = 2
    findings = check([ds], tmp_path)
    assert "frame-extra" in codes(findings)
    assert measured(findings, "frames decoded") == 2


def test_a_file_that_was_cut_off_is_broken(tmp_path: Path) -> None:
    """The last bytes of the pixel data are missing from the file."""
    paths = store(ct_head(size=32, slices=2), tmp_path)
    whole = study(paths)
    paths[1].write_bytes(paths[1].read_bytes()[:-100])
    findings = run(whole)
    assert (
        "instance 2 cannot be decoded: the pixel data ends" in note(findings, "frame-broken").text
    )


@pytest.mark.parametrize("syntax", [DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian])
def test_rare_uncompressed_syntaxes_are_decoded(syntax: UID, tmp_path: Path) -> None:
    """Deflated and big endian data sets are read as well."""
    (ds,) = ct_head(size=16, slices=1)
    ds.file_meta.TransferSyntaxUID = syntax
    if syntax == ExplicitVRBigEndian:
        ds.PixelData = np.frombuffer(ds.PixelData, "<i2").astype(">i2").tobytes()
        ds["PixelData"].VR = "OW"
        path = tmp_path / "one"
        ds.save_as(path, enforce_file_format=True, little_endian=False, implicit_vr=False)
        findings = run(study([path]))
    else:
        findings = check([ds], tmp_path)
    assert measured(findings, "frames decoded") == 1
    assert codes(findings) == set()


def _video(ds: Dataset) -> None:
    ds.PixelData = encapsulate([b"\0" * 64])
    ds["PixelData"].is_undefined_length = True
    ds.file_meta.TransferSyntaxUID = MPEG2MPML


def _without(ds: Dataset) -> None:
    del ds.PixelData


def _huge(ds: Dataset) -> None:
    ds.Rows = ds.Columns = 60000


def _unsized(ds: Dataset) -> None:
    del ds.Rows


def _undescribed(ds: Dataset) -> None:
    del ds.PixelRepresentation


@pytest.mark.parametrize(
    ("spoil", "because"),
    [
        (_video, "no decoder is known for MPEG2"),
        (_without, "there are none"),
        (_huge, "one frame would take 6866 MB of memory"),
        (_unsized, "their size is not stated"),
    ],
)
def test_what_cannot_be_decoded_here_is_refused(
    spoil: object, because: str, tmp_path: Path
) -> None:
    """Not processed, because: the header is checked all the same."""
    (ds,) = ct_head(size=16, slices=1)
    assert callable(spoil)
    spoil(ds)
    (refusal,) = check([ds], tmp_path).refusals
    assert refusal.of == "Series 1 (CT), pixels of 1 instance"
    assert refusal.because.startswith(because)


def test_an_incomplete_description_is_a_broken_frame(tmp_path: Path) -> None:
    """Pixels whose meaning is not stated cannot be decoded."""
    (ds,) = ct_head(size=16, slices=1)
    _undescribed(ds)
    assert "frame-broken" in codes(check([ds], tmp_path))


def test_values_beyond_the_stored_bits_are_noticed(tmp_path: Path) -> None:
    """BitsStored 12 and a value of 5000 contradict each other."""
    (ds,) = ct_head(size=16, slices=1)
    values = np.frombuffer(ds.PixelData, "<i2").copy()
    values[7] = 5000
    ds.PixelData, ds.BitsStored, ds.HighBit = values.tobytes(), 12, 11
    assert "5000, outside the 12 bits" in note(check([ds], tmp_path), "bits-contradictory").text


def test_one_frame_is_held_at_a_time(tmp_path: Path) -> None:
    """A cine of 200 frames needs no more memory than a few of them."""
    (ds,) = us_thyroid(size=128, frames=4)
    ds.PixelData = ds.PixelData * 50
    ds.NumberOfFrames = 200
    whole = study(store([ds], tmp_path))
    del ds
    run(whole)
    tracemalloc.start()
    findings = run(whole)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert measured(findings, "frames decoded") == 200
    assert most < 10 * 128 * 128 * 3 + 500_000


def test_the_file_is_as_it_was(tmp_path: Path) -> None:
    """Looking changes nothing."""
    paths = store(ct_head(size=16, slices=1), tmp_path)
    before = paths[0].read_bytes()
    run(study(paths))
    assert paths[0].read_bytes() == before
    assert dcmread(paths[0]).Rows == 16
