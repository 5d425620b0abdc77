"""What is read besides the greys: side, view, age, body part, spacing, and polarity of raw data."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom import DataElement, Dataset
from pydicom.uid import DigitalXRayImageStorageForProcessing

from bench.phantoms.base import code
from pipelines.contract import Rejected
from pipelines.radiographs import exposure, from_square, square
from tests.unit.radiographs.stored import picture, put, radiograph, seen


def test_a_phantom_says_what_it_is(tmp_path: Path) -> None:
    """Everything a report will say comes from the header."""
    made = seen(radiograph(), tmp_path)
    assert made.body_parts == ("HAND",)
    assert (made.laterality, made.view) == ("R", "PA")
    assert made.age == pytest.approx(56.0, abs=0.01)
    assert made.for_presentation
    assert made.aspect == 1
    assert made.reference.frame is None
    assert made.remarks == ()


@pytest.mark.parametrize(
    ("attributes", "wanted"),
    [
        ({"PatientAge": "034Y"}, 34),
        ({"PatientAge": "6Y"}, 6),
        ({"PatientAge": "018M"}, 1.5),
        ({"PatientAge": "026W"}, 0.498),
        ({"PatientAge": "000D"}, 0),
        ({"PatientAge": "", "PatientBirthDate": "20160102"}, 10),
        ({"PatientBirthDate": "2016.01.02", "StudyDate": "", "ContentDate": "20260102"}, 10),
        ({"PatientAge": "999Y"}, None),
        ({"PatientBirthDate": "20300101"}, None),
        ({"PatientBirthDate": "18000101"}, None),
        ({"PatientBirthDate": ""}, None),
        ({"PatientBirthDate": "unknown"}, None),
    ],
)
@pytest.mark.filterwarnings("ignore:Invalid value for VR")
def test_age(attributes: dict[str, str], wanted: float | None, tmp_path: Path) -> None:
    """As stated, or from birth to the study; what makes no sense is not known."""
    found = seen(radiograph(**attributes), tmp_path).age
    assert found == (None if wanted is None else pytest.approx(wanted, abs=0.01))


@pytest.mark.parametrize(
    ("image", "series", "wanted"),
    [
        ("L", None, "L"),
        ("", "R", "R"),
        (None, "B", "B"),
        ("U", None, ""),
        (None, None, ""),
        ("L", "B", "L"),
        ("l", "L", "L"),
    ],
)
@pytest.mark.filterwarnings("ignore:Invalid value for VR")
def test_side(image: str | None, series: str | None, wanted: str, tmp_path: Path) -> None:
    """The image's word before that of its series; unpaired parts have no side."""
    ds = radiograph(ImageLaterality=image)
    if series:
        ds.Laterality = series
    assert seen(ds, tmp_path).laterality == wanted


def test_a_side_by_code_or_by_frame(tmp_path: Path) -> None:
    """A modifier of the region, or a frame of its own, can say the side too."""
    ds = radiograph(ImageLaterality=None)
    ds.AnatomicRegionSequence[0].AnatomicRegionModifierSequence = [code("7771000", "SCT", "Left")]
    assert seen(ds, tmp_path).laterality == "L"
    ds = radiograph(ImageLaterality=None)
    anatomy, group = Dataset(), Dataset()
    anatomy.FrameLaterality = "R"
    group.FrameAnatomySequence = [anatomy]
    ds.PerFrameFunctionalGroupsSequence = [group]
    assert seen(ds, tmp_path).laterality == "R"


def test_left_against_right_is_not_known(tmp_path: Path) -> None:
    """A wrong side is worse than none, and the reader is told."""
    made = seen(radiograph(ImageLaterality="L", Laterality="R"), tmp_path)
    assert made.laterality == ""
    assert made.remarks == ("Its attributes name both left and right, so the side is not known.",)


def test_a_view_in_free_text_is_not_repeated(tmp_path: Path) -> None:
    """What is written where a view should stand may be a name."""
    ds = radiograph(ViewPosition="SMITH JOHN")
    ds.ViewCodeSequence = [code("1", "99OWN", "Smith^John")]
    assert seen(ds, tmp_path).view == ""


def test_a_view_in_the_words_of_its_code(tmp_path: Path) -> None:
    """Where ViewPosition is silent its code speaks, in the standard's words."""
    silent = radiograph(ViewPosition="")
    silent.ViewCodeSequence = [code("399067008", "SCT", "Smith^John")]
    assert seen(silent, tmp_path).view == "lateral"
    silent = radiograph(ViewPosition=None, ViewCodeSequence=None)
    assert seen(silent, tmp_path).view == ""


def test_a_body_part_by_code_or_description(tmp_path: Path) -> None:
    """The same evidence that routes go by."""
    assert seen(radiograph(BodyPartExamined=None), tmp_path).body_parts == ("HAND",)
    ds = radiograph(BodyPartExamined=None, AnatomicRegionSequence=None)
    assert seen(ds, tmp_path).body_parts == ("HAND",)


@pytest.mark.parametrize(
    ("attributes", "aspect"),
    [
        ({"PixelSpacing": [0.4, 0.2]}, 2),
        ({"PixelSpacing": [0.4, 0.2], "ImagerPixelSpacing": [0.2, 0.2]}, 2),
        ({"ImagerPixelSpacing": [0, 0]}, 1),
    ],
)
def test_the_spacing_in_the_patient_goes_first(
    attributes: dict[str, Any], aspect: float, tmp_path: Path
) -> None:
    """A calibrated PixelSpacing before that at the detector; a broken one is none."""
    assert seen(radiograph(**attributes), tmp_path).aspect == aspect


@pytest.mark.parametrize(
    "attributes",
    [
        {"ImagerPixelSpacing": [0.4, 0.2]},
        {"ImagerPixelSpacing": None, "PixelAspectRatio": [2, 1]},
    ],
)
def test_pixels_that_are_not_square_are_carried(attributes: dict[str, Any], tmp_path: Path) -> None:
    """The stored frame stays as it is; its square twin has its shape, and leads back."""
    ds = radiograph(**attributes)
    put(ds, np.ascontiguousarray(ds.pixel_array[::2]), 12)
    made = seen(ds, tmp_path)
    assert made.aspect == 2
    assert made.grey.shape == (48, 72)
    squared = square(made)
    assert squared.shape == (96, 72)
    assert np.abs(squared.astype(int) - picture()).mean() < 6
    assert from_square(made, 72, 96) == (72, 48)
    assert from_square(made, 10, 20) == (10, 10)


def test_square_pixels_are_left_alone(tmp_path: Path) -> None:
    """Nothing is resampled for a matter of rounded digits."""
    made = seen(radiograph(ImagerPixelSpacing=[0.2001, 0.2]), tmp_path)
    assert np.shares_memory(square(made), made.grey)
    assert from_square(made, 3, 4) == (3, 4)


def test_wide_pixels_are_made_square_too(tmp_path: Path) -> None:
    """It is the shorter side that grows, so that no detail is lost."""
    made = seen(radiograph(ImagerPixelSpacing=[0.1, 0.3]), tmp_path)
    assert square(made).shape == (96, 216)


def test_a_shape_that_cannot_be_is_refused(tmp_path: Path) -> None:
    """Nobody knows how a picture looks whose pixels are a hundred times as high as wide."""
    with pytest.raises(Rejected, match="far from square"):
        seen(radiograph(ImagerPixelSpacing=[10, 0.1]), tmp_path)


@pytest.mark.parametrize(
    ("sign", "photometric", "turned"),
    [
        (-1, "MONOCHROME2", False),
        (1, "MONOCHROME2", True),
        (1, "MONOCHROME1", False),
        (-1, "MONOCHROME1", True),
    ],
)
def test_raw_data_is_read_with_bright_bones(
    sign: int, photometric: str, turned: bool, tmp_path: Path
) -> None:
    """Nobody has decided how it is to be shown, so what few rays reached is made bright."""
    ds = radiograph(PixelIntensityRelationshipSign=sign, PhotometricInterpretation=photometric)
    ds.PresentationLUTShape = "INVERSE" if photometric == "MONOCHROME1" else "IDENTITY"
    shown = seen(ds, tmp_path).grey
    ds.SOPClassUID = DigitalXRayImageStorageForProcessing
    ds.file_meta.MediaStorageSOPClassUID = ds.SOPClassUID
    ds.PresentationIntentType = "FOR PROCESSING"
    made = seen(ds, tmp_path)
    assert (made.grey == (255 - shown if turned else shown)).all()
    assert not made.for_presentation
    assert "stored for processing" in made.remarks[0]


def test_padding_is_black_and_not_visible(tmp_path: Path) -> None:
    """What stands for nothing is no part of the patient, in an inverted image too."""
    ds = radiograph(PhotometricInterpretation="MONOCHROME1", PresentationLUTShape="INVERSE")
    pixels = ds.pixel_array.copy()
    pixels[:, :20] = 0
    pixels[:, 20:] = pixels[:, 20:].clip(1)
    put(ds, pixels, 12)
    ds["PixelPaddingValue"] = DataElement("PixelPaddingValue", "US", 0)
    made = seen(ds, tmp_path)
    assert not made.visible[:, :20].any()
    assert made.visible[:, 20:].all()
    assert not made.grey[:, :20].any()
    assert made.grey[:, 20:].max() > 200


def test_exposure_is_measured_on_what_is_visible(tmp_path: Path) -> None:
    """Shares of black and white and the spread of greys, without the part that is padding."""
    pixels = np.full((100, 100), 100, np.uint8)
    pixels[:50], pixels[50:60], pixels[60:80] = 7, 0, 255
    ds = put(radiograph(WindowCenter=None, WindowWidth=None), pixels)
    ds["PixelPaddingValue"] = DataElement("PixelPaddingValue", "US", 7)
    found = exposure(seen(ds, tmp_path))
    assert (found.black, found.white, found.visible) == pytest.approx((0.2, 0.4, 0.5))
    assert found.contrast == 1


def test_a_flat_picture_has_no_contrast(tmp_path: Path) -> None:
    """One grey all over shows nothing, whatever grey it is."""
    flat = np.full((64, 64), 80, np.uint8)
    ds = put(radiograph(WindowCenter=None, WindowWidth=None), flat)
    found = exposure(seen(ds, tmp_path))
    assert (found.black, found.white, found.contrast, found.visible) == (0, 0, 0, 1)
