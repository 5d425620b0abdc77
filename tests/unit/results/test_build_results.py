"""Which objects are built, and what is said of those that are not."""

from __future__ import annotations

import time
from copy import deepcopy
from dataclasses import replace
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import pytest
from pydicom import Dataset, dcmread
from pydicom.config import disable_value_validation

from bench.phantoms import ct_head, write
from pipelines.contract import (
    Algorithm,
    Findings,
    Instance,
    Note,
    Reference,
    Rejected,
    Series,
    Severity,
    Study,
)
from results.build import Context, build_results

CONTEXT = Context(
    pipeline="intake-check",
    version="1.0.0",
    revision=1,
    content_datetime=datetime(2026, 1, 2, tzinfo=UTC),
)
FINDINGS = Findings(
    algorithm=Algorithm(name="intake-check", version="1.0.0"), summary="Fine.", sources=()
)


@pytest.fixture(scope="module")
def source() -> list[Dataset]:
    """A small study."""
    return ct_head(size=16, slices=2)


def test_identity_follows_study_pipeline_version_revision(source: list[Dataset]) -> None:
    """Each of them makes another object; nothing else does."""
    contexts = [
        CONTEXT,
        replace(CONTEXT, revision=2),
        replace(CONTEXT, version="1.0.1"),
        replace(CONTEXT, pipeline="other"),
        replace(CONTEXT, content_datetime=datetime(2027, 1, 1, tzinfo=UTC)),
    ]
    uids = [build_results(["sr"], source, FINDINGS, c).results[0].SOPInstanceUID for c in contexts]
    assert len(set(uids)) == 4
    assert uids[4] == uids[0]


def test_a_study_is_a_source(tmp_path: Path, source: list[Dataset]) -> None:
    """From the stored study the same report comes as from its data sets."""
    paths = write(source, tmp_path)
    instances = tuple(
        Instance(
            SOPClassUID=ds.SOPClassUID,
            SOPInstanceUID=ds.SOPInstanceUID,
            TransferSyntaxUID=ds.file_meta.TransferSyntaxUID,
            path=path,
        )
        for ds, path in zip(source, paths, strict=True)
    )
    series = Series(SeriesInstanceUID=source[0].SeriesInstanceUID, instances=instances)
    study = Study(StudyInstanceUID=source[0].StudyInstanceUID, revision=1, series=(series,))
    from_study = build_results(["sr"], study, FINDINGS, CONTEXT).results[0].dataset
    from_datasets = build_results(["sr"], source, FINDINGS, CONTEXT).results[0].dataset
    assert from_study == from_datasets


def test_a_reference_to_a_stranger_is_an_error(source: list[Dataset]) -> None:
    """No report is made that points at an instance which is not among its sources."""
    stranger = Reference(SOPClassUID=source[0].SOPClassUID, SOPInstanceUID="2.25.1")
    note = Note(code="x", severity=Severity.INFO, text="x", references=(stranger,))
    with pytest.raises(Rejected, match="not among the sources"):
        build_results(["sr"], source, replace(FINDINGS, notes=(note,)), CONTEXT)


def test_no_source_is_an_error() -> None:
    """There is no patient to report on."""
    with pytest.raises(Rejected, match="no instances"):
        build_results(["sr"], [], FINDINGS, CONTEXT)


def test_a_source_without_its_uids_is_an_error(source: list[Dataset]) -> None:
    """A report could not refer to it."""
    nameless = deepcopy(source[0])
    nameless.StudyInstanceUID = ""
    with pytest.raises(Rejected, match="lacks one of its UIDs"):
        build_results(["sr"], [nameless], FINDINGS, CONTEXT)


def test_invalid_values_are_passed_on_and_not_logged(
    source: list[Dataset], caplog: pytest.LogCaptureFixture
) -> None:
    """What is wrong in the source is wrong in the report, exactly, and stays out of the log."""
    buffer = BytesIO()
    ds = deepcopy(source[0])
    del ds.PatientBirthDate, ds.PatientSex
    with disable_value_validation():
        ds.PatientBirthDate, ds.PatientSex = "no date", "female"
        ds.save_as(buffer, enforce_file_format=True)
    buffer.seek(0)
    caplog.clear()
    built = build_results(["sr"], [dcmread(buffer)], FINDINGS, CONTEXT).results[0].dataset
    assert caplog.text == ""
    assert (built.PatientBirthDate, built.PatientSex) == ("no date", "female")
    built.save_as(BytesIO(), enforce_file_format=True)


def test_two_thousand_sources_take_well_under_two_seconds(source: list[Dataset]) -> None:
    """A large study's report costs little, library and references included."""
    many = []
    for number in range(2000):
        ds = Dataset()
        for keyword in ("PatientID", "StudyInstanceUID", "SeriesInstanceUID", "SOPClassUID"):
            ds[keyword] = source[0][keyword]
        ds.SOPInstanceUID = f"2.25.{number + 1}"
        many.append(ds)
    start = time.process_time()
    build_results(["sr"], many, FINDINGS, CONTEXT)
    assert time.process_time() - start < 2
