"""What in the images could identify the patient, as far as their attributes tell."""

from __future__ import annotations

from collections.abc import Iterator

from pydicom.uid import UID

from pipelines.contract import Note, Severity
from pipelines.intake_check.headers import Header, HeaderSeries, images, text
from pipelines.intake_check.keywords import IDENTIFYING

_OFTEN_BURNED_IN = frozenset({"US", "XC", "SC", "OT", "ES", "GM", "SM", "OP", "IVUS"})
_FACES = frozenset({"HEAD", "SKULL", "FACE", "BRAIN", "HEADNECK", "JAW", "ORBIT", "SINUS"})


def check_privacy(series: HeaderSeries) -> Iterator[Note]:
    """Look at the flags about burned-in text and faces, and at claims of de-identification."""
    burned, unsaid, visible = [], [], []
    for header in series.headers:
        flag = text(header.ds, "BurnedInAnnotation").upper()
        if flag == "YES":
            burned.append(header)
        elif flag != "NO" and _may_be_burned_in(series, header):
            unsaid.append(header)
        if text(header.ds, "RecognizableVisualFeatures").upper() == "YES":
            visible.append(header)
    yield from _flag(
        series, burned, "burned-in", Severity.WARNING, "text is burned into the pixels of {}"
    )
    yield from _flag(
        series,
        unsaid,
        "burned-in-unknown",
        Severity.WARNING,
        "BurnedInAnnotation is not stated for {}, and images of this kind often show text",
    )
    yield from _flag(
        series, visible, "recognizable", Severity.WARNING, "a person may be recognised in {}"
    )
    yield from _deidentified(series)


def _may_be_burned_in(series: HeaderSeries, header: Header) -> bool:
    secondary = "Secondary Capture" in UID(header.instance.SOPClassUID).name
    return secondary or series.Modality in _OFTEN_BURNED_IN


def _deidentified(series: HeaderSeries) -> Iterator[Note]:
    """What contradicts 'patient identity removed'."""
    claimed = [h for h in series.headers if text(h.ds, "PatientIdentityRemoved").upper() == "YES"]
    left: dict[str, list[Header]] = {}
    for header in claimed:
        for contradiction in _contradictions(header):
            left.setdefault(contradiction, []).append(header)
    for contradiction, headers in left.items():
        yield from _flag(
            series,
            headers,
            "deidentified-but",
            Severity.WARNING,
            f"PatientIdentityRemoved is YES in {{}}, but {contradiction}",
        )


def _contradictions(header: Header) -> Iterator[str]:
    ds = header.ds
    if not ds.get("DeidentificationMethod") and not ds.get("DeidentificationMethodCodeSequence"):
        yield "no method is named"
    present = [keyword for keyword in IDENTIFYING if ds.get(keyword)]
    if present:
        yield f"there are values of {', '.join(present)}"
    if text(ds, "BurnedInAnnotation").upper() == "YES":
        yield "text is burned into the pixels"
    faces = text(ds, "RecognizableVisualFeatures").upper()
    if faces == "YES":
        yield "a person may be recognised in the pixels"
    elif not faces and text(ds, "BodyPartExamined").upper().replace(" ", "") in _FACES:
        yield "RecognizableVisualFeatures is not stated for a head"


def _flag(
    series: HeaderSeries, headers: list[Header], code: str, severity: Severity, sentence: str
) -> Iterator[Note]:
    if headers:
        yield Note(
            code=code,
            severity=severity,
            text=f"{series.called}: {sentence.format(images(len(headers)))}.",
            references=series.references(headers),
        )
