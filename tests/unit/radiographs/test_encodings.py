"""The same picture is read from every encoding of it."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pydicom.encaps import encapsulate
from pydicom.pixels.processing import convert_color_space
from pydicom.uid import JPEGBaseline8Bit, SecondaryCaptureImageStorage

from pipelines.contract import Rejected
from pipelines.radiographs import read
from tests.unit.radiographs.stored import (
    SYNTAXES,
    WINDOWS,
    changed,
    picture,
    put,
    radiograph,
    seen,
    stored_as,
    written,
)


@pytest.mark.parametrize("window", WINDOWS)
@pytest.mark.parametrize("syntax", SYNTAXES)
@pytest.mark.parametrize("bits", [8, 10, 12, 14, 16])
@pytest.mark.parametrize("inverted", [False, True])
def test_every_encoding_shows_the_same(
    bits: int, inverted: bool, syntax: str, window: str, tmp_path: Path
) -> None:
    """Depth, polarity, compression and window change a grey by no more than rounding does."""
    made = read(written(stored_as(bits, inverted, window), syntax, tmp_path))
    difference = np.abs(made.grey - picture())
    if window == "none" and bits > 8:
        # Without a window the darkest and brightest half percent are stretched to black and white.
        assert np.corrcoef(made.grey.ravel(), picture().ravel())[0, 1] > 0.999
        assert np.median(difference) <= 12
    else:
        assert difference.max() <= (0 if bits in (8, 12) else 1)
    assert made.visible.all()
    assert made.remarks == ()


@pytest.mark.parametrize("bits", [10, 12, 14, 16])
def test_without_a_window_depth_changes_nothing(bits: int, tmp_path: Path) -> None:
    """What is stretched is stretched alike, whatever the depth."""
    folders = [tmp_path / "a", tmp_path / "b"]
    for folder in folders:
        folder.mkdir()
    one = read(written(stored_as(bits, False, "none"), "native", folders[0]))
    other = read(written(stored_as(12, True, "none"), "jpeg-ls", folders[1]))
    assert np.abs(one.grey.astype(int) - other.grey).max() <= 2


@pytest.mark.parametrize("photometric", ["RGB", "YBR_FULL", "PALETTE COLOR"])
def test_colour_without_colours_is_grey(photometric: str, tmp_path: Path) -> None:
    """Captures keep a radiograph in three equal colours, or in a palette of greys."""
    ds = radiograph(WindowCenter=None, WindowWidth=None)
    ds.SOPClassUID = ds.file_meta.MediaStorageSOPClassUID = SecondaryCaptureImageStorage
    grey = picture().astype(np.uint8)
    if photometric == "PALETTE COLOR":
        put(ds, grey)
        for colour in ("Red", "Green", "Blue"):
            setattr(ds, f"{colour}PaletteColorLookupTableDescriptor", [256, 0, 16])
            data = (np.arange(256) * 257).astype("<u2").tobytes()
            setattr(ds, f"{colour}PaletteColorLookupTableData", data)
    else:
        colours = np.repeat(grey[..., None], 3, axis=-1)
        put(
            ds, colours if photometric == "RGB" else convert_color_space(colours, "RGB", "YBR_FULL")
        )
    ds.PhotometricInterpretation = photometric
    assert (seen(ds, tmp_path).grey == grey).all()


def test_a_jpeg_screenshot_is_read(tmp_path: Path) -> None:
    """Lossy compression in colours leaves no tint worth speaking of."""
    ds = radiograph(WindowCenter=None, WindowWidth=None)
    grey = picture().astype(np.uint8)
    put(ds, np.repeat(grey[..., None], 3, axis=-1))
    packed = BytesIO()
    Image.fromarray(grey).convert("RGB").save(packed, "JPEG", quality=90, subsampling="4:2:0")
    ds.PixelData = encapsulate([packed.getvalue()])
    ds["PixelData"].VR = "OB"
    ds["PixelData"].is_undefined_length = True
    ds.file_meta.TransferSyntaxUID = JPEGBaseline8Bit
    ds.PhotometricInterpretation = "YBR_FULL_422"
    difference = np.abs(seen(ds, tmp_path).grey.astype(int) - grey)
    assert np.median(difference) <= 3


def test_what_is_really_in_colour_is_refused(tmp_path: Path) -> None:
    """A photograph that came as a capture is no radiograph."""
    ds = put(radiograph(), np.random.default_rng(1).integers(0, 255, (64, 64, 3)).astype(np.uint8))
    with pytest.raises(Rejected, match="the picture is in colour, a radiograph is not"):
        seen(ds, tmp_path)


def test_a_coloured_marker_does_not_make_a_colour_picture(tmp_path: Path) -> None:
    """A small L in yellow is a marker on a radiograph."""
    colours = np.repeat(picture().astype(np.uint8)[..., None], 3, axis=-1)
    colours[2:8, 2:8] = (255, 255, 0)
    assert seen(put(radiograph(), colours), tmp_path).grey.shape == colours.shape[:2]


def test_each_frame_is_read_by_its_number(tmp_path: Path) -> None:
    """Frames are counted from 1, and the reference says which."""
    ds = radiograph()
    stack = np.stack([ds.pixel_array, ds.pixel_array[::-1]])
    changed(ds, NumberOfFrames=2, PixelData=stack.tobytes())
    first, second = seen(ds, tmp_path, 1), seen(ds, tmp_path, 2)
    assert (first.grey == picture()).all()
    assert (second.grey == picture()[::-1]).all()
    assert second.reference.frame == 2
