"""Counts, attributes and flags: what is absent or contradicts itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from pydicom import Dataset

from bench.phantoms import (
    cr_skull,
    ct_head,
    dx_extremity,
    photograph,
    secondary_capture,
    us_thyroid,
)
from pipelines.contract import Severity
from pipelines.intake_check.counting import ranges
from tests.unit.intake_check.stored import check, codes, note, run, store, study


def test_fewer_than_expected_is_an_error(tmp_path: Path) -> None:
    """Somebody said 5 and 3 came."""
    whole = study(store(ct_head(size=16, slices=3), tmp_path), expected=5)
    short = note(run(whole), "count-short")
    assert short.severity is Severity.ERROR
    assert short.text == "3 of 5 expected instances of the study were received."


def test_more_than_expected_is_told(tmp_path: Path) -> None:
    """Somebody said 2 and 3 came."""
    whole = study(store(ct_head(size=16, slices=3), tmp_path), expected=2)
    assert note(run(whole), "count-over").severity is Severity.INFO


def test_series_that_were_not_given_are_told(tmp_path: Path) -> None:
    """The node holds 7 instances and this check saw 3."""
    whole = study(store(ct_head(size=16, slices=3), tmp_path), received=7)
    assert note(run(whole), "count-elsewhere").text.startswith("4 received instances")


def test_numbers_borne_twice_or_not_at_all(tmp_path: Path) -> None:
    """Instance numbers are compared within an acquisition."""
    made = ct_head(size=16, slices=5)
    made[1].InstanceNumber = 1
    made[4].InstanceNumber = None
    findings = check(made, tmp_path)
    assert len(note(findings, "number-duplicate").references) == 2
    assert len(note(findings, "number-absent").references) == 1
    assert "the number 2" in note(findings, "number-missing").text
    made[1].AcquisitionNumber = 2
    assert "number-duplicate" not in codes(check(made, tmp_path / "again"))


def test_sparse_numbers_are_not_missing_ones(tmp_path: Path) -> None:
    """Numbers like 100, 200, 300 tell nothing."""
    made = ct_head(size=16, slices=3)
    for ds in made:
        ds.InstanceNumber *= 100
    assert codes(check(made, tmp_path)) == {"number-sparse"}


@pytest.mark.parametrize(
    ("numbers", "text"),
    [([], ""), ([3], "3"), ([3, 7, 8, 9], "3, 7 to 9"), ([*range(0, 30, 2)], None)],
)
def test_ranges(numbers: list[int], text: str | None) -> None:
    """Runs are joined and a long list is cut."""
    assert ranges(numbers) == (
        text if text is not None else "0, 2, 4, 6, 8, 10, 12, 14, 16, 18 and 5 others"
    )


Spoil = Callable[[Dataset], Any]


def _without(*keywords: str) -> Spoil:
    def spoil(ds: Dataset) -> None:
        for keyword in keywords:
            if keyword in ds:
                delattr(ds, keyword)

    return spoil


def _with(**values: Any) -> Spoil:
    def spoil(ds: Dataset) -> None:
        for keyword, value in values.items():
            setattr(ds, keyword, value)

    return spoil


@pytest.mark.parametrize(
    ("make", "spoil", "code", "part"),
    [
        (dx_extremity, _without("PatientID"), "attribute-absent", "without PatientID"),
        (dx_extremity, _without("StudyDate"), "attribute-absent", "without StudyDate"),
        (
            dx_extremity,
            _without("BodyPartExamined", "AnatomicRegionSequence"),
            "attribute-absent",
            "without BodyPartExamined, so routes",
        ),
        (dx_extremity, _without("ImageLaterality"), "attribute-absent", "left or right"),
        (
            dx_extremity,
            _without("ViewPosition", "ViewCodeSequence"),
            "attribute-absent",
            "without ViewPosition",
        ),
        (
            dx_extremity,
            _without("ImagerPixelSpacing"),
            "attribute-absent",
            "nothing can be measured in mm",
        ),
        (cr_skull, _with(HighBit=14), "pixels-contradictory", "HighBit (14)"),
        (
            cr_skull,
            _with(PhotometricInterpretation="RGB"),
            "pixels-contradictory",
            "does not go with SamplesPerPixel 1",
        ),
        (
            cr_skull,
            _with(PhotometricInterpretation="PALETTE COLOR"),
            "pixels-contradictory",
            "there is no palette",
        ),
        (
            us_thyroid,
            _without("SequenceOfUltrasoundRegions"),
            "attribute-absent",
            "without SequenceOfUltrasoundRegions",
        ),
        (ct_head, _without("FrameOfReferenceUID"), "frame-of-reference-absent", "2 instances"),
    ],
)
def test_what_pipelines_need_is_missed(
    make: Callable[..., list[Dataset]], spoil: Spoil, code: str, part: str, tmp_path: Path
) -> None:
    """Each absent or contradictory attribute is a note that says what it is for."""
    size = {"size": 32, "slices": 2} if make is ct_head else {"size": 32}
    made = make(1, **size)
    for ds in made:
        spoil(ds)
    assert part in note(check(made, tmp_path), code).text


def test_the_skull_has_no_left_and_right(tmp_path: Path) -> None:
    """Laterality is asked of paired body parts only."""
    assert codes(check(cr_skull(size=32), tmp_path)) == set()


def test_two_patients_in_one_study_are_counted(tmp_path: Path) -> None:
    """The odd one out is referred to; its values are not written."""
    made = ct_head(size=16, slices=4)
    made[2].PatientID = "OTHER"
    contradictory = note(check(made, tmp_path), "patient-contradictory")
    assert contradictory.severity is Severity.ERROR
    assert "2 different values of PatientID" in contradictory.text
    assert "OTHER" not in contradictory.text
    assert [r.SOPInstanceUID for r in contradictory.references] == [made[2].SOPInstanceUID]


@pytest.mark.parametrize(
    ("made", "flag", "found"),
    [
        (us_thyroid(size=64), "YES", "burned-in"),
        (us_thyroid(size=64), None, "burned-in-unknown"),
        (us_thyroid(size=64), "NO", None),
        (secondary_capture(size=64), None, "burned-in-unknown"),
        (photograph(size=32), None, "burned-in-unknown"),
        (ct_head(size=16, slices=1), None, None),
    ],
)
def test_burned_in_flags(
    made: Sequence[Dataset], flag: str | None, found: str | None, tmp_path: Path
) -> None:
    """Stated is told; unstated is told of the kinds of images that often show text."""
    for ds in made:
        ds.BurnedInAnnotation = flag
    assert {code for code in codes(check(made, tmp_path)) if "burned" in code} == (
        {found} if found else set()
    )


def test_a_face_is_told(tmp_path: Path) -> None:
    """RecognizableVisualFeatures is passed on as a note."""
    assert "recognizable" in codes(check(photograph(size=32), tmp_path))


@pytest.mark.parametrize(
    ("values", "part"),
    [
        ({}, "no method is named"),
        ({"ReferringPhysicianName": "A^B"}, "values of PatientBirthDate, ReferringPhysicianName"),
        ({"BurnedInAnnotation": "YES"}, "text is burned into the pixels"),
        ({"RecognizableVisualFeatures": "YES"}, "a person may be recognised"),
        ({}, "RecognizableVisualFeatures is not stated for a head"),
    ],
)
def test_deidentified_but(values: dict[str, str], part: str, tmp_path: Path) -> None:
    """A claim that identity was removed is compared with what is still there."""
    (ds,) = ct_head(size=16, slices=1)
    _with(PatientIdentityRemoved="YES", **values)(ds)
    texts = [n.text for n in check([ds], tmp_path).notes if n.code == "deidentified-but"]
    assert any(part in text for text in texts)


def test_a_good_deidentification_is_not_doubted(tmp_path: Path) -> None:
    """Nothing contradicts the claim."""
    (ds,) = ct_head(size=16, slices=1)
    ds.PatientIdentityRemoved, ds.DeidentificationMethod = "YES", "PS3.15 E.1"
    ds.RecognizableVisualFeatures, ds.PatientBirthDate = "NO", ""
    assert codes(check([ds], tmp_path)) == set()
