"""Reports as files: others' validators accept them, and what is read is what was said."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from pydicom import Dataset, dcmread

from results.build import Result, build_results
from results.identity import MARK_TAGS, is_ours
from results.sr.content import DISCLAIMER
from results.sr.groups import NO_PIXELS
from tests.integration.results.sources import CONTEXT, NAMES, everything, nothing, plenty, source
from tests.peers.validators import dciodvfy, dsrdump, sr_errors

KINDS = ("ct", "dx", "us", "cine", "photo")


def write(result: Result, folder: Path) -> Path:
    """The result as a file."""
    path = folder / "sr.dcm"
    result.dataset.save_as(path, enforce_file_format=True)
    return path


def items(ds: Dataset) -> Iterator[Dataset]:
    """Every content item below."""
    for item in ds.get("ContentSequence", ()):
        yield item
        yield from items(item)


def texts(ds: Dataset) -> list[str]:
    """Every text in the content tree."""
    return [item.TextValue for item in items(ds) if item.ValueType == "TEXT"]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("kind", KINDS)
def test_dciodvfy_finds_no_error(kind: str, name: str, tmp_path: Path) -> None:
    """A report of any source and name, with everything or nothing, has no error for dciodvfy."""
    datasets = source(kind, name)
    for findings in (everything(datasets), nothing(datasets)):
        (result,) = build_results(["sr"], datasets, findings, CONTEXT)
        assert dciodvfy(write(result, tmp_path)) == []


@pytest.mark.parametrize(
    ("kind", "name"),
    [("ct", "japanese"), ("dx", "cyrillic"), ("cine", "arabic"), ("photo", "utf8")],
)
def test_pixelmed_finds_no_error(kind: str, name: str, tmp_path: Path) -> None:
    """A full report keeps to the templates that PixelMed's validator knows."""
    datasets = source(kind, name)
    (result,) = build_results(["sr"], datasets, everything(datasets), CONTEXT)
    assert sr_errors(write(result, tmp_path)) == []


def test_pixelmed_finds_no_error_in_an_empty_report(tmp_path: Path) -> None:
    """A report with nothing to say is valid, too."""
    datasets = source("ct", "ascii")
    (result,) = build_results(["sr"], datasets, nothing(datasets), CONTEXT)
    assert sr_errors(write(result, tmp_path)) == []


@pytest.mark.parametrize("kind", KINDS)
def test_dcmtk_shows_what_was_said(kind: str, tmp_path: Path) -> None:
    """A reader of another make shows the words, the judgements, the numbers and the outlines."""
    datasets = source(kind, "ascii")
    (result,) = build_results(["sr"], datasets, everything(datasets), CONTEXT)
    shown = dsrdump(write(result, tmp_path))
    for said in (
        DISCLAIMER,
        "Note 2 says something about the study.",
        "Series 9 (SR): Not processed because it holds structured reports.",
        '(121075,DCM,"Recommendation")="Ask a radiologist.',
        '(limits,99DICOMNODE,"Limits of the result")="Not for children."',
        "A heat map (Grad-CAM, layer layer4) explains: Fracture of bone.",
        '(121071,DCM,"Finding")=(125605004,SCT,"Fracture of bone")',
        '(risk,99DICOMNODE,"Risk")=(15508007,SCT,"High risk")',
        "A picture shows: The nodule ? enlarged.",
        '(125605004,SCT,"Fracture of bone")=(272519000,SCT,"Absent")',
        '(111047,DCM,"Probability of cancer")="7.0" (%,UCUM,"Percent")',
        '(103339001,SCT,"Long Axis")="12.5" (mm,UCUM,"mm")',
        "(POLYLINE,1/2.5,9/2.5,9/8,1/8,1/2.5)",
        '(111002,DCM,"Algorithm Parameters")="card=https://example.org/card"',
        NO_PIXELS,
    ):
        assert said in shown


@pytest.mark.parametrize("name", NAMES)
def test_patient_and_study_are_the_sources_exactly(name: str, tmp_path: Path) -> None:
    """What is read back about patient and study equals the source, bytes of the name included."""
    datasets = source("us", name)
    datasets[0].save_as(tmp_path / "source.dcm", enforce_file_format=True)
    there = dcmread(tmp_path / "source.dcm", stop_before_pixels=True)
    (result,) = build_results(["sr"], [there], plenty(datasets), CONTEXT)
    back = dcmread(write(result, tmp_path))
    assert back.PatientName == there.PatientName
    assert back.PatientName.encode() == there.PatientName.encode()
    for keyword in ("SpecificCharacterSet", "TimezoneOffsetFromUTC", "PatientID", "StudyDate"):
        assert back.get(keyword) == there.get(keyword)
    assert back.StudyInstanceUID == there.StudyInstanceUID
    assert "PatientWeight" not in back


def test_times_are_on_the_sources_clock(tmp_path: Path) -> None:
    """10:20:30 at +0100 is 18:20:30 for a source at +0900."""
    datasets = source("ct", "ascii")
    (result,) = build_results(["sr"], datasets, nothing(datasets), CONTEXT)
    back = dcmread(write(result, tmp_path))
    assert (back.ContentDate, back.ContentTime) == ("20260102", "182030")
    assert (back.InstanceCreationDate, back.InstanceCreationTime) == ("20260102", "182030")


def test_written_and_read_again_it_is_the_same(tmp_path: Path) -> None:
    """Reading the file and writing it again gives the same bytes, and the text is what was said."""
    datasets = source("ct", "utf8")
    (result,) = build_results(["sr"], datasets, plenty(datasets), CONTEXT)
    path = write(result, tmp_path)
    back = dcmread(path)
    back.save_as(tmp_path / "again.dcm", enforce_file_format=True)
    assert (tmp_path / "again.dcm").read_bytes() == path.read_bytes()
    assert any("山" in text for text in texts(back))


def test_the_same_arguments_give_the_same_bytes(tmp_path: Path) -> None:
    """A job that is done twice sends the same object."""
    written = []
    for _ in range(2):
        datasets = source("ct", "japanese")
        (result,) = build_results(["sr"], datasets, plenty(datasets), CONTEXT)
        written.append(write(result, tmp_path).read_bytes())
    assert written[0] == written[1]


def test_what_has_no_place_in_the_character_set_is_replaced(tmp_path: Path) -> None:
    """Text beyond the source's character set never stops a report."""
    datasets = source("dx", "cyrillic")
    (result,) = build_results(["sr"], datasets, plenty(datasets), CONTEXT)
    summary = next(text for text in texts(dcmread(write(result, tmp_path))) if "summary" in text)
    assert summary.startswith("A long summary ? with 'quotes'")


def test_evidence_names_every_source(tmp_path: Path) -> None:
    """Each source is in the evidence of the current procedure and in the image library."""
    datasets = source("ct", "ascii")
    (result,) = build_results(["sr"], datasets, nothing(datasets), CONTEXT)
    back = dcmread(write(result, tmp_path))
    wanted = {ds.SOPInstanceUID for ds in datasets}
    evidence = back.CurrentRequestedProcedureEvidenceSequence[0].ReferencedSeriesSequence
    named = {sop.ReferencedSOPInstanceUID for s in evidence for sop in s.ReferencedSOPSequence}
    images = [item for item in items(back) if item.ValueType == "IMAGE"]
    assert named == wanted
    assert {i.ReferencedSOPSequence[0].ReferencedSOPInstanceUID for i in images} == wanted


def test_a_revision_names_its_predecessor(tmp_path: Path) -> None:
    """The second revision is another object of the same series and points back."""
    datasets = source("ct", "ascii")
    (first,) = build_results(["sr"], datasets, nothing(datasets), CONTEXT)
    again = replace(CONTEXT, revision=2, predecessors={"sr": [first.dataset]})
    (second,) = build_results(["sr"], datasets, nothing(datasets), again)
    path = write(second, tmp_path)
    back = dcmread(path)
    before = back.PredecessorDocumentsSequence[0].ReferencedSeriesSequence[0]
    assert before.ReferencedSOPSequence[0].ReferencedSOPInstanceUID == first.SOPInstanceUID
    assert second.SOPInstanceUID != first.SOPInstanceUID
    assert back.SeriesInstanceUID == before.SeriesInstanceUID
    assert dciodvfy(path) == []


@pytest.mark.parametrize(("findings", "flag"), [(plenty, "PARTIAL"), (nothing, "COMPLETE")])
def test_flags(findings: object, flag: str) -> None:
    """Partial when parts were refused; never verified, never final: no person has seen it."""
    datasets = source("ct", "ascii")
    assert callable(findings)
    (result,) = build_results(["sr"], datasets, findings(datasets), CONTEXT)
    ds = result.dataset
    assert (ds.CompletionFlag, ds.VerificationFlag) == (flag, "UNVERIFIED")
    assert ds.PreliminaryFlag == "PRELIMINARY"


def test_the_mark_is_found_by_reading_one_attribute(tmp_path: Path) -> None:
    """Another node recognises a report without reading the rest of it."""
    datasets = source("ct", "ascii")
    (result,) = build_results(["sr"], datasets, nothing(datasets), CONTEXT)
    path = write(result, tmp_path)
    assert is_ours(dcmread(path, specific_tags=list(MARK_TAGS)))
    datasets[0].save_as(tmp_path / "source.dcm", enforce_file_format=True)
    assert not is_ours(dcmread(tmp_path / "source.dcm", specific_tags=list(MARK_TAGS)))
