"""The attributes that later pipelines need: absent ones and ones that contradict each other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from pipelines.contract import Note, Reference, Severity
from pipelines.intake_check.headers import (
    MOST_REFERENCES,
    Header,
    HeaderSeries,
    images,
    integer,
    text,
)

_XRAY = frozenset({"CR", "DX", "IO", "MG", "PX", "RG", "RF"})
# fmt: off
_PAIRED = frozenset(
    {
        "HAND", "WRIST", "FOREARM", "ELBOW", "ARM", "SHOULDER", "HUMERUS", "FINGER", "THUMB",
        "FOOT", "TOE", "ANKLE", "LEG", "KNEE", "FEMUR", "THIGH", "CALCANEUS", "CLAVICLE",
        "SCAPULA", "BREAST", "EYE", "EAR", "ORBIT", "EXTREMITY", "UPPERLIMB", "LOWERLIMB",
    }
)
# fmt: on
"""Body parts of which a person has a left and a right one."""
_COLOURS: Mapping[str, int] = {
    "MONOCHROME1": 1,
    "MONOCHROME2": 1,
    "PALETTE COLOR": 1,
    "RGB": 3,
    "YBR_FULL": 3,
    "YBR_FULL_422": 3,
    "YBR_PARTIAL_420": 3,
    "YBR_PARTIAL_422": 3,
    "YBR_ICT": 3,
    "YBR_RCT": 3,
    "XYB": 3,
}
"""SamplesPerPixel that each PhotometricInterpretation goes with (PS3.3 C.7.6.3.1.2)."""


def check_patient(series: Sequence[HeaderSeries]) -> Iterator[Note]:
    """Whether the study names one patient and one day; values are counted and never written."""
    headers = [header for one in series for header in one.headers]
    for keyword, severity in (("PatientID", Severity.ERROR), ("StudyDate", Severity.WARNING)):
        yield from _absent(headers, keyword, severity, "The study")
    for keyword in ("PatientID", "PatientName", "PatientBirthDate", "PatientSex", "StudyDate"):
        values = {text(header.ds, keyword) for header in headers} - {""}
        if len(values) > 1:
            yield Note(
                code="patient-contradictory",
                severity=Severity.ERROR if keyword.startswith("PatientI") else Severity.WARNING,
                text=f"The study has {len(values)} different values of {keyword}; it may mix "
                "patients.",
                references=_odd_ones(headers, keyword),
            )


def check_attributes(series: HeaderSeries) -> Iterator[Note]:
    """Look for what pipelines for this modality need."""
    headers = series.headers
    called = series.called
    yield from _absent(headers, "Modality", Severity.WARNING, called)
    yield from _absent(headers, "PhotometricInterpretation", Severity.ERROR, called)
    yield from _pixel_description(series)
    if series.Modality in _XRAY:
        yield from _xray(series)
    elif series.Modality == "US":
        yield from _absent(
            headers,
            "SequenceOfUltrasoundRegions",
            Severity.INFO,
            called,
            "so distances cannot be measured and the image area is not marked",
        )


def _xray(series: HeaderSeries) -> Iterator[Note]:
    headers, called = series.headers, series.called
    nowhere = [h for h in headers if not _has(h, "BodyPartExamined", "AnatomicRegionSequence")]
    yield from _lacking(
        nowhere,
        "BodyPartExamined",
        Severity.WARNING,
        called,
        "so routes by body part cannot match",
    )
    sideless = [
        header
        for header in headers
        if text(header.ds, "BodyPartExamined").upper().replace(" ", "") in _PAIRED
        and not _has(header, "Laterality", "ImageLaterality", "FrameLaterality")
    ]
    yield from _lacking(
        sideless, "ImageLaterality", Severity.WARNING, called, "so left or right is not known"
    )
    yield from _lacking(
        [h for h in headers if not _has(h, "ViewPosition", "ViewCodeSequence")],
        "ViewPosition",
        Severity.INFO,
        called,
    )
    unscaled = [
        header
        for header in headers
        if not _has(header, "PixelSpacing", "ImagerPixelSpacing", "NominalScannedPixelSpacing")
    ]
    yield from _lacking(
        unscaled,
        "PixelSpacing and ImagerPixelSpacing",
        Severity.WARNING,
        called,
        "so nothing can be measured in mm",
    )


def _pixel_description(series: HeaderSeries) -> Iterator[Note]:
    """Contradictions within the description of the pixels (PS3.3 C.7.6.3)."""
    wrong: dict[str, list[Header]] = {}
    for header in series.headers:
        for contradiction in _contradictions(header):
            wrong.setdefault(contradiction, []).append(header)
    for contradiction, headers in wrong.items():
        yield Note(
            code="pixels-contradictory",
            severity=Severity.WARNING,
            text=f"{series.called}: {contradiction}, in {images(len(headers))}.",
            references=_references(headers),
        )


def _contradictions(header: Header) -> Iterator[str]:
    ds = header.ds
    allocated, stored = integer(ds, "BitsAllocated"), integer(ds, "BitsStored")
    high, samples = integer(ds, "HighBit"), integer(ds, "SamplesPerPixel")
    colour = text(ds, "PhotometricInterpretation")
    if allocated and stored and stored > allocated:
        yield f"BitsStored ({stored}) is more than BitsAllocated ({allocated})"
    if stored and high is not None and high != stored - 1:
        yield f"HighBit ({high}) is not one less than BitsStored ({stored})"
    if colour in _COLOURS and samples is not None and samples != _COLOURS[colour]:
        yield f"PhotometricInterpretation {colour} does not go with SamplesPerPixel {samples}"
    if colour and colour not in _COLOURS:
        yield "PhotometricInterpretation has a value that the standard does not know"
    if colour == "PALETTE COLOR" and not _has(header, "RedPaletteColorLookupTableDescriptor"):
        yield "PhotometricInterpretation is PALETTE COLOR and there is no palette"


def _has(header: Header, *keywords: str) -> bool:
    """Whether any of the attributes has a value, here or in the shared functional groups."""
    return any(header.ds.get(keyword) not in (None, "", []) for keyword in keywords)


def _absent(
    headers: Iterable[Header], keyword: str, severity: Severity, called: str, so: str = ""
) -> Iterator[Note]:
    yield from _lacking([h for h in headers if not _has(h, keyword)], keyword, severity, called, so)


def _lacking(
    headers: Sequence[Header], what: str, severity: Severity, called: str, so: str = ""
) -> Iterator[Note]:
    if headers:
        consequence = f", {so}" if so else ""
        yield Note(
            code="attribute-absent",
            severity=severity,
            text=f"{called}: {images(len(headers))} without {what}{consequence}.",
            references=_references(headers),
        )


def _odd_ones(headers: Sequence[Header], keyword: str) -> tuple[Reference, ...]:
    """Those whose value is not the commonest."""
    values = [text(header.ds, keyword) for header in headers]
    common, _ = Counter(value for value in values if value).most_common(1)[0]
    return _references(
        [h for h, value in zip(headers, values, strict=True) if value not in ("", common)]
    )


def _references(headers: Sequence[Header]) -> tuple[Reference, ...]:
    return tuple(header.reference for header in headers[:MOST_REFERENCES])
