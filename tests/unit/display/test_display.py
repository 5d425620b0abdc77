"""From stored values to a screen: windows, tables, colours and padding, against known values."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from pydicom import DataElement, Dataset, FileMetaDataset
from pydicom.uid import (
    CTImageStorage,
    ExplicitVRLittleEndian,
    XRayAngiographicImageStorage,
)

from bench.phantoms import ct_head, photograph, us_thyroid
from pipelines.display import NotShown, shown, windowed


def image(pixels: NDArray[Any], **attributes: Any) -> Dataset:
    """An image of these stored values."""
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.StudyInstanceUID, ds.SeriesInstanceUID, ds.SOPInstanceUID = "1.2", "1.3", "1.4"
    ds.SOPClassUID = CTImageStorage
    ds.Rows, ds.Columns = pixels.shape[:2]
    ds.SamplesPerPixel = 3 if pixels.ndim == 3 else 1
    ds.PhotometricInterpretation = "RGB" if pixels.ndim == 3 else "MONOCHROME2"
    if pixels.ndim == 3:
        ds.PlanarConfiguration = 0
    ds.BitsAllocated = ds.BitsStored = pixels.itemsize * 8
    ds.HighBit = ds.BitsStored - 1
    ds.PixelRepresentation = int(pixels.dtype.kind == "i")
    data = np.ascontiguousarray(pixels).tobytes()
    ds.PixelData = data + b"\0" * (len(data) % 2)
    ds["PixelData"].VR = "OW"
    for keyword, value in attributes.items():
        setattr(ds, keyword, value)
    return ds


def see(ds: Dataset, frame: int = 1) -> NDArray[np.uint8]:
    """What a viewer shows of it."""
    return shown(ds, frame)


def greys(ds: Dataset, frame: int = 1) -> list[int]:
    """The greys of it, which have to be greys."""
    picture = see(ds, frame)
    assert (picture == picture[..., :1]).all()
    return [int(value) for value in picture[..., 0].ravel()]


def table(begin: int, entries: list[int], bits: int, *, as_bytes: bool) -> Dataset:
    """A lookup table."""
    item = Dataset()
    item["LUTDescriptor"] = DataElement("LUTDescriptor", "SS", [len(entries), begin, bits])
    data: Any = np.array(entries, "<u2").tobytes() if as_bytes else entries
    item["LUTData"] = DataElement("LUTData", "OW" if as_bytes else "US", data)
    return item


ROW = np.array([[-200, -60, -10, 39, 40, 90, 140, 3000]], np.int16)


@pytest.mark.parametrize(
    ("function", "wanted"),
    [
        # ((x - 39.5) / 199 + 0.5) * 255
        (None, [0, 0, 64, 127, 128, 192, 255, 255]),
        ("LINEAR", [0, 0, 64, 127, 128, 192, 255, 255]),
        # ((x - 40) / 200 + 0.5) * 255
        ("LINEAR_EXACT", [0, 0, 64, 126, 128, 191, 255, 255]),
        # 255 / (1 + exp(-4 (x - 40) / 200))
        ("SIGMOID", [2, 30, 69, 126, 128, 186, 225, 255]),
    ],
)
def test_a_window_is_computed_as_the_standard_says(function: str | None, wanted: list[int]) -> None:
    """Centre 40, width 200, over values computed by hand."""
    more = {"VOILUTFunction": function} if function else {}
    assert greys(image(ROW, WindowCenter=40, WindowWidth=200, **more)) == wanted


def test_the_first_of_several_windows_counts() -> None:
    """A second window is an alternative that a person may choose."""
    one = image(ROW, WindowCenter=40, WindowWidth=200)
    two = image(ROW, WindowCenter=[40, 600], WindowWidth=[200, 2000])
    assert greys(one) == greys(two)


def test_a_window_of_one_is_a_step() -> None:
    """Width 1 is allowed for LINEAR: black below, white from the centre on."""
    values = np.array([38.0, 39.5, 39.6, 40.0])
    assert windowed(values, 40, 1).tolist() == [0, 0, 1, 1]


def test_rescaling_comes_before_the_window() -> None:
    """The window is in Hounsfield units, the file is not."""
    stored = (ROW.astype(int) + 1024).astype(np.uint16)
    ds = image(stored, WindowCenter=40, WindowWidth=200, RescaleSlope=1, RescaleIntercept=-1024)
    assert greys(ds) == greys(image(ROW, WindowCenter=40, WindowWidth=200))


@pytest.mark.parametrize("as_bytes", [True, False])
def test_a_voi_table_goes_before_a_window(as_bytes: bool) -> None:
    """Four entries from the value 10 on; what lies outside has the first and the last."""
    stored = np.array([[0, 10, 11, 12, 13, 500]], np.uint16)
    ds = image(stored, WindowCenter=1, WindowWidth=2)
    ds.VOILUTSequence = [table(10, [0, 1023, 2046, 4095], 12, as_bytes=as_bytes)]
    assert greys(ds) == [0, 0, 64, 127, 255, 255]


def test_a_modality_table_goes_before_the_window() -> None:
    """The table's entries are what the window is in."""
    ds = image(np.array([[0, 1, 2]], np.uint16), WindowCenter=200, WindowWidth=201)
    ds.ModalityLUTSequence = [table(0, [100, 200, 300], 16, as_bytes=True)]
    assert greys(ds) == [1, 128, 255]


def test_a_table_for_measuring_rays_is_not_for_display() -> None:
    """In angiography the modality table leads back from what is shown to what was measured."""
    stored = np.array([[0, 128, 255]], np.uint8)
    ds = image(stored, PixelIntensityRelationship="LOG")
    ds.SOPClassUID = XRayAngiographicImageStorage
    ds.ModalityLUTSequence = [table(0, list(range(1000, 1256)), 16, as_bytes=True)]
    assert greys(ds) == [0, 128, 255]


@pytest.mark.parametrize(
    "inverting",
    [{"PhotometricInterpretation": "MONOCHROME1"}, {"PresentationLUTShape": "INVERSE"}],
)
def test_what_is_stored_inverted_looks_as_its_twin(inverting: dict[str, str]) -> None:
    """The same picture with white for black in the file is the same picture on the screen."""
    rng = np.random.default_rng(1)
    stored = rng.integers(0, 4096, (20, 30)).astype(np.uint16)
    window = {"WindowCenter": 2048, "WindowWidth": 4096, "BitsStored": 12, "HighBit": 11}
    twin = image(4095 - stored, **window, **inverting)
    assert (see(twin) == see(image(stored, **window))).all()


def test_inverted_twice_is_inverted_once() -> None:
    """A DX says it in two places, which is no contradiction (PS3.3 C.8.11.3)."""
    stored = np.array([[0, 255]], np.uint8)
    both = {"PhotometricInterpretation": "MONOCHROME1", "PresentationLUTShape": "INVERSE"}
    assert greys(image(stored, **both)) == [255, 0]


def test_eight_bits_without_a_window_stay_as_they_are() -> None:
    """Captures and ultrasound mean what they store."""
    stored = np.array([[0, 7, 100, 200]], np.uint8)
    assert greys(image(stored)) == [0, 7, 100, 200]


def test_more_bits_without_a_window_are_stretched() -> None:
    """What nearly all pixels lie between is shown; a few far outliers do not darken the rest."""
    stored = np.linspace(1000, 2000, 10_000).astype(np.uint16).reshape(100, 100)
    stored[0, :3] = 65535
    found = see(image(stored))[..., 0]
    assert found[0, 50] < 5
    assert abs(int(found[50, 0]) - 128) < 4
    assert found[99, 99] == 255


def test_a_constant_image_is_shown() -> None:
    """No window and one value only: black, and no error."""
    assert set(greys(image(np.full((3, 3), 500, np.uint16)))) == {0}


def test_padding_is_black_and_does_not_count() -> None:
    """A range of values that stand for nothing is black in an inverted image, too."""
    stored = np.full((10, 10), -2000, np.int16)
    stored[2:8, 2:8] = np.arange(36).reshape(6, 6) * 10
    stored[0, 0] = -1990
    ds = image(stored, PhotometricInterpretation="MONOCHROME1")
    ds["PixelPaddingValue"] = DataElement("PixelPaddingValue", "SS", -2000)
    ds["PixelPaddingRangeLimit"] = DataElement("PixelPaddingRangeLimit", "SS", -1990)
    found = see(ds)[..., 0]
    assert found[0, 0] == found[1, 1] == 0
    assert found[2, 2] == 255
    assert found[7, 7] == 0


@pytest.mark.parametrize("signed", [False, True])
def test_bits_above_those_stored_do_not_matter(signed: bool) -> None:
    """12 of 16 bits are the value; old overlays lie in the others."""
    values = np.array([[-5, 0, 7, 100]] if signed else [[5, 0, 7, 100]])
    stored = (values & 0xFFF | 0x7000).astype(np.uint16)
    window = {"BitsStored": 12, "HighBit": 11, "WindowCenter": 0, "WindowWidth": 200}
    dirty = image(stored, **window, PixelRepresentation=int(signed))
    clean = image(values.astype(np.int16), WindowCenter=0, WindowWidth=200)
    assert greys(dirty) == greys(clean)


@pytest.mark.parametrize("signed", [False, True])
def test_a_value_may_lie_in_the_upper_bits(signed: bool) -> None:
    """An old machine's High Bit of 15: the value is what lies below it, not what lies lowest."""
    values = np.array([[-1900, 0, 70, 2000]] if signed else [[5, 300, 700, 4000]])
    upper = {"BitsStored": 12, "HighBit": 15, "PixelRepresentation": int(signed)}
    window = {"WindowCenter": 1000, "WindowWidth": 6000}
    shifted = image((values << 4 | 0x5).astype(np.uint16), **upper, **window)
    assert greys(shifted) == greys(image(values.astype(np.int16), **window))


def test_a_palette_gives_colours() -> None:
    """16-bit entries by their high bytes; values beyond the table have its last colour."""
    ds = image(np.array([[0, 1, 2, 200]], np.uint8), PhotometricInterpretation="PALETTE COLOR")
    for colour, entries in (("Red", [0, 255, 10]), ("Green", [0, 128, 20]), ("Blue", [9, 0, 30])):
        keyword = f"{colour}PaletteColorLookupTable"
        ds[f"{keyword}Descriptor"] = DataElement(f"{keyword}Descriptor", "US", [3, 0, 16])
        data = (np.array(entries) * 257).astype("<u2").tobytes()
        ds[f"{keyword}Data"] = DataElement(f"{keyword}Data", "OW", data)
    assert see(ds)[0].tolist() == [[0, 0, 9], [255, 128, 0], [10, 20, 30], [10, 20, 30]]


def test_rgb_is_as_stored_and_ours_to_write_to() -> None:
    """A photograph's colours are its own, and writing to the picture leaves the source alone."""
    (ds,) = photograph(size=32)
    before = bytes(ds.PixelData)
    picture = see(ds)
    assert picture.tobytes() == before
    picture[:] = 0
    assert ds.PixelData == before


def test_ybr_looks_like_rgb() -> None:
    """Subsampled colours differ from their RGB twin by rounding alone, where there is no edge."""
    (ybr,), (rgb,) = us_thyroid(size=64, colour="YBR_FULL_422"), us_thyroid(size=64)
    difference = np.abs(see(ybr).astype(int) - see(rgb))
    assert np.median(difference) <= 1
    assert difference.mean() < 1


def test_video_range_ybr_is_stretched() -> None:
    """YBR_PARTIAL: 16 is black, 235 white, and colours are those of BT.601."""
    pixels = np.array([[[16, 128, 128], [235, 128, 128], [81, 90, 240]]], np.uint8)
    ds = image(pixels, PhotometricInterpretation="YBR_PARTIAL_422")
    ds.PhotometricInterpretation = "YBR_PARTIAL_420"
    picture = see(ds)[0].astype(int)
    assert np.abs(picture - [[0, 0, 0], [255, 255, 255], [255, 0, 0]]).max() <= 2


def test_sixteen_bit_colour_keeps_its_high_bytes() -> None:
    """A screen has 8 bits a colour."""
    pixels = np.array([[[0, 0x8000, 0xFFFF], [0x1234, 0, 0xFF]]], np.uint16)
    assert see(image(pixels))[0].tolist() == [[0, 128, 255], [18, 0, 0]]


def test_single_bits_are_black_and_white() -> None:
    """A bitmap of one bit a pixel."""
    ds = image(np.zeros((2, 4), np.uint8), BitsAllocated=1, BitsStored=1, HighBit=0)
    ds.PixelData = b"\x5a\x00"
    assert greys(ds) == [0, 255, 0, 255, 255, 0, 255, 0]


def test_frames_have_windows_of_their_own() -> None:
    """Enhanced images say window and rescaling frame by frame, or once for all."""
    stored = np.stack([ROW + 1000, ROW + 1000])
    ds = image(stored.reshape(2, 8), Rows=1, Columns=8, NumberOfFrames=2)
    window, other, values, shared = Dataset(), Dataset(), Dataset(), Dataset()
    window.WindowCenter, window.WindowWidth = 40, 200
    other.WindowCenter, other.WindowWidth, other.VOILUTFunction = 40, 200, "SIGMOID"
    values.RescaleSlope, values.RescaleIntercept = 1, -1000
    shared.PixelValueTransformationSequence = [values]
    ds.SharedFunctionalGroupsSequence = [shared]
    groups = [Dataset(), Dataset()]
    groups[0].FrameVOILUTSequence, groups[1].FrameVOILUTSequence = [window], [other]
    ds.PerFrameFunctionalGroupsSequence = groups
    assert greys(ds, 1) == [0, 0, 64, 127, 128, 192, 255, 255]
    assert greys(ds, 2) == [2, 30, 69, 126, 128, 186, 225, 255]


def test_each_frame_is_itself() -> None:
    """Frames are counted from 1."""
    (ds,) = us_thyroid(size=64, frames=3)
    for frame in (1, 2, 3):
        assert (see(ds, frame) == ds.pixel_array[frame - 1]).all()


def test_an_image_without_pixels_is_not_shown() -> None:
    """There is nothing to show, and the reason says so."""
    ds = ct_head(size=16, slices=1)[0]
    del ds.PixelData
    with pytest.raises(NotShown, match="cannot be decoded"):
        see(ds)
