"""Which images of a study are read, and in what words the others are refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom import Dataset
from pydicom.uid import (
    UID,
    BasicTextSRStorage,
    DigitalMammographyXRayImageStorageForPresentation,
    DigitalXRayImageStorageForProcessing,
    MultiFrameGrayscaleWordSecondaryCaptureImageStorage,
    SecondaryCaptureImageStorage,
    XRay3DAngiographicImageStorage,
    XRay3DCraniofacialImageStorage,
    XRayAngiographicImageStorage,
    XRayRadiationDoseSRStorage,
    XRayRadiofluoroscopicImageStorage,
    generate_uid,
)

from bench.phantoms import cr_skull, ct_head, photograph, us_thyroid
from pipelines.contract import Refusal, Retryable
from pipelines.radiographs import chosen
from pipelines.radiographs.kinds import why_not_by_kind
from tests.unit.radiographs.stored import changed, radiograph, stored, study_of


def choose(datasets: list[Dataset], folder: Path) -> tuple[list[tuple[str, Any]], list[Refusal]]:
    """What is taken, by UID and frame, and what is refused."""
    taken, refusals = chosen(study_of(datasets, folder))
    return [(instance.SOPInstanceUID, frame) for instance, frame in taken], refusals


def of_class(uid: str, **attributes: Any) -> Dataset:
    """The phantom as of another class, with a UID of its own."""
    ds = changed(radiograph(), SOPClassUID=uid, SOPInstanceUID=generate_uid(), **attributes)
    ds.file_meta.MediaStorageSOPClassUID = UID(uid)
    ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID
    return ds


def raw(**attributes: Any) -> Dataset:
    """A DX for processing."""
    uid = DigitalXRayImageStorageForProcessing
    return of_class(uid, PresentationIntentType="FOR PROCESSING", **attributes)


def test_radiographs_are_taken(tmp_path: Path) -> None:
    """DX and CR, in the order of the study, and nobody has to be refused."""
    datasets = [radiograph(), *cr_skull(size=64)]
    taken, refusals = choose(datasets, tmp_path)
    assert sorted(taken) == sorted((ds.SOPInstanceUID, None) for ds in datasets)
    assert refusals == []


@pytest.mark.parametrize(
    ("attributes", "reason"),
    [
        ({"Modality": "DX"}, None),
        ({"Modality": "CR"}, None),
        ({"Modality": "RG"}, None),
        ({"Modality": "DX", "BodyPartExamined": None, "AnatomicRegionSequence": None}, None),
        ({"Modality": "OT"}, None),
        ({"Modality": "OT", "BodyPartExamined": "", "ConversionType": "DF"}, None),
        ({"Modality": "OT", "ConversionType": "SD"}, "it is a scanned document"),
        (
            {"Modality": "OT", "BodyPartExamined": "PRESSE"},
            "it is a captured picture, and nothing says that it shows a radiograph",
        ),
        (
            {"Modality": "US"},
            "it is a captured picture of another kind of examination (US)",
        ),
        ({"Modality": "MG"}, "it is a mammogram"),
        ({"Modality": "XC"}, "it is a photograph or a video, not a radiograph"),
    ],
)
def test_captures_are_taken_where_they_say_what_they_show(
    attributes: dict[str, Any], reason: str | None, tmp_path: Path
) -> None:
    """By a modality of radiography, a film that was scanned, or a part of the body."""
    ds = of_class(SecondaryCaptureImageStorage, **attributes)
    if "PRESSE" in attributes.values():
        ds.SeriesDescription = ds.StudyDescription = "Screen"
        del ds.AnatomicRegionSequence
    taken, refusals = choose([ds], tmp_path)
    assert len(taken) == (reason is None)
    assert [one.because for one in refusals] == ([reason] if reason else [])


@pytest.mark.parametrize(
    ("datasets", "called", "reason"),
    [
        (ct_head(size=16, slices=2), "Series 1 (CT)", "no radiograph"),
        (us_thyroid(size=64), "Series 1 (US)", "Ultrasound Image"),
        (photograph(size=64), "Series 1 (XC)", "it is a photograph or a video"),
        (
            [of_class(XRayRadiofluoroscopicImageStorage, Modality="RF")],
            "Series 1 (RF)",
            "it is fluoroscopy or angiography, not a radiograph",
        ),
        (
            [of_class(DigitalMammographyXRayImageStorageForPresentation, Modality="MG")],
            "Series 1 (MG)",
            "it is a mammogram",
        ),
        ([radiograph(Modality="RF")], "Series 1 (RF)", "it is fluoroscopy or angiography"),
        (
            [of_class(BasicTextSRStorage, Modality="SR", PixelData=None)],
            "Series 1 (SR)",
            "it holds structured reports and not images",
        ),
        ([radiograph(Rows=None)], "Series 1 (DX)", "it has no pixels"),
    ],
)
def test_other_images_are_refused_with_a_reason(
    datasets: list[Dataset], called: str, reason: str, tmp_path: Path
) -> None:
    """In words that a radiographer understands, one for all of a series that share it."""
    taken, (refusal,) = choose(datasets, tmp_path)
    assert taken == []
    assert refusal.of == called
    assert reason in refusal.because
    assert len(refusal.references) == len(datasets)


@pytest.mark.parametrize(
    ("uid", "reason"),
    [
        (XRayRadiationDoseSRStorage, 'it is of the kind "X-Ray Radiation Dose SR"'),
        (XRay3DCraniofacialImageStorage, 'it is of the kind "X-Ray 3D Craniofacial Image"'),
        (XRay3DAngiographicImageStorage, "it is fluoroscopy or angiography"),
        (XRayAngiographicImageStorage, "it is fluoroscopy or angiography"),
    ],
)
def test_what_is_called_fluoroscopy_is_that(uid: str, reason: str) -> None:
    """Not all that has X-rays in its name is: a dose report holds no images."""
    assert (why_not_by_kind(uid, lambda keyword: None) or "").startswith(reason)


def test_a_part_of_a_series_is_named_as_one(tmp_path: Path) -> None:
    """What is refused among others is counted."""
    bad = changed(of_class(radiograph().SOPClassUID), NumberOfFrames=500)
    taken, (refusal,) = choose([radiograph(), bad], tmp_path)
    assert len(taken) == 1
    assert refusal.of == "Series 1 (DX), 1 instance"
    assert refusal.because == "it has 500 frames: a run of images or a stack, not a radiograph"
    assert [on.SOPInstanceUID for on in refusal.references] == [bad.SOPInstanceUID]


def test_raw_data_is_left_where_it_is_there_for_viewing(tmp_path: Path) -> None:
    """The same exposure is read once, as the radiologist sees it."""
    taken, (refusal,) = choose([raw(), radiograph()], tmp_path)
    assert taken == [(radiograph().SOPInstanceUID, None)]
    assert refusal.because == (
        "it is stored for processing, and the same image is there for viewing"
    )


def test_raw_data_alone_is_read(tmp_path: Path) -> None:
    """Where there is nothing better."""
    assert len(choose([raw()], tmp_path)[0]) == 1


@pytest.mark.parametrize(
    ("attributes", "twins"),
    [
        ({"AcquisitionTime": "101502"}, False),
        ({"AcquisitionTime": None}, True),
        ({"AcquisitionTime": None, "ViewPosition": "LAT"}, False),
        ({"AcquisitionTime": None, "ImageLaterality": "L"}, False),
        ({"IrradiationEventUID": "1.2.3"}, False),
        ({"IrradiationEventUID": "1.2.4", "AcquisitionTime": "101502"}, True),
    ],
)
def test_another_exposure_is_no_twin(
    attributes: dict[str, Any], twins: bool, tmp_path: Path
) -> None:
    """By event, by moment, and only then by what they show."""
    viewed = radiograph(IrradiationEventUID="1.2.4")
    taken, _ = choose([raw(**attributes), viewed], tmp_path)
    assert len(taken) == (1 if twins else 2)


def test_an_image_made_from_raw_data_says_so(tmp_path: Path) -> None:
    """A reference goes before moments, which may differ."""
    source, viewed = raw(AcquisitionTime="101502"), radiograph()
    item = Dataset()
    item.ReferencedSOPClassUID = source.SOPClassUID
    item.ReferencedSOPInstanceUID = source.SOPInstanceUID
    viewed.SourceImageSequence = [item]
    assert len(choose([source, viewed], tmp_path)[0]) == 1


def test_frames_are_read_one_by_one(tmp_path: Path) -> None:
    """A capture of several views, each by its number."""
    ds = of_class(MultiFrameGrayscaleWordSecondaryCaptureImageStorage)
    changed(ds, NumberOfFrames=3, PixelData=3 * ds.PixelData)
    taken, _ = choose([ds], tmp_path)
    assert taken == [(ds.SOPInstanceUID, frame) for frame in (1, 2, 3)]


def test_a_single_frame_needs_no_number(tmp_path: Path) -> None:
    """NumberOfFrames of 1 is what single images say too."""
    taken, _ = choose([radiograph(NumberOfFrames=1)], tmp_path)
    assert [frame for _, frame in taken] == [None]


@pytest.mark.parametrize(
    ("attributes", "reason"),
    [
        ({"Rows": 65535, "Columns": 65535}, "its stated size of 65535 x 65535 pixels is beyond"),
        ({"Rows": 8}, "with 72 x 8 pixels it is too small to be read"),
        ({"BitsAllocated": 1}, "it has only black and white, and no greys"),
        ({"SamplesPerPixel": 4}, "its colours are not red, green and blue"),
    ],
)
def test_impossible_sizes_are_refused_unread(
    attributes: dict[str, Any], reason: str, tmp_path: Path
) -> None:
    """By the header alone, long before memory is asked for."""
    taken, (refusal,) = choose([radiograph(**attributes)], tmp_path)
    assert taken == []
    assert refusal.because.startswith(reason)


def test_a_file_that_is_no_dicom_is_refused(tmp_path: Path) -> None:
    """It is the image that is refused, not the study."""
    study = study_of([radiograph()], tmp_path)
    study.instances[0].path.write_bytes(bytes(np.arange(256, dtype=np.uint8)) * 4)
    taken, (refusal,) = chosen(study)
    assert taken == []
    assert refusal.because == "its attributes cannot be read as DICOM"


def test_a_file_that_is_gone_is_tried_again(tmp_path: Path) -> None:
    """A disk that does not answer is no fault of the image."""
    study = study_of([radiograph()], tmp_path)
    study.instances[0].path.unlink()
    with pytest.raises(Retryable, match="cannot be read at the moment"):
        chosen(study)


def test_nothing_is_chosen_from_nothing() -> None:
    """A study without images has none to refuse either."""
    assert chosen(stored([])) == ([], [])
