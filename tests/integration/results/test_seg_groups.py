"""Segmentations of sources whose frames do not go together, or whose headers are not right."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pydicom import DataElement, Dataset
from pydicom.config import IGNORE

from bench.phantoms import cr_skull, ct_head, mr_head, us_thyroid
from pipelines.contract import Mask, Raster, Region
from results.planes.seg import build_seg
from tests.integration.results.volumes import (
    NODULE,
    enhanced,
    frames,
    making,
    patch,
    region,
    stored,
    write,
)
from tests.peers.validators import dciodvfy


def sources_of(ds: Dataset) -> set[str]:
    """The instances that an object is about."""
    return {item.ReferencedSOPInstanceUID for item in ds.SourceImageSequence}


def again(datasets: list[Dataset], name: str) -> list[Dataset]:
    """The same series once more, as a series of its own."""
    for number, ds in enumerate(datasets, start=1):
        ds.SeriesInstanceUID = f"{ds.SeriesInstanceUID[:50]}.{name}"
        ds.SOPInstanceUID = f"{ds.SOPInstanceUID[:50]}.{name}.{number}"
    return datasets


def check(datasets: list[Dataset], made: list[Dataset], folder: Path) -> None:
    """All are valid, each frame is in one of them, and each is of one series."""
    found = [key for ds in made for key in stored(ds)]
    wanted = {(1, on.SOPInstanceUID, on.frame or 1) for on, _, _ in frames(datasets)}
    assert len(found) == len(wanted)
    assert set(found) == wanted
    for ds in made:
        assert len(ds.ReferencedSeriesSequence) == 1
        assert dciodvfy(write(ds, folder)) == []


def test_each_series_has_its_own(tmp_path: Path) -> None:
    """A region in two series is in two objects, each in a series that follows its own."""
    datasets = ct_head(size=16, slices=2) + again(ct_head(size=16, slices=2), "7")
    made = build_seg(making(datasets, regions=(region(datasets),)))
    assert len(made) == 2
    assert made[0].SeriesInstanceUID != made[1].SeriesInstanceUID
    assert made[0].SOPInstanceUID != made[1].SOPInstanceUID
    uids = {ds.SegmentSequence[0].TrackingUID for ds in made}
    assert len(uids) == 1
    check(datasets, made, tmp_path)


def test_each_frame_of_reference_has_a_series_of_its_own(tmp_path: Path) -> None:
    """A series is related to one frame of reference at most."""
    datasets = ct_head(size=16, slices=2) + mr_head(size=16, slices=2)
    for ds in datasets:
        ds.StudyInstanceUID = datasets[0].StudyInstanceUID
    made = build_seg(making(datasets, regions=(region(datasets),)))
    assert len({ds.SeriesInstanceUID for ds in made}) == 2
    check(datasets, made, tmp_path)


def test_slices_of_two_directions_or_sizes_are_apart(tmp_path: Path) -> None:
    """A scout in the series, and slices of another matrix, get objects of their own."""
    datasets = ct_head(size=16, slices=4)
    datasets[0].ImageOrientationPatient = [1, 0, 0, 0, 0, -1]
    datasets[3].PixelSpacing = [1.5, 1.5]
    made = build_seg(making(datasets, regions=(region(datasets),)))
    assert [len(sources_of(ds)) for ds in made] == [1, 2, 1]
    check(datasets, made, tmp_path)


def test_two_slices_at_one_place_are_apart(tmp_path: Path) -> None:
    """A duplicate, or a later phase, goes to the next object instead of over the first."""
    datasets = ct_head(size=16, slices=3, duplicate=2)
    made = build_seg(making(datasets, regions=(region(datasets),)))
    assert sorted(len(sources_of(ds)) for ds in made) == [1, 2]
    check(datasets, made, tmp_path)


@pytest.mark.parametrize(
    "maker", [lambda: cr_skull(size=32), lambda: us_thyroid(size=64, frames=2)]
)
def test_images_without_a_place_are_apart(maker: object, tmp_path: Path) -> None:
    """Two radiographs, or two clips, of one series are two objects."""
    assert callable(maker)
    datasets = [*maker(), *again(maker(), "8")]
    datasets[-1].SeriesInstanceUID = datasets[0].SeriesInstanceUID
    made = build_seg(making(datasets, regions=(region(datasets),)))
    assert [sources_of(ds) for ds in made] == [{ds.SOPInstanceUID} for ds in datasets]
    check(datasets, made, tmp_path)


def test_volumes_in_one_series_are_apart(tmp_path: Path) -> None:
    """Two enhanced multi-frame instances are two objects."""
    datasets = [*enhanced(), *again(enhanced(3), "9")]
    datasets[-1].SeriesInstanceUID = datasets[0].SeriesInstanceUID
    made = build_seg(making(datasets, regions=(region(datasets),)))
    assert [int(ds.NumberOfFrames) for ds in made] == [4, 3]
    check(datasets, made, tmp_path)


def test_some_frames_of_a_clip_keep_their_numbers(tmp_path: Path) -> None:
    """A mask on frames 2 and 5 of a clip is on frames 2 and 5."""
    datasets = us_thyroid(size=64, frames=6)
    wanted = [on for on, _, _ in frames(datasets) if on.frame in (2, 5)]
    shapes = tuple(Mask(on=on, raster=Raster.of(patch(64, 64, on.frame or 0))) for on in wanted)
    found = Region(tracking="a", type=NODULE, label="A", shapes=shapes)
    (ds,) = build_seg(making(datasets, regions=(found,)))
    for number, plane in ((2, patch(64, 64, 2)), (5, patch(64, 64, 5))):
        np.testing.assert_array_equal(stored(ds)[1, datasets[0].SOPInstanceUID, number], plane)
    assert dciodvfy(write(ds, tmp_path)) == []


def test_bad_values_of_the_patient_do_not_matter() -> None:
    """What highdicom would refuse or warn about is passed on as it came."""
    datasets = ct_head(size=16, slices=2)
    wrong = {
        "PatientSex": ("CS", "female"),
        "PatientBirthDate": ("DA", "01.01.1970"),
        "PatientName": ("PN", "A=B=C=D"),
        "StudyTime": ("TM", "noon"),
        "AccessionNumber": ("SH", "12345678901234567890"),
    }
    for ds in datasets:
        for keyword, (vr, value) in wrong.items():
            ds[keyword] = DataElement(keyword, vr, value, validation_mode=IGNORE)
        del ds.PatientID
    (ds,) = build_seg(making(datasets, regions=(region(datasets),)))
    assert (ds.PatientSex, ds.PatientBirthDate, ds.PatientID) == ("female", "01.01.1970", "")


def test_slices_without_thickness_have_none() -> None:
    """Nothing is invented where the source does not say it."""
    datasets = ct_head(size=16, slices=2)
    for ds in datasets:
        del ds.SliceThickness
    (ds,) = build_seg(making(datasets, regions=(region(datasets),)))
    measures = ds.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0]
    assert not measures.get("SliceThickness")
    assert measures.SpacingBetweenSlices == 5


@pytest.mark.parametrize(
    ("keyword", "value"),
    [
        ("ImageOrientationPatient", [1, 0, 0, 1, 0, 0]),
        ("ImagePositionPatient", [1, 2]),
        ("PixelSpacing", None),
        ("FrameOfReferenceUID", ""),
    ],
)
def test_a_place_that_cannot_be_is_none(keyword: str, value: object, tmp_path: Path) -> None:
    """A header whose geometry is wrong or incomplete places nothing; its source still counts."""
    datasets = ct_head(size=16, slices=1)
    setattr(datasets[0], keyword, value)
    made = build_seg(making(datasets, regions=(region(datasets),)))
    assert "FrameOfReferenceUID" not in made[0]
    check(datasets, made, tmp_path)


def test_loss_is_carried_on() -> None:
    """A source that was compressed with loss says so in what is made of it."""
    (source,) = cr_skull(size=32)
    source.LossyImageCompression = "01"
    (ds,) = build_seg(making([source], regions=(region([source]),)))
    assert ds.LossyImageCompression == "00"  # nobody knows how much, so it cannot be said
    source.LossyImageCompressionRatio = [10, 2]
    source.LossyImageCompressionMethod = ["ISO_10918_1", "ISO_15444_1"]
    (ds,) = build_seg(making([source], regions=(region([source]),)))
    assert ds.LossyImageCompression == "01"
    assert list(ds.LossyImageCompressionRatio) == [10, 2]
    assert list(ds.LossyImageCompressionMethod) == ["ISO_10918_1", "ISO_15444_1"]
