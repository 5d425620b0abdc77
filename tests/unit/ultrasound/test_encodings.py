"""Every frame of every encoding is shown as a viewer shows it, and frames are found by number."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pydicom import Dataset, dcmread
from pydicom.uid import JPEG2000

from bench.phantoms import TRANSFER_SYNTAXES
from pipelines.contract import Rejected
from pipelines.display import shown
from pipelines.ultrasound import frames
from tests.unit.radiographs.stored import SYNTAXES
from tests.unit.ultrasound.stored import (
    COLOURS,
    OFFSETS,
    cine,
    compressed,
    jpegs,
    loop_of,
    pick,
    stored_alone,
    written,
)

NUMBERS = (3, 1, 2)


@pytest.mark.parametrize("syntax", SYNTAXES)
@pytest.mark.parametrize("colour", COLOURS)
def test_every_encoding_shows_what_a_viewer_shows(colour: str, syntax: str, tmp_path: Path) -> None:
    """Frame by frame and in any order it is the same as of the whole file at once."""
    if syntax == "jpeg-lossless" and colour.startswith("YBR"):
        pytest.skip("the encoder of the tests makes no such file")
    if colour == "PALETTE COLOR" and syntax in TRANSFER_SYNTAXES and syntax.startswith("jpeg"):
        pytest.skip("the standard has no palettes in it")
    instance = written(cine(3, colour), syntax, tmp_path)
    whole = dcmread(instance.path)
    seen = list(frames(loop_of(instance, 3), NUMBERS))
    assert [one.reference.frame for one in seen] == list(NUMBERS)
    for number, one in zip(NUMBERS, seen, strict=True):
        assert (one.picture == shown(whole, number)).all()
        assert one.picture.flags.writeable
    assert not (seen[0].picture == seen[1].picture).all()
    assert len(seen[0].regions) == 1


@pytest.mark.parametrize("offsets", OFFSETS)
def test_frames_are_found_with_and_without_tables(offsets: str, tmp_path: Path) -> None:
    """By offsets, basic or extended, or by counting fragments, several of which make a frame."""
    instance = stored_alone(compressed(jpegs(4), offsets, (120, 160)), tmp_path)
    whole = dcmread(instance.path)
    for number, one in zip((4, 2, 1), frames(loop_of(instance, 4), (4, 2, 1)), strict=True):
        assert (one.picture == shown(whole, number)).all()


@pytest.mark.parametrize("syntax", ["native", "deflated", "jpeg-ls"])
def test_frames_of_odd_length_are_found(syntax: str, tmp_path: Path) -> None:
    """Only the last of them is filled up to an even length."""
    instance = written(cine(3, "MONOCHROME2", size=151), syntax, tmp_path)
    whole = dcmread(instance.path)
    for number, one in zip(NUMBERS, frames(loop_of(instance, 3), NUMBERS), strict=True):
        assert (one.picture == shown(whole, number)).all()


def test_lossy_jpeg_2000_is_shown_in_its_colours(tmp_path: Path) -> None:
    """Its own colours become red, green and blue."""
    ds = cine(2)
    pixels = ds.pixel_array
    ds.PhotometricInterpretation = "YBR_ICT"
    ds.compress(JPEG2000, pixels, j2k_cr=[4], generate_instance_uid=False)
    (first,) = pick(ds, tmp_path)
    assert np.abs(first.picture.astype(int) - pixels[0]).mean() < 4


def test_a_window_of_one_frame_is_its_own(tmp_path: Path) -> None:
    """What is said frame by frame holds for that frame."""
    groups = []
    for width in (256, 64):
        window, group = Dataset(), Dataset()
        window.WindowCenter, window.WindowWidth = 40, width
        group.FrameVOILUTSequence = [window]
        groups.append(group)
    ds = cine(2, "MONOCHROME2", PerFrameFunctionalGroupsSequence=groups)
    first, second = pick(ds, tmp_path, (1, 2))
    assert not (first.picture == second.picture).all()
    for number, one in enumerate((first, second), start=1):
        assert (one.picture == shown(ds, number)).all()


def test_a_single_picture_has_no_number(tmp_path: Path) -> None:
    """Its reference is to the image."""
    (one,) = pick(cine(1), tmp_path)
    assert one.reference.frame is None


@pytest.mark.parametrize("number", [0, 4, -1, 10**12])
def test_a_frame_that_is_not_there_is_rejected(number: int, tmp_path: Path) -> None:
    """Those of the image are counted from 1."""
    with pytest.raises(Rejected, match="it has no such frame"):
        pick(cine(3), tmp_path, [number])
