"""Under a presentation state the image looks as it did: as DCMTK renders it, and as it says."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pydicom import Dataset, dcmread
from pydicom.uid import ImplicitVRLittleEndian

from bench.phantoms import ct_head, dx_extremity, mr_head, us_thyroid
from tests.integration.results.drawn import (
    COLOUR,
    SOURCES,
    enhanced,
    palette,
)
from tests.integration.results.states import built, dcmtk, lines, pgm, write
from tests.peers.validators import dciodvfy


@pytest.mark.parametrize("name", ["dx", "dx-inverted", "cr", "ct", "mr"])
def test_the_image_looks_as_before(name: str, tmp_path: Path) -> None:
    """DCMTK renders the image under the presentation state as by its own window, to a grey."""
    datasets = SOURCES[name]()
    built(datasets, tmp_path)
    image = write(datasets[0], tmp_path / "image.dcm")
    dcmtk(["dcmp2pgm", "-p", tmp_path / "0.dcm", image, tmp_path / "under.pgm"])
    dcmtk(["dcm2pnm", "+Wi", "1", "+op", image, tmp_path / "alone.pgm"])
    under, alone = (pgm(tmp_path / f"{name}.pgm").astype(int) for name in ("under", "alone"))
    assert alone.std() > 10
    assert np.abs(under - alone).max() <= 1


def test_all_of_the_image_is_shown(tmp_path: Path) -> None:
    """The displayed area is the whole image, with its spacing only where that is the patient's."""
    (ct,) = built(SOURCES["ct"](), tmp_path)
    (area,) = ct.DisplayedAreaSelectionSequence
    assert area.DisplayedAreaTopLeftHandCorner == [1, 1]
    assert area.DisplayedAreaBottomRightHandCorner == [32, 32]
    assert area.PresentationSizeMode == "SCALE TO FIT"
    assert area.PresentationPixelSpacing == [250 / 32] * 2
    (dx,) = built(dx_extremity(size=64), tmp_path)
    (area,) = dx.DisplayedAreaSelectionSequence
    assert area.DisplayedAreaBottomRightHandCorner == [48, 64]
    assert area.PresentationPixelAspectRatio == [1, 1]
    assert "PresentationPixelSpacing" not in area


def test_pixels_that_are_not_square_stay_so(tmp_path: Path) -> None:
    """The source's aspect ratio is carried over."""
    (ds,) = us_thyroid(size=64)
    ds.PixelAspectRatio = ["4", "3"]
    (made,) = built([ds], tmp_path)
    assert made.DisplayedAreaSelectionSequence[0].PresentationPixelAspectRatio == [4, 3]
    assert dciodvfy(tmp_path / "0.dcm") == []


def test_window_and_rescaling_are_the_sources(tmp_path: Path) -> None:
    """The first of several windows comes over with its explanation and function."""
    datasets = ct_head(size=32, slices=3)
    for ds in datasets:
        ds.WindowCenter, ds.WindowWidth = [40, 500], [100.5, 2000]
        ds.WindowCenterWidthExplanation, ds.VOILUTFunction = ["BRAIN", "BONE"], "LINEAR_EXACT"
        ds.RescaleIntercept = -1000
    (made,) = built(datasets, tmp_path)
    (window,) = made.SoftcopyVOILUTSequence
    assert (window.WindowCenter, window.WindowWidth) == (40, 100.5)
    assert (window.WindowCenterWidthExplanation, window.VOILUTFunction) == ("BRAIN", "LINEAR_EXACT")
    assert "ReferencedImageSequence" not in window
    assert (made.RescaleIntercept, made.RescaleSlope, made.RescaleType) == (-1000, 1, "HU")
    assert made.PresentationLUTShape == "IDENTITY"
    assert dciodvfy(tmp_path / "0.dcm") == []


def test_each_image_keeps_its_own_window(tmp_path: Path) -> None:
    """Images with different windows are named beside theirs."""
    datasets = mr_head(size=32, slices=3)
    datasets[1].WindowWidth = 500
    (made,) = built(datasets, tmp_path)
    windows = {
        float(item.WindowWidth): [
            on.ReferencedSOPInstanceUID for on in item.ReferencedImageSequence
        ]
        for item in made.SoftcopyVOILUTSequence
    }
    assert windows == {700: [datasets[0].SOPInstanceUID], 500: [datasets[1].SOPInstanceUID]}
    assert dciodvfy(tmp_path / "0.dcm") == []


def test_each_frame_keeps_its_own_window(tmp_path: Path) -> None:
    """Frames of an enhanced image with different windows are named beside theirs."""
    (made,) = built(enhanced(), tmp_path)
    found = {
        float(item.WindowWidth): item.ReferencedImageSequence[0].ReferencedFrameNumber
        for item in made.SoftcopyVOILUTSequence
    }
    assert found == {150: 1, 400: [2, 3]}
    assert made.SoftcopyVOILUTSequence[0].WindowCenterWidthExplanation == "BRAIN"
    assert made.RescaleIntercept == -1024


def test_frames_that_are_rescaled_differently_are_apart(tmp_path: Path) -> None:
    """A presentation state has one rescaling: frames with another one have one of their own."""
    first, second = built(enhanced((-1024, -1024, -500)), tmp_path)
    for made, frames, intercept in ((first, [1, 2], -1024), (second, 3, -500)):
        (image,) = made.ReferencedSeriesSequence[0].ReferencedImageSequence
        assert image.ReferencedFrameNumber == frames
        assert made.RescaleIntercept == intercept
    assert {on.ReferencedFrameNumber for on, _ in lines(first)} == {1}
    assert {on.ReferencedFrameNumber for on, _ in lines(second)} == {3}
    assert first.SOPInstanceUID != second.SOPInstanceUID
    assert first.SeriesInstanceUID == second.SeriesInstanceUID
    assert [dciodvfy(tmp_path / f"{n}.dcm") for n in (0, 1)] == [[], []]


@pytest.mark.parametrize("implicit", [True, False])
def test_tables_are_the_sources(implicit: bool, tmp_path: Path) -> None:
    """Tables for measurement and display come over whole, whatever the source's encoding was.

    Entries of 12 bits for display are written with 16, and give the same greys.
    """
    (ds,) = dx_extremity(size=64)
    table = Dataset()
    table.add_new("LUTDescriptor", "US", [4096, 0, 12])
    table.add_new("LUTData", "OW", np.arange(4096, dtype="<u2")[::-1].tobytes())
    table.LUTExplanation = "reversed"
    modality = Dataset()
    modality.add_new("LUTDescriptor", "US", [4096, 0, 16])
    halves = np.where(np.arange(4096) < 2048, np.arange(4096) // 2, np.arange(4096))
    halves[-1] = 65535  # of 16 bits, so that dciodvfy finds them used
    modality.add_new("LUTData", "OW", halves.astype("<u2").tobytes())
    modality.ModalityLUTType = "US"
    ds.VOILUTSequence, ds.ModalityLUTSequence = [table], [modality]
    del ds.WindowCenter, ds.WindowWidth
    del ds.RescaleIntercept, ds.RescaleSlope, ds.RescaleType
    if implicit:
        ds.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian
    image = write(ds, tmp_path / "image.dcm")
    (made,) = built([dcmread(image)], tmp_path)
    (voi,) = made.SoftcopyVOILUTSequence[0].VOILUTSequence
    assert (voi.LUTDescriptor, voi.LUTExplanation) == ([4096, 0, 16], "reversed")
    greys = np.frombuffer(voi.LUTData, "<u2")
    assert np.abs(greys / 65535 - np.arange(4096)[::-1] / 4095).max() < 1 / 65535
    assert made.ModalityLUTSequence[0].LUTData == modality.LUTData
    assert "RescaleSlope" not in made
    assert dciodvfy(tmp_path / "0.dcm") == []
    dcmtk(["dcmp2pgm", "-p", tmp_path / "0.dcm", image, tmp_path / "under.pgm"])
    wanted = ((4095 - halves.clip(0, 4095)[ds.pixel_array]) * 255 / 4095).round()
    assert np.abs(pgm(tmp_path / "under.pgm") - wanted).max() <= 1


def test_an_image_without_a_window_does_not_turn_black(tmp_path: Path) -> None:
    """Of many bits without a window all values that there are can be told apart."""
    (ds,) = mr_head(size=32, slices=1)
    del ds.WindowCenter, ds.WindowWidth
    (made,) = built([ds], tmp_path)
    pixels = ds.pixel_array
    (window,) = made.SoftcopyVOILUTSequence
    assert window.WindowWidth == int(pixels.max()) - int(pixels.min()) + 1
    image = write(ds, tmp_path / "image.dcm")
    dcmtk(["dcmp2pgm", "-p", tmp_path / "0.dcm", image, tmp_path / "under.pgm"])
    assert pgm(tmp_path / "under.pgm").max() == 255


def test_small_values_stay_white(tmp_path: Path) -> None:
    """Over MONOCHROME1 the presentation LUT inverts, for viewers ignore what the image says."""
    (made,) = built(SOURCES["dx-inverted"](), tmp_path)
    assert made.PresentationLUTShape == "INVERSE"


@pytest.mark.parametrize("name", sorted(COLOUR))
def test_colour_states_have_a_profile_and_no_greys(name: str, tmp_path: Path) -> None:
    """Colours are told by a profile; palettes count as colour and nothing grey is said of them."""
    (made,) = built(SOURCES[name](), tmp_path)
    assert made.ICCProfile[36:40] == b"acsp"
    assert made.ICCProfile[16:20] == b"RGB "
    assert not {"SoftcopyVOILUTSequence", "PresentationLUTShape", "RescaleSlope"} & set(made.dir())


def test_the_sources_profile_is_kept_where_it_may_be(tmp_path: Path) -> None:
    """An input profile is carried over; another kind, or none that can be read, gives sRGB."""
    (ds,) = palette()
    (plain,) = built([ds], tmp_path)
    own = bytearray(plain.ICCProfile)
    own[64:68] = b"\0\0\0\1"  # another rendering intent
    ds.ICCProfile = bytes(own)
    assert built([ds], tmp_path)[0].ICCProfile == bytes(own)
    for wrong in (b"no profile", bytes(own[:12] + b"mntr" + own[16:]), bytes(own[:200])):
        ds.ICCProfile = wrong
        assert built([ds], tmp_path)[0].ICCProfile == plain.ICCProfile
