"""Studies and findings that reports are built from in these tests."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from pydicom import Dataset

from bench.phantoms import ct_head, dx_extremity, photograph, us_thyroid
from pipelines.contract import (
    Algorithm,
    Concept,
    Evaluation,
    Findings,
    Measurement,
    Note,
    Reference,
    Refusal,
    Severity,
)
from results.build import Context

NAMES: dict[str, tuple[str | list[str], str]] = {
    "ascii": ("ISO_IR 6", "PHANTOM^PLAIN"),
    "japanese": (["", "ISO 2022 IR 87"], "Yamada^Tarou=山田^太郎=やまだ^たろう"),
    "arabic": ("ISO_IR 127", "قباني^لنزار"),
    "cyrillic": ("ISO_IR 144", "Люксембург"),
    "utf8": ("ISO_IR 192", "Wang^XiaoDong=王^小东"),
}

CONTEXT = Context(
    pipeline="intake-check",
    version="1.0.0",
    revision=1,
    content_datetime=datetime(2026, 1, 2, 10, 20, 30, tzinfo=timezone(timedelta(hours=1))),
    ae_title="DICOM_NODE",
)


def source(kind: str, name: str) -> list[Dataset]:
    """A phantom study whose patient has this name in this character set."""
    makers = {
        "ct": lambda: ct_head(size=16, slices=3),
        "dx": lambda: dx_extremity(size=32),
        "us": lambda: us_thyroid(size=64),
        "photo": lambda: photograph(size=32),
    }
    datasets = makers[kind]()
    for ds in datasets:
        character_set, patient = NAMES[name]
        if name != "ascii":
            ds.SpecificCharacterSet = character_set
        ds.PatientName = patient
        ds.TimezoneOffsetFromUTC = "+0900"
    return datasets


def references(datasets: list[Dataset]) -> tuple[Reference, ...]:
    """Each instance."""
    return tuple(
        Reference(SOPClassUID=ds.SOPClassUID, SOPInstanceUID=ds.SOPInstanceUID) for ds in datasets
    )


def nothing(datasets: list[Dataset]) -> Findings:
    """Findings with nothing to say."""
    return Findings(
        algorithm=Algorithm(name="intake-check", version="1.0.0"),
        summary="",
        sources=references(datasets),
    )


def plenty(datasets: list[Dataset]) -> Findings:
    """Findings with much of everything, and text that no one character set has room for."""
    where = references(datasets)
    fracture = Concept(value="125605004", scheme="SCT", meaning="Fracture of bone")
    finding = Concept(value="121071", scheme="DCM", meaning="Finding")
    return Findings(
        algorithm=Algorithm(
            name="intake-check", version="1.0.0", digest="sha256:0123", parameters={"size": "224"}
        ),
        summary="A long summary → with 'quotes', µ, 山 and a line\nbreak. " + "More. " * 500,
        sources=where,
        notes=tuple(
            Note(
                code=f"kind-of-note-number-{number}",
                severity=list(Severity)[number % 3],
                text=f"Note {number} says something about the study.",
                references=where[:2],
            )
            for number in range(20)
        ),
        refusals=(Refusal(of="Series 9 (SR)", because="it holds structured reports."),),
        measurements=(
            Measurement(name="slice spacing", value=1 / 3, unit="mm", references=where[:1]),
            Measurement(name="instances checked", value=3, unit="1"),
        ),
        evaluations=(Evaluation(name=finding, value=fracture, references=where),),
    )
