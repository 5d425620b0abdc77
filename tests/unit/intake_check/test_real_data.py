"""Real studies, where they are at hand."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydicom import dcmread
from pydicom.errors import InvalidDicomError

from tests.real import real
from tests.unit.intake_check.stored import codes, measured, note, run, study


def files(folder: str) -> list[Path]:
    """The DICOM files with a SOP class in a folder of the shared data, or a skip."""
    found = []
    for path in sorted(real(folder).rglob("*")):
        try:
            ds = dcmread(path, stop_before_pixels=True) if path.is_file() else None
        except (InvalidDicomError, OSError):
            continue
        if ds is not None and "SOPClassUID" in ds and "TransferSyntaxUID" in ds.file_meta:
            found.append(path)
    return found


def test_a_tilted_ct() -> None:
    """Gantry tilt and two spacings, as the data set's makers meant it."""
    findings = run(study(files("head/ct_gantry_tilt_dicom")))
    assert {"geometry-tilt", "geometry-uneven"} <= codes(findings)
    assert "18.5 degrees" in note(findings, "geometry-tilt").text
    assert measured(findings, "frames decoded") == 28


def test_a_regular_mr() -> None:
    """192 even slices of which nothing bad is to be said."""
    findings = run(study(files("head/mr_t1_dicom")))
    assert codes(findings) == set()
    assert measured(findings, "slice spacing") == pytest.approx(0.9)


@pytest.mark.filterwarnings("ignore")  # these files are odd on purpose, and pydicom says so
def test_odd_files_are_survived() -> None:
    """Each odd file is checked or refused with a reason; none brings the check down."""
    findings = run(study(files("dicom")))
    assert measured(findings, "instances checked") + len(findings.refusals) >= 60
    assert measured(findings, "frames decoded") > 100
