"""One run in plain values that JSON holds, in the words that its page shows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from typing import Any

from pydicom.config import disable_value_validation

from pipelines.contract import (
    Classification,
    Concept,
    Measurement,
    Presence,
    Reference,
    Region,
    Site,
    is_image_class,
    percent,
)
from results.context import Making
from results.extent import bounds, largest, size
from results.found import judged_on, positive, present
from results.source import Source

DISCLAIMER = "AI result. Not a medical device; not for diagnosis."

STUDY = (
    "PatientName",
    "PatientID",
    "PatientBirthDate",
    "PatientSex",
    "StudyDate",
    "AccessionNumber",
    "StudyDescription",
    "StudyInstanceUID",
    "PatientIdentityRemoved",
)
"""What is told of the patient and the study, just as the source's header has it."""

_UNITS = {
    "": "",
    "1": "",
    "deg": "°",
    "mm2": "mm²",
    "cm2": "cm²",
    "mm3": "mm³",
    "cm3": "cm³",
    "um": "µm",
    "[hnsf'U]": "HU",
    "{pixels}": "px",
}
"""UCUM units as people write them, where that differs."""


def summary(making: Making) -> dict[str, Any]:
    """What a run found, of whom, by what: all that the page has room for and more.

    The same arguments give the same values.
    """
    findings = making.findings
    labels = {region.tracking: region.label for region in findings.regions}
    judged = sorted(findings.classifications, key=_rank)
    return {
        "title": f"AI result: {findings.algorithm.name}",
        "disclaimer": DISCLAIMER,
        "study": _study(making.source),
        "summary": findings.summary,
        "alert": findings.alert,
        "risk": findings.risk.meaning if findings.risk else None,
        "classifications": [_classification(item, making.source, labels) for item in judged],
        "regions": _regions(making),
        "measurements": [_measured(m, making.source, labels) for m in findings.measurements],
        "picture": _picture(making),
        "recommendation": findings.recommendation,
        "limits": findings.limits,
        "notes": [
            {"code": note.code, "severity": note.severity.value, "text": note.text}
            for note in findings.notes
        ],
        "refusals": [{"of": item.of, "because": item.because} for item in findings.refusals],
        **_made_by(making),
    }


def _made_by(making: Making) -> dict[str, Any]:
    algorithm, context, device = making.findings.algorithm, making.context, making.device
    return {
        "algorithm": {**asdict(algorithm), "parameters": dict(algorithm.parameters)},
        "pipeline": {
            "name": context.pipeline,
            "version": context.version,
            "revision": context.revision,
        },
        "node": {"name": device.name, "station": device.station, "version": device.version},
        "dated": making.moment.isoformat(),
    }


def pictured(making: Making) -> Reference | None:
    """The frame that shows best what was found; None where nothing was found on any."""
    on = next(_candidates(making), None)
    if on is None or on.frame is not None or making.source.frames(on.SOPInstanceUID) == 1:
        return on
    return Reference(SOPClassUID=on.SOPClassUID, SOPInstanceUID=on.SOPInstanceUID, frame=1)


def _candidates(making: Making) -> Iterator[Reference]:
    findings = making.findings
    for region in _by_score(present(findings)):
        shape = largest(region.shapes)
        if bounds(shape):
            yield shape.on
    yield from (heatmap.on for heatmap in findings.heatmaps)
    yield from (picture.of for picture in findings.pictures)
    judgements = filter(positive, sorted(findings.classifications, key=_rank))
    places = [on for judgement in judgements for on in judged_on(findings, judgement)]
    places += [on for measurement in findings.measurements for on in measurement.references]
    yield from (on for on in places if is_image_class(on.SOPClassUID))


def _rank(judgement: Classification) -> int:
    """What is there comes first, then what may be, then what is not."""
    if judgement.value is Presence.INDETERMINATE:
        return 1
    return 0 if positive(judgement) else 2


def _by_score(regions: Iterable[Region]) -> list[Region]:
    return sorted(regions, key=lambda region: -(region.score or 0))


def _picture(making: Making) -> dict[str, Any] | None:
    on = pictured(making)
    if on is None:
        return None
    explained = [
        f"{heatmap.method} for {heatmap.explains.meaning}"
        for heatmap in making.findings.heatmaps
        if heatmap.on.SOPInstanceUID == on.SOPInstanceUID
    ]
    caption = "; ".join([where(making.source, [on]), *dict.fromkeys(explained)])
    return {**_reference(on), "caption": caption}


def _study(source: Source) -> dict[str, str]:
    # Wrong values are told as they are; pydicom would log them, and they are the patient's.
    with disable_value_validation():
        values = {keyword: source.patient.get(keyword) for keyword in STUDY}
    return {keyword: "" if value is None else str(value) for keyword, value in values.items()}


def _classification(item: Classification, source: Source, labels: dict[str, str]) -> dict[str, Any]:
    value = item.value
    return {
        "says": item.says,
        "present": _rank(item) == 0,
        "name": asdict(item.name),
        "value": asdict(value) if isinstance(value, Concept) else value.value,
        "probability": item.probability,
        "calibrated": item.calibrated,
        "threshold": item.threshold,
        "sureness": _sureness(item),
        "because": item.because,
        "site": _site(item.site),
        "region": labels.get(item.region, ""),
        "where": where(source, item.references),
        "references": [_reference(on) for on in item.references],
    }


def _sureness(item: Classification) -> str:
    """'87 %, not calibrated, threshold 50 %'; empty where no number was given.

    The number is that of presence; where the judgement is another, it says so: '3 % present'.
    """
    words = []
    if item.probability is not None:
        other = item.value in (Presence.ABSENT, Presence.INDETERMINATE)
        words = [percent(item.probability) + (" present" if other else "")]
        words.append("calibrated" if item.calibrated else "not calibrated")
    if item.threshold is not None:
        words.append(f"threshold {percent(item.threshold)}")
    return ", ".join(words)


def _regions(making: Making) -> list[dict[str, Any]]:
    """By their scores, the surest first; those that are judged not to be there come last."""
    there = [region.tracking for region in present(making.findings)]
    surest = sorted(_by_score(making.findings.regions), key=lambda r: r.tracking not in there)
    return [
        {"present": region.tracking in there, **_region(region, making.source)} for region in surest
    ]


def _region(region: Region, source: Source) -> dict[str, Any]:
    shape = largest(region.shapes)
    found = size(shape, source.header(shape.on.SOPInstanceUID))
    text = f"{found[0]:.1f} x {found[1]:.1f} {found[2]}" if found else ""
    places = [shape.on, *(other.on for other in region.shapes if other is not shape)]
    return {
        "tracking": region.tracking,
        "label": region.label,
        "type": asdict(region.type),
        "site": _site(region.site),
        "score": region.score,
        "where": where(source, places),
        "size": dict(zip(("width", "height", "unit"), found, strict=True)) if found else None,
        "extent": text,
        "references": [_reference(other.on) for other in region.shapes],
    }


def _site(site: Site | None) -> dict[str, Any] | None:
    """Where in the body; the side as L, R or B, or None."""
    return {"says": site.says, **asdict(site)} if site else None


def _measured(item: Measurement, source: Source, labels: dict[str, str]) -> dict[str, Any]:
    return {
        "name": item.name,
        "concept": asdict(item.concept) if item.concept else None,
        "value": item.value,
        "unit": item.unit,
        "says": f"{_number(item.value)} {_UNITS.get(item.unit, item.unit)}".strip(),
        "region": labels.get(item.region, ""),
        "where": where(source, item.references),
        "references": [_reference(on) for on in item.references],
    }


def _number(value: float) -> str:
    """Four figures of a fraction, and all before the point; a whole number in full."""
    if abs(value) >= 1e15 or (value and abs(value) < 1e-4):
        return f"{value:.3e}"
    if value == int(value):
        return str(int(value))
    return f"{value:.1f}" if abs(value) >= 1000 else f"{value:.4g}"


def where(source: Source, references: Sequence[Reference]) -> str:
    """Where something is, as a viewer numbers it: 'series 3, image 12 and 4 more'."""
    places = list(dict.fromkeys(references))
    if not places:
        return ""
    header = source.header(places[0].SOPInstanceUID)
    with disable_value_validation():
        numbers = [
            ("series", header.get("SeriesNumber")),
            ("image", header.get("InstanceNumber")),
            ("frame", places[0].frame),
        ]
    words = [f"{name} {number}" for name, number in numbers if number not in (None, "")]
    more = f" and {len(places) - 1} more" if len(places) > 1 else ""
    return (", ".join(words) or "an image without a number") + more


def _reference(on: Reference) -> dict[str, Any]:
    return {
        "SOPClassUID": on.SOPClassUID,
        "SOPInstanceUID": on.SOPInstanceUID,
        "frame": on.frame,
    }
