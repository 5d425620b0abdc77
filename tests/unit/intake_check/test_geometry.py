"""Geometry: each fault of a series of slices is noticed, and nothing else is said."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from pydicom import Dataset
from pydicom.uid import EnhancedCTImageStorage

from bench.phantoms import ct_head, dx_extremity, mr_head
from tests.unit.intake_check.stored import check, codes, measured, note


def slices(**wanted: object) -> list[Dataset]:
    """A small CT in the order of a busy network."""
    made = ct_head(size=16, slices=8, spacing=3.0, **wanted)  # type: ignore[arg-type]
    random.Random(5).shuffle(made)
    return made


def test_a_gap_is_named_with_its_neighbours(tmp_path: Path) -> None:
    """Room for one slice between the third and the fourth."""
    findings = check(slices(gap_after=3), tmp_path)
    gap = note(findings, "geometry-gap")
    assert codes(findings) == {"geometry-gap"}
    assert gap.text == (
        "Series 1 (CT): 1 gap between slices, room for about 1 more; the first of 6.00 mm instead "
        "of 3.00 mm is between instance 3 and instance 4."
    )
    assert len(gap.references) == 2
    assert measured(findings, "slice spacing") == 3


def test_a_missing_slice_is_missed_twice(tmp_path: Path) -> None:
    """By its place and by its number."""
    findings = check(slices(missing=[4]), tmp_path)
    assert codes(findings) == {"geometry-gap", "number-missing"}
    assert note(findings, "number-missing").text.endswith("no instance has the number 4.")


def test_a_duplicate_is_named(tmp_path: Path) -> None:
    """Two slices at one place."""
    findings = check(slices(duplicate=5), tmp_path)
    assert codes(findings) == {"geometry-duplicate"}
    text = note(findings, "geometry-duplicate").text
    assert "instance 5" in text
    assert "instance 6" in text


def test_a_tilted_gantry_is_measured(tmp_path: Path) -> None:
    """The stack leans by as much as the gantry does, and the spacing is across the slices."""
    findings = check(slices(tilt=20.0), tmp_path)
    assert codes(findings) == {"geometry-tilt"}
    assert "leans by 20.0 degrees" in note(findings, "geometry-tilt").text
    assert measured(findings, "slice spacing") == pytest.approx(
        3 * np.cos(np.radians(20)), abs=1e-3
    )


def test_two_spacings_are_uneven_and_no_gaps(tmp_path: Path) -> None:
    """Thin slices below and thick ones above, as heads are often scanned."""
    made = ct_head(size=16, slices=9, spacing=3.0)
    for ds in made[6:]:
        ds.ImagePositionPatient[2] = 15 + 5 * (ds.InstanceNumber - 6)
    findings = check(made, tmp_path)
    assert codes(findings) == {"geometry-uneven"}
    assert "from 3.00 to 5.00 mm; 3 of 8" in note(findings, "geometry-uneven").text


def test_time_points_are_no_duplicates(tmp_path: Path) -> None:
    """When every place has two slices there are two volumes."""
    first, second = mr_head(size=16, slices=4), mr_head(2, size=16, slices=4)
    for ds, twin in zip(first, second, strict=True):
        twin.SeriesInstanceUID, twin.StudyInstanceUID = ds.SeriesInstanceUID, ds.StudyInstanceUID
        twin.FrameOfReferenceUID, twin.PatientID = ds.FrameOfReferenceUID, ds.PatientID
        twin.InstanceNumber += 4
    findings = check([*first, *second], tmp_path)
    assert codes(findings) == {"geometry-volumes"}
    assert "2 volumes" in note(findings, "geometry-volumes").text


def test_another_direction_is_noticed(tmp_path: Path) -> None:
    """One slice faces another way than the rest."""
    made = slices()
    made[2].ImageOrientationPatient = [0, 1, 0, 0, 0, -1]
    findings = check(made, tmp_path)
    directions = note(findings, "geometry-directions")
    assert "2 different directions; 7 face one way and 1 others" in directions.text
    assert [r.SOPInstanceUID for r in directions.references] == [made[2].SOPInstanceUID]


@pytest.mark.parametrize("orientation", [[1, 0, 0, 0, 2, 0], [1, 0, 0, 1, 0, 0], [0] * 6])
def test_impossible_directions_are_an_error(orientation: list[int], tmp_path: Path) -> None:
    """Direction cosines are perpendicular unit vectors, or they are wrong."""
    made = slices()
    made[1].ImageOrientationPatient = orientation
    assert "geometry-invalid" in codes(check(made, tmp_path))


def test_slices_without_a_place_are_an_error(tmp_path: Path) -> None:
    """No position, no volume."""
    made = slices()
    for ds in made[:3]:
        del ds.ImagePositionPatient
    findings = check(made, tmp_path)
    assert len(note(findings, "geometry-absent").references) == 3


def _resize(made: Sequence[Dataset]) -> None:
    made[0].PixelSpacing = [1, 1]


def _reframe(made: Sequence[Dataset]) -> None:
    made[0].FrameOfReferenceUID = "2.25.77"


@pytest.mark.parametrize(
    ("spoil", "what"), [(_resize, "values of PixelSpacing"), (_reframe, "frames of reference")]
)
def test_what_must_be_the_same_is_compared(spoil: object, what: str, tmp_path: Path) -> None:
    """A volume has one pixel spacing and one frame of reference."""
    made = slices()
    assert callable(spoil)
    spoil(made)
    assert f"2 different {what}" in note(check(made, tmp_path), "geometry-mixed").text


def test_localizers_are_left_out(tmp_path: Path) -> None:
    """A scout in the series is not a slice that faces the wrong way."""
    made = slices()
    made[0].ImageType = ["ORIGINAL", "PRIMARY", "LOCALIZER"]
    made[0].ImageOrientationPatient = [0, 1, 0, 0, 0, -1]
    assert "geometry-directions" not in codes(check(made, tmp_path))


def test_radiographs_have_no_such_geometry(tmp_path: Path) -> None:
    """Nobody asks a radiograph for its place in space."""
    assert codes(check(dx_extremity(size=32), tmp_path)) == set()


def enhanced(depths: Sequence[float]) -> Dataset:
    """An enhanced CT whose frames lie at these places."""
    (ds,) = ct_head(size=16, slices=1)
    ds.SOPClassUID = ds.file_meta.MediaStorageSOPClassUID = EnhancedCTImageStorage
    ds.PixelData, ds.NumberOfFrames = ds.PixelData * len(depths), len(depths)
    del ds.ImagePositionPatient, ds.ImageOrientationPatient, ds.PixelSpacing
    shared, orientation, measures = Dataset(), Dataset(), Dataset()
    orientation.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    measures.PixelSpacing, measures.SliceThickness = [1, 1], 2
    shared.PlaneOrientationSequence, shared.PixelMeasuresSequence = [orientation], [measures]
    ds.SharedFunctionalGroupsSequence = [shared]
    frames = []
    for depth in depths:
        position, frame = Dataset(), Dataset()
        position.ImagePositionPatient = [0, 0, depth]
        frame.PlanePositionSequence = [position]
        frames.append(frame)
    ds.PerFrameFunctionalGroupsSequence = frames
    return ds


def test_enhanced_frames_are_slices(tmp_path: Path) -> None:
    """The frames of an enhanced instance are compared, and a note names the frames."""
    findings = check([enhanced([0, 2, 4, 8, 10, 12])], tmp_path)
    gap = note(findings, "geometry-gap")
    assert "between frame 3 of instance 1 and frame 4 of instance 1" in gap.text
    assert [reference.frame for reference in gap.references] == [3, 4]
    assert measured(findings, "slice spacing") == 2
    assert measured(findings, "frames decoded") == 6
