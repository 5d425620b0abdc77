"""Frames that cannot be shown say so, and frames of other byte orders look like their twins."""

from __future__ import annotations

import struct
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from PIL import Image
from pydicom import DataElement, Dataset, dcmread
from pydicom.encaps import encapsulate, get_frame
from pydicom.uid import ExplicitVRBigEndian, JPEGBaseline8Bit

from bench.phantoms import dx_extremity, encode, us_thyroid
from pipelines.display import NotShown, described, first, grey, grey_and_padding, shown, value
from pipelines.display.codestreams import stated


def item(descriptor: list[int], data: bytes) -> Dataset:
    """A lookup table."""
    made = Dataset()
    made["LUTDescriptor"] = DataElement("LUTDescriptor", "US", descriptor)
    made["LUTData"] = DataElement("LUTData", "OW", data)
    return made


def test_grey_is_what_is_shown_in_each_colour() -> None:
    """One channel for those who look at grey only."""
    (ds,) = dx_extremity(size=64)
    assert (shown(ds, 1) == grey(ds, 1)[..., None]).all()
    assert grey_and_padding(ds, 1)[1] is None


def test_colours_are_no_grey() -> None:
    """Who asks for grey is told that there are colours."""
    with pytest.raises(NotShown, match="not a grey one"):
        grey(us_thyroid(size=64)[0], 1)


def test_padding_is_told_pixel_by_pixel() -> None:
    """Which pixels stand for nothing, for those who measure."""
    (ds,) = dx_extremity(size=64)
    ds["PixelPaddingValue"] = DataElement("PixelPaddingValue", "US", int(ds.pixel_array[0, 0]))
    picture, padding = grey_and_padding(ds, 1)
    assert padding is not None
    assert (padding == (ds.pixel_array == ds.pixel_array[0, 0])).all()
    assert not picture[padding].any()


def test_big_endian_looks_like_its_twin() -> None:
    """Pixels and tables with their bytes the other way round are the same picture."""
    (ds,) = dx_extremity(size=64)
    greys = (np.arange(4096) * 16).astype("<u2")
    ds.VOILUTSequence = [item([4096, 0, 16], greys.tobytes())]
    wanted = shown(ds, 1)
    ds.file_meta.TransferSyntaxUID = ExplicitVRBigEndian
    ds.PixelData = np.frombuffer(ds.PixelData, "<u2").astype(">u2").tobytes()
    ds.VOILUTSequence[0].LUTData = greys.astype(">u2").tobytes()
    file = BytesIO()
    ds.save_as(file, enforce_file_format=True)
    file.seek(0)
    assert (shown(dcmread(file), 1) == wanted).all()


@pytest.mark.parametrize(
    ("table", "reason"),
    [
        (item([4096, 0], b"\0" * 8192), "cannot be read"),
        (item([4096, 0, 16], b""), "is empty"),
    ],
)
@pytest.mark.parametrize("sequence", ["VOILUTSequence", "ModalityLUTSequence"])
def test_a_broken_table_is_told(table: Dataset, reason: str, sequence: str) -> None:
    """Without its table an image would look like another."""
    (ds,) = dx_extremity(size=64)
    setattr(ds, sequence, [table])
    with pytest.raises(NotShown, match=reason):
        shown(ds, 1)


@pytest.mark.parametrize(
    "attributes",
    [
        {"RescaleSlope": "1e300"},
        {"RescaleSlope": "0"},
        {"WindowWidth": "1e-300"},
        {"WindowCenter": "-1e300"},
        {"HighBit": None},
    ],
)
def test_odd_numbers_are_shown_somehow(attributes: dict[str, Any]) -> None:
    """A picture may be black or white for them, but no warning and no error comes of it."""
    (ds,) = dx_extremity(size=64)
    for keyword, number in attributes.items():
        setattr(ds, keyword, number)
    assert shown(ds, 1).shape == (64, 48, 3)


def test_floating_pixels_that_are_no_numbers_are_black() -> None:
    """Parametric images leave out pixels so."""
    (ds,) = dx_extremity(size=64)
    pixels = np.full((64, 48), np.nan, np.float32)
    pixels[:32] = np.linspace(0, 1, 48, dtype=np.float32)
    del ds.PixelData
    ds.FloatPixelData = pixels.tobytes()
    ds.BitsAllocated = 32
    del ds.WindowCenter, ds.WindowWidth
    picture = shown(ds, 1)
    assert not picture[32:].any()
    assert picture[0, 47, 0] == 255


@pytest.mark.parametrize("syntax", ["jpeg", "jpeg-ls", "jpeg2000", "rle"])
def test_planes_mean_nothing_where_it_is_compressed(syntax: str) -> None:
    """How colours lie in a compressed frame is its own affair, whatever the header says or omits.

    The standard wants a 0 there (PS3.5 8.2), and there are files with a 1 or without.
    """
    (ds,) = us_thyroid(size=64)
    if syntax == "jpeg":
        file = BytesIO()
        Image.fromarray(ds.pixel_array).save(file, "JPEG")
        ds.PhotometricInterpretation, ds.PixelData = "YBR_FULL_422", encapsulate([file.getvalue()])
        ds.file_meta.TransferSyntaxUID = JPEGBaseline8Bit
    else:
        encode([ds], syntax)
    wanted = shown(ds, 1)
    ds.PlanarConfiguration = 1
    assert (shown(ds, 1) == wanted).all()
    del ds.PlanarConfiguration
    assert (shown(ds, 1) == wanted).all()


@pytest.mark.parametrize("syntax", ["jpeg-ls", "jpeg2000", "rle"])
def test_what_size_a_frame_says_it_has(syntax: str) -> None:
    """JPEG in its kinds says so; run lengths do not."""
    (ds,) = encode(dx_extremity(size=64), syntax)
    frame = get_frame(ds.PixelData, 0)
    assert stated(frame) == (None if syntax == "rle" else (64, 48, 1))


@pytest.mark.parametrize("data", [b"", b"\xff\xd8", b"\xff\xd8\xff\xda" + bytes(20), bytes(99)])
def test_a_frame_that_says_no_size(data: bytes) -> None:
    """The decoder will say what is wrong with it."""
    assert stated(data) is None


def test_a_frame_of_another_size_is_not_unpacked() -> None:
    """The header's size is what memory is asked for."""
    (ds,) = encode(dx_extremity(size=64), "jpeg2000")
    frame = bytearray(get_frame(ds.PixelData, 0))
    struct.pack_into(">2L", frame, frame.index(b"\xff\x4f\xff\x51") + 8, 50_000, 50_000)
    ds.PixelData = encapsulate([bytes(frame)])
    with pytest.raises(NotShown, match="cannot be decoded") as caught:
        shown(ds, 1)
    assert "size" in str(caught.value.__cause__)


@pytest.mark.filterwarnings("ignore:Invalid value for VR")
def test_values_that_make_no_sense_count_as_missing() -> None:
    """Broken numbers, and sequences that are none."""
    (ds,) = dx_extremity(size=64)
    ds.PerFrameFunctionalGroupsSequence = []
    file = BytesIO()
    ds.save_as(file, enforce_file_format=True)
    broken = dcmread(BytesIO(file.getvalue().replace(b"4096.0", b"40x6.0")))
    assert value(broken, "WindowWidth") is None
    assert value(broken, "NumberOfFrames") is None
    assert "WindowWidth" not in described(broken, 1, ["WindowWidth", "WindowCenter"])
    assert first(7) == first(None) == first("text") == Dataset()
