"""Which images of a study are ultrasound, by their headers, and how others are refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydicom import Dataset
from pydicom.uid import (
    MPEG4HP41,
    UID,
    BasicTextSRStorage,
    EnhancedUSVolumeStorage,
    GeneralECGWaveformStorage,
    MultiFrameTrueColorSecondaryCaptureImageStorage,
    SecondaryCaptureImageStorage,
    generate_uid,
)

from bench.phantoms import cr_skull, ct_head
from pipelines.contract import Retryable, Side
from pipelines.ultrasound import chosen
from tests.unit.ultrasound.stored import (
    cine,
    compressed,
    jpegs,
    loop,
    reason,
    region,
    stored,
    study_of,
)

RETIRED = "1.2.840.10008.5.1.4.1.1.3"


def of_class(uid: str, **attributes: Any) -> Dataset:
    """The phantom as of another class, with a UID of its own."""
    ds = cine(2, SOPClassUID=uid, SOPInstanceUID=generate_uid(), **attributes)
    ds.file_meta.MediaStorageSOPClassUID = UID(uid)
    ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID
    return ds


def test_loops_and_single_pictures_are_taken(tmp_path: Path) -> None:
    """Each with its number of frames, in the order of the study."""
    datasets = [cine(1), cine(3)]
    taken, refusals = chosen(study_of(datasets, tmp_path))
    counts = {one.instance.SOPInstanceUID: one.count for one in taken}
    assert counts == {datasets[0].SOPInstanceUID: 1, datasets[1].SOPInstanceUID: 3}
    assert refusals == []


@pytest.mark.parametrize(
    "uid",
    [
        RETIRED,
        SecondaryCaptureImageStorage,
        MultiFrameTrueColorSecondaryCaptureImageStorage,
    ],
)
def test_retired_classes_and_captures_of_ultrasound_are_taken(uid: str, tmp_path: Path) -> None:
    """Older scanners and viewers send them."""
    assert loop(of_class(uid), tmp_path).count == 2


@pytest.mark.parametrize(
    ("attributes", "said"),
    [
        ({"Modality": "OT"}, "it is a captured picture, and nothing says that it shows ultrasound"),
        ({"Modality": "DX"}, "it is a captured picture of another kind of examination"),
        ({"ConversionType": "SD"}, "it is a scanned document"),
    ],
)
def test_other_captures_are_refused(attributes: dict[str, Any], said: str, tmp_path: Path) -> None:
    """A capture is ultrasound where its modality says so."""
    assert reason(of_class(SecondaryCaptureImageStorage, **attributes), tmp_path) == said


@pytest.mark.parametrize(
    ("ds", "said"),
    [
        (ct_head(size=16, slices=1)[0], 'of the kind "CT Image", which is no ultrasound picture'),
        (cr_skull(size=64)[0], "which is no ultrasound picture"),
        (of_class("1.2.3"), "it is of a kind that is not known here"),
        (of_class(BasicTextSRStorage), "it holds structured reports and not images"),
        (of_class(GeneralECGWaveformStorage), "it holds waveforms and not images"),
        (of_class(EnhancedUSVolumeStorage), "it is a volume"),
        (cine(Modality="IVUS"), "it was taken from within a vessel"),
        (cine(PixelData=None), "it has no pixels"),
        (cine(Rows=0), "it has no pixels"),
        (cine(Rows=None), "it has no pixels"),
        (cine(Rows=40), "with 150 x 40 pixels it is too small to be read"),
        (cine(Rows=65535, Columns=65535), "is beyond that of any ultrasound"),
        (cine(NumberOfFrames=2**31 - 1), "is beyond that of any loop"),
        (cine(BitsAllocated=1), "it has only black and white"),
        (cine(SamplesPerPixel=4), "its colours are not red, green and blue"),
    ],
)
def test_what_is_no_ultrasound_is_refused(ds: Dataset, said: str, tmp_path: Path) -> None:
    """In words that a sonographer understands."""
    assert said in reason(ds, tmp_path)


def test_a_video_is_refused(tmp_path: Path) -> None:
    """Frames are not cut out of MPEG here."""
    ds = compressed(jpegs(2), "none", (120, 160))
    ds.file_meta.TransferSyntaxUID = MPEG4HP41
    assert "it is stored as a video" in reason(ds, tmp_path)


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("0001", None),
        ("0011", None),  # with colours now and then: each frame is judged by its pixels
        ("0401", None),
        ("", None),
        ("NONSENSE", None),
        ("0010", "it shows colour Doppler only"),
        ("0100", "it shows colour Doppler only"),
        ("0008", "it shows a Doppler spectrum only"),
        ("0002", "it shows an M-mode only"),
        ("0020", "it shows an M-mode only"),
        ("0040", "it is a rendering of a volume"),
        ("0200", "it shows a property of the tissue, as elastography does, and no B-mode"),
        ("0009", "a Doppler spectrum or an M-mode is drawn into it, and nothing says where"),
    ],
)
def test_the_code_of_its_modes_decides(code: str, said: str | None, tmp_path: Path) -> None:
    """Value 4 of ImageType is a sum of modes, where no regions say more."""
    ds = cine(ImageType=["ORIGINAL", "PRIMARY", "THYROID", code], SequenceOfUltrasoundRegions=None)
    if said is None:
        assert loop(ds, tmp_path).exam == "THYROID"
    else:
        assert reason(ds, tmp_path) == said


@pytest.mark.parametrize(
    ("regions", "code", "said"),
    [
        ([region(), region(RegionSpatialFormat=3, RegionDataType=3)], "0009", None),
        ([region(), region(RegionDataType=2)], "0011", None),
        ([region(RegionDataType=2)], "0011", None),
        ([region(RegionDataType=2)], "0010", "it shows colour Doppler only"),
        (
            [region(RegionSpatialFormat=3, RegionDataType=3)],
            "0001",
            "it shows a Doppler spectrum, and no picture of tissue",
        ),
        (
            [region(RegionSpatialFormat=2), region(RegionSpatialFormat=4, RegionDataType=10)],
            "0002",
            "it shows a curve and an M-mode, and no picture of tissue",
        ),
        ([region(RegionSpatialFormat=5, RegionDataType=13)], "0001", None),
        ([region(RegionSpatialFormat=None), Dataset()], "0001", None),
    ],
)
def test_regions_go_before_the_code(
    regions: list[Dataset], code: str, said: str | None, tmp_path: Path
) -> None:
    """A spectrum beside a picture leaves the picture, a spectrum alone leaves nothing."""
    ds = cine(SequenceOfUltrasoundRegions=regions, ImageType=["ORIGINAL", "PRIMARY", "", code])
    taken, refusals = chosen(study_of([ds], tmp_path))
    assert len(taken) == (said is None)
    assert [one.because for one in refusals] == ([said] if said else [])


def test_images_of_one_reason_are_refused_together(tmp_path: Path) -> None:
    """And called after their series."""
    datasets = [of_class(EnhancedUSVolumeStorage) for _ in range(2)]
    taken, (refusal,) = chosen(study_of([*datasets, cine()], tmp_path))
    assert len(taken) == 1
    assert refusal.of == "Series 1 (US), 2 instances"
    assert len(refusal.references) == 2


@pytest.mark.parametrize(
    ("attributes", "side"),
    [
        ({"Laterality": "L"}, Side.LEFT),
        ({"ImageLaterality": "R"}, Side.RIGHT),
        ({"ImageLaterality": "B"}, Side.BOTH),
        ({"Laterality": "L", "ImageLaterality": "R"}, None),
        ({"Laterality": "X"}, None),
        ({}, None),
    ],
)
def test_the_side_is_told(attributes: dict[str, Any], side: Side | None, tmp_path: Path) -> None:
    """As far as the header is of one mind."""
    assert loop(cine(**attributes), tmp_path).laterality == side


def test_a_code_for_the_side_is_understood(tmp_path: Path) -> None:
    """As a modifier of the region of the body."""
    body, side = Dataset(), Dataset()
    side.CodeValue, side.CodingSchemeDesignator, side.CodeMeaning = "24028007", "SCT", "Right"
    body.CodeValue, body.CodingSchemeDesignator, body.CodeMeaning = "69748006", "SCT", "Thyroid"
    body.AnatomicRegionModifierSequence = [side]
    taken = loop(cine(BodyPartExamined=None, AnatomicRegionSequence=[body]), tmp_path)
    assert taken.laterality == Side.RIGHT
    assert taken.body_parts == ("THYROID",)


def test_a_file_that_is_no_dicom_is_refused(tmp_path: Path) -> None:
    """It is the image that is refused, not the study."""
    study = study_of([cine()], tmp_path)
    study.instances[0].path.write_bytes(bytes(range(256)) * 4)
    taken, (refusal,) = chosen(study)
    assert taken == []
    assert refusal.because == "its attributes cannot be read as DICOM"


def test_a_file_that_is_gone_is_tried_again(tmp_path: Path) -> None:
    """A disk that does not answer is no fault of the image."""
    study = study_of([cine()], tmp_path)
    study.instances[0].path.unlink()
    with pytest.raises(Retryable, match="cannot be read at the moment"):
        chosen(study)


def test_nothing_is_chosen_from_nothing() -> None:
    """A study without images has none to refuse either."""
    assert chosen(stored([])) == ([], [])
