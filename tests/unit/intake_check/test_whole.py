"""The check as a whole: what it takes, what it says of good studies, how long it needs."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from pydicom import Dataset
from pydicom.config import disable_value_validation

from bench.phantoms import KINDS, TRANSFER_SYNTAXES, ct_head, ct_like, encode, write_files
from pipelines import installed
from pipelines.contract import Cancelled, Instance, Pipeline, Retryable, Series, Severity
from pipelines.intake_check import IntakeCheck
from pipelines.intake_check.headers import read_series
from tests.unit.intake_check.stored import check, codes, measured, run, store, study


def test_it_is_installed() -> None:
    """The built-in list names it as it is."""
    listed = installed()["intake-check"]
    made = listed.make()
    assert isinstance(made, Pipeline)
    assert (made.name, made.version, made.framework) == (
        listed.name,
        listed.version,
        listed.framework,
    )


@pytest.mark.parametrize("syntax", TRANSFER_SYNTAXES)
@pytest.mark.parametrize("kind", KINDS)
def test_good_studies_have_no_errors(kind: str, syntax: str, tmp_path: Path) -> None:
    """Every phantom, however it is encoded, is decoded whole and without an error."""
    datasets = encode(KINDS[kind](1)[:4], syntax)
    findings = check(datasets, tmp_path)
    assert [note.text for note in findings.notes if note.severity is Severity.ERROR] == []
    assert findings.refusals == ()
    assert measured(findings, "instances checked") == len(datasets)
    frames = sum(int(ds.get("NumberOfFrames", 1)) for ds in datasets)
    assert measured(findings, "frames decoded") == frames
    assert len(findings.sources) == len(datasets)


def test_a_plain_ct_has_nothing_to_say(tmp_path: Path) -> None:
    """A consistent series gives numbers and no notes."""
    findings = check(ct_head(size=16, slices=6, spacing=2.5), tmp_path)
    assert codes(findings) == set()
    assert measured(findings, "slice spacing") == 2.5
    assert findings.summary == (
        "6 instances checked, 6 of their frames decoded: no errors, no warnings."
    )


def _series(*classes: str) -> Series:
    return Series(
        SeriesInstanceUID="2.25.9",
        instances=tuple(
            Instance(
                SOPClassUID=uid,
                SOPInstanceUID=f"2.25.{number}",
                TransferSyntaxUID="1.2.840.10008.1.2.1",
                path=Path("/nowhere"),
                header={"Modality": "X", "SeriesNumber": 7, "Rows": None},
            )
            for number, uid in enumerate(classes)
        ),
    )


@pytest.mark.parametrize(
    ("SOPClassUID", "reason"),
    [
        ("1.2.840.10008.5.1.4.1.1.88.33", "structured reports"),
        ("1.2.840.10008.5.1.4.1.1.88.67", "structured reports"),
        ("1.2.840.10008.5.1.4.1.1.11.1", "presentation states"),
        ("1.2.840.10008.5.1.4.1.1.88.59", "key object selections"),
        ("1.2.840.10008.5.1.4.1.1.104.1", "documents"),
        ("1.2.840.10008.5.1.4.1.1.481.3", "contours"),
        ("1.2.840.10008.5.1.4.1.1.481.5", "radiotherapy plans"),
        ("1.2.840.10008.5.1.4.1.1.9.1.1", "waveforms"),
        ("1.2.840.10008.5.1.4.1.1.66", "raw data"),
        ("1.2.840.10008.5.1.4.1.1.4.2", "spectra"),
        ("1.2.3.4.5", "a kind this check does not know"),
    ],
)
def test_what_is_no_image_is_refused_with_its_kind(SOPClassUID: str, reason: str) -> None:
    """The router is told why, and so is the report where such a series is given anyway."""
    series = _series(SOPClassUID)
    verdict = IntakeCheck().accepts(series)
    assert not verdict.accepted
    assert reason in verdict.reason
    _, (refusal,) = read_series(series, lambda fraction, doing: None)
    assert refusal.of == "Series 7 (X)"
    assert refusal.because == verdict.reason
    assert refusal.references[0].SOPInstanceUID == "2.25.0"


@pytest.mark.parametrize(
    "SOPClassUID",
    [
        "1.2.840.10008.5.1.4.1.1.2",
        "1.2.840.10008.5.1.4.1.1.2.1",
        "1.2.840.10008.5.1.4.1.1.66.4",
        "1.2.840.10008.5.1.4.1.1.481.2",
        "1.2.840.10008.5.1.4.1.1.77.1.6",
    ],
)
def test_images_are_taken(SOPClassUID: str) -> None:
    """Whatever has pixels is taken, by its class alone."""
    assert IntakeCheck().accepts(_series(SOPClassUID)).accepted


def test_a_file_that_is_no_dicom_is_refused(tmp_path: Path) -> None:
    """One unreadable file does not stop the others from being checked."""
    paths = store(ct_head(size=16, slices=3), tmp_path)
    whole = study(paths)
    paths[1].write_bytes(b"no DICOM at all")
    findings = run(whole)
    assert [refusal.because for refusal in findings.refusals] == [
        "its attributes cannot be read as DICOM"
    ]
    assert measured(findings, "instances checked") == 2


def test_a_file_that_is_gone_is_tried_again_later(tmp_path: Path) -> None:
    """A disk that is away is no property of the study."""
    paths = store(ct_head(size=16, slices=2), tmp_path)
    whole = study(paths)
    paths[0].unlink()
    with pytest.raises(Retryable):
        run(whole)


def test_cancelling_stops_it(tmp_path: Path) -> None:
    """Progress raises, and nothing swallows it."""
    whole = study(store(ct_head(size=16, slices=2), tmp_path))

    def cancel(fraction: float, doing: str) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        IntakeCheck().run(whole, cancel)


def test_no_note_tells_who_the_patient_is(tmp_path: Path) -> None:
    """Names, numbers and dates of birth stay out of every text, whatever is wrong."""
    datasets = [*ct_head(1, size=16, slices=3), *ct_head(2, size=16, slices=3, gap_after=1)]
    secrets = ["Secretive", "SECRETIVE", "SECRET-ID", "19500505"]
    for ds in datasets[:4]:
        ds.PatientName, ds.PatientID, ds.PatientBirthDate = (
            "Secretive^Name",
            "SECRET-ID",
            "19500505",
        )
        ds.SeriesDescription = "Secretive"
        ds.PatientIdentityRemoved = "YES"
        ds.PhotometricInterpretation = "SECRETIVE"
    findings = check(datasets, tmp_path)
    assert "patient-contradictory" in codes(findings)
    said = repr((findings.summary, [n.text for n in findings.notes], findings.refusals))
    assert not any(secret in said for secret in secrets)


def test_invalid_values_are_read_without_being_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A date of birth that is no date neither stops the check nor gets into a log."""
    (ds,) = ct_head(size=16, slices=1)
    del ds.PatientBirthDate, ds.ReferringPhysicianName, ds.InstanceNumber
    with disable_value_validation():
        ds.PatientBirthDate = "no date"
        ds.ReferringPhysicianName = "Somebody^" + "x" * 70
        ds.InstanceNumber = "1"
        paths = store([ds], tmp_path)
    caplog.clear()
    assert measured(run(study(paths)), "instances checked") == 1
    assert caplog.text == ""


def test_two_thousand_headers_take_about_two_seconds(tmp_path: Path) -> None:
    """All but the decoding of a large CT."""
    whole = study(write_files(ct_like(2000, size=2000), tmp_path))
    start = time.process_time()
    findings = run(whole)
    assert time.process_time() - start < 6  # decoding included, on a busy machine
    assert measured(findings, "frames decoded") == 2000


def test_datasets_are_not_kept(tmp_path: Path) -> None:
    """The check leaves nothing behind in the instances it was given."""
    whole = study(store(ct_head(size=16, slices=2), tmp_path))
    run(whole)
    assert not any("dataset" in vars(one) for one in whole.instances)
    assert isinstance(whole.instances[0].dataset, Dataset)


def test_a_number_of_the_wrong_length_does_not_end_the_check(tmp_path: Path) -> None:
    """Three bytes are no number of 16 bits: pydicom raises what is no ValueError."""
    (path,) = store(ct_head(size=32, slices=1), tmp_path)
    data = path.read_bytes()
    at = data.index(b"\x28\x00\x03\x01US\x02\x00")  # PixelRepresentation
    path.write_bytes(data[:at] + b"\x28\x00\x03\x01US\x03\x00\x00\x00\x00" + data[at + 10 :])
    assert run(study([path])).sources
