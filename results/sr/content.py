"""The content tree of a report: TID 1500 with the words and numbers of one run of a pipeline."""

from __future__ import annotations

from collections.abc import Sequence

from highdicom.sr import (
    CodeContentItem,
    ContainerContentItem,
    DeviceObserverIdentifyingAttributes,
    MeasurementReport,
    ObservationContext,
    ObserverContext,
    TextContentItem,
)
from pydicom import Dataset
from pydicom.sr.codedict import codes
from pydicom.sr.coding import Code

from pipelines.contract import HeatMap, Note, Reference, Refusal, Rendered
from results import codes as words
from results.context import Making
from results.sr.groups import groups, study_group
from results.sr.items import CONTAINS, HAS_PROPERTIES, INFERRED_FROM, attach, pointers, text
from results.sr.library import image_library

DISCLAIMER = "AI/automated result. Not a medical device; not for diagnosis."


def report(making: Making) -> Dataset:
    """The root of the content tree with its context, and one group that `complete` replaces."""
    made = MeasurementReport(
        observation_context=ObservationContext(observer_device_context=_observer(making)),
        procedure_reported=_procedures(making.source.patient),
        imaging_measurements=[study_group(making)],
        title=codes.DCM.ImagingMeasurementReport,
    )
    root: Dataset = made[0]
    return root


def complete(ds: Dataset, making: Making) -> None:
    """Add the image library, the groups and what is said in words, of which there may be thousands.

    They come after highdicom has finished, which would search and copy them several times.
    """
    *context, measurements = ds.ContentSequence
    del measurements.ContentSequence
    attach(measurements, groups(making))
    library = image_library(making.source)
    ds.ContentSequence = [
        *context,
        *([library] if library is not None else []),
        *([measurements] if "ContentSequence" in measurements else []),
        _evaluations(making),
    ]


def _observer(making: Making) -> ObserverContext:
    device = making.device
    return ObserverContext(
        observer_type=codes.DCM.Device,
        observer_identifying_attributes=DeviceObserverIdentifyingAttributes(
            uid=making.device_uid,
            name=f"{device.name} ({DISCLAIMER})",
            manufacturer_name=device.manufacturer,
            model_name=device.model,
            serial_number=device.serial_number,
            physical_location=device.location,
        ),
    )


def _procedures(source: Dataset) -> list[Code]:
    """The procedure that the source names; 'imaging procedure' where it names none."""
    named = [
        Code(item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning)
        for item in source.get("ProcedureCodeSequence") or ()
        if _is_text(item, "CodeValue", 16)
        and _is_text(item, "CodingSchemeDesignator", 16)
        and _is_text(item, "CodeMeaning", 64)
        and not item.get("CodingSchemeVersion")
    ]
    return named or [codes.SCT.ImagingProcedure]


def _is_text(item: Dataset, keyword: str, length: int) -> bool:
    value = item.get(keyword)
    return isinstance(value, str) and 0 < len(value) <= length


def _evaluations(making: Making) -> ContainerContentItem:
    """What is said in words, and first of all what this report is not."""
    findings, fits = making.findings, making.fits
    container = ContainerContentItem(name=words.QUALITATIVE_EVALUATIONS, relationship_type=CONTAINS)
    paragraphs = (
        (codes.DCM.Comment, DISCLAIMER),
        (codes.DCM.Summary, fits(findings.summary)),
        (codes.DCM.Recommendation, fits(findings.recommendation)),
        (words.LIMITS, fits(findings.limits)),
    )
    attach(container, (text(name, said) for name, said in paragraphs if said))
    if findings.risk is not None:
        attach(container, [CodeContentItem(words.RISK, words.coded(findings.risk, fits), CONTAINS)])
    attach(container, (_note(making, note) for note in findings.notes))
    attach(container, (_refusal(making, refusal) for refusal in findings.refusals))
    attach(container, (_heat_map(making, heatmap) for heatmap in findings.heatmaps))
    attach(container, (_picture(making, picture) for picture in findings.pictures))
    return container


def _note(making: Making, note: Note) -> TextContentItem:
    fits = making.fits
    item = text(codes.DCM.Finding, fits(note.text) or note.code)
    kind = words.note_kind(note.code, fits)
    attach(
        item,
        [
            CodeContentItem(words.SEVERITY, words.severity(note.severity), HAS_PROPERTIES),
            CodeContentItem(words.NOTE_KIND, kind, HAS_PROPERTIES),
        ],
    )
    return _seen_on(making, item, note.references)


def _refusal(making: Making, refusal: Refusal) -> TextContentItem:
    sentence = f"{refusal.of}: Not processed because {refusal.because.rstrip('.')}."
    item = text(words.NOT_PROCESSED, making.fits(sentence))
    return _seen_on(making, item, refusal.references)


def _heat_map(making: Making, heatmap: HeatMap) -> TextContentItem:
    """That there is a heat map, of what, and how it was made; the map is an object of its own."""
    layer = f", layer {heatmap.layer}" if heatmap.layer else ""
    sentence = f"A heat map ({heatmap.method}{layer}) explains: {heatmap.explains.meaning}."
    item = text(words.method(heatmap.method), making.fits(sentence))
    explained = words.coded(heatmap.explains, making.fits)
    attach(item, [CodeContentItem(codes.DCM.Finding, explained, HAS_PROPERTIES)])
    return _seen_on(making, item, [heatmap.on])


def _picture(making: Making, picture: Rendered) -> TextContentItem:
    sentence = f"A picture shows: {picture.caption.rstrip('.') or 'the image'}."
    item = text(codes.DCM.IllustrationOfFinding, making.fits(sentence))
    return _seen_on(making, item, [picture.of])


def _seen_on(
    making: Making, item: TextContentItem, references: Sequence[Reference]
) -> TextContentItem:
    """Say from which instances, and frames of them, a statement was inferred."""
    attach(item, pointers(making.source, references, INFERRED_FROM))
    return item
