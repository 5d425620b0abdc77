"""Studies as the node would store them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

from pydicom import Dataset, dcmread

from pipelines.contract import Findings, Instance, Note, Series, Study
from pipelines.intake_check import IntakeCheck


def instance(path: Path) -> Instance:
    """A stored file as a pipeline sees it."""
    tags = ["SOPClassUID", "SOPInstanceUID", "Modality", "SeriesNumber"]
    ds = dcmread(path, stop_before_pixels=True, specific_tags=list(tags))
    return Instance(
        SOPClassUID=str(ds.SOPClassUID),
        SOPInstanceUID=str(ds.SOPInstanceUID),
        TransferSyntaxUID=str(ds.file_meta.TransferSyntaxUID),
        path=path,
        header={keyword: ds.get(keyword) for keyword in ("Modality", "SeriesNumber")},
    )


def study(paths: Sequence[Path], expected: int | None = None, received: int = 0) -> Study:
    """Files as a study."""

    def series_of(path: Path) -> str:
        ds = dcmread(path, stop_before_pixels=True, specific_tags=["SeriesInstanceUID"])
        return str(ds.get("SeriesInstanceUID", ""))

    ordered = sorted(paths, key=lambda path: (series_of(path), path.name))
    return Study(
        StudyInstanceUID="2.25.1",
        revision=1,
        series=tuple(
            Series(SeriesInstanceUID=uid, instances=tuple(instance(path) for path in found))
            for uid, found in groupby(ordered, key=series_of)
        ),
        expected_instances=expected,
        received_instances=received or len(paths),
    )


def store(datasets: Sequence[Dataset], folder: Path) -> list[Path]:
    """Each data set as a file."""
    folder.mkdir(exist_ok=True)
    paths = []
    for number, ds in enumerate(datasets):
        path = folder / f"{number:05}"
        ds.save_as(path, enforce_file_format=True)
        paths.append(path)
    return paths


def check(datasets: Sequence[Dataset], folder: Path) -> Findings:
    """What the check says about a study of these data sets."""
    return run(study(store(datasets, folder)))


def run(whole: Study) -> Findings:
    """What the check says about a study; its progress has to go forward from 0 to 1."""
    seen = [0.0]

    def report(fraction: float, doing: str) -> None:
        assert doing
        assert 0 <= fraction <= 1
        assert fraction >= seen[-1] - 1e-6
        seen.append(fraction)

    findings = IntakeCheck().run(whole, report)
    assert seen[-1] == 1
    return findings


def codes(findings: Findings) -> set[str]:
    """The codes of all notes."""
    return {note.code for note in findings.notes}


def note(findings: Findings, code: str) -> Note:
    """The only note with this code."""
    (found,) = [note for note in findings.notes if note.code == code]
    return found


def measured(findings: Findings, name: str) -> float:
    """The only measurement of this name."""
    (found,) = [number.value for number in findings.measurements if number.name == name]
    return found
