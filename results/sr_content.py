"""The content tree of a report: TID 1500 with the words and numbers of one run of a pipeline."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from highdicom.sr import (
    AlgorithmIdentification,
    CodeContentItem,
    CodedConcept,
    CompositeContentItem,
    ContainerContentItem,
    ContentItem,
    ContentSequence,
    DeviceObserverIdentifyingAttributes,
    ImageContentItem,
    Measurement,
    MeasurementReport,
    MeasurementsAndQualitativeEvaluations,
    ObservationContext,
    ObserverContext,
    RelationshipTypeValues,
    TextContentItem,
    TrackingIdentifier,
)
from pydicom import Dataset
from pydicom.sr.codedict import codes
from pydicom.sr.coding import Code

from pipelines.contract import Reference, is_image_class
from results import codes as words

if TYPE_CHECKING:
    from pipelines.contract import Algorithm, Findings, Note, Refusal
    from results.identity import Device
    from results.text import Encodable

DISCLAIMER = "AI/automated result. Not a medical device; not for diagnosis."

_CONTAINS = RelationshipTypeValues.CONTAINS


def report(
    *,
    source: Dataset,
    findings: Findings,
    device: Device,
    device_uid: str,
    tracking_uid: str,
    fits: Encodable,
) -> Dataset:
    """Build the root of the content tree with its numbers; `fits` is for the character set."""
    made = MeasurementReport(
        observation_context=ObservationContext(
            observer_device_context=_observer(device, device_uid)
        ),
        procedure_reported=_procedures(source),
        imaging_measurements=[_group(findings, tracking_uid, fits)],
        title=codes.DCM.ImagingMeasurementReport,
    )
    root: Dataset = made[0]
    return root


def complete(
    ds: Dataset, *, source: Sequence[Dataset], findings: Findings, fits: Encodable
) -> None:
    """Add the image library and what is said in words, each of which may be thousands of items.

    They come after highdicom has finished, which would search and copy them several times.
    """
    known = {str(image.SOPInstanceUID) for image in source}
    referred = [to for note in findings.notes for to in note.references]
    referred += [to for refusal in findings.refusals for to in refusal.references]
    referred += [to for judgement in findings.evaluations for to in judgement.references]
    referred += [to for number in findings.measurements for to in number.references]
    if any(to.SOPInstanceUID not in known for to in referred):
        raise ValueError("a finding refers to an instance that is not among the sources")
    *context, measurements = ds.ContentSequence
    library = _image_library(source)
    ds.ContentSequence = [
        *context,
        *([library] if library is not None else []),
        measurements,
        _evaluations(findings, fits),
    ]


def _observer(device: Device, uid: str) -> ObserverContext:
    return ObserverContext(
        observer_type=codes.DCM.Device,
        observer_identifying_attributes=DeviceObserverIdentifyingAttributes(
            uid=uid,
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
        if item.get("CodeValue")
        and item.get("CodingSchemeDesignator")
        and item.get("CodeMeaning")
        and not item.get("CodingSchemeVersion")
    ]
    return named or [codes.SCT.ImagingProcedure]


def _group(
    findings: Findings, tracking_uid: str, fits: Encodable
) -> MeasurementsAndQualitativeEvaluations:
    """The numbers, under the algorithm that made them (TID 1501)."""
    numbers = []
    for number in findings.measurements:
        if not math.isfinite(number.value):
            raise ValueError(f"the measurement {number.name} is not a finite number")
        made = Measurement(
            name=words.measure(number.name),
            value=int(number.value) if float(number.value).is_integer() else number.value,
            unit=words.unit(number.unit),
        )
        _refer(made[0], number.references, words.SOURCE_OF_MEASUREMENT)
        numbers.append(made)
    return MeasurementsAndQualitativeEvaluations(
        tracking_identifier=TrackingIdentifier(
            uid=tracking_uid,
            identifier=f"{findings.algorithm.name} {findings.algorithm.version}",
        ),
        algorithm_id=_algorithm(findings.algorithm, fits),
        measurements=numbers,
    )


def _algorithm(algorithm: Algorithm, fits: Encodable) -> AlgorithmIdentification:
    parameters = [f"{name}={value}" for name, value in sorted(algorithm.parameters.items())]
    if algorithm.digest:
        parameters.insert(0, f"digest={algorithm.digest}")
    return AlgorithmIdentification(
        name=fits(algorithm.name),
        version=fits(algorithm.version),
        parameters=[fits(parameter) for parameter in parameters] or None,
    )


def _image_library(source: Iterable[Dataset]) -> ContainerContentItem | None:
    """Every image that was looked at (TID 1600), without descriptors that might be missing."""
    images = [ds for ds in source if is_image_class(ds.SOPClassUID)]
    if not images:
        return None
    group = ContainerContentItem(name=codes.DCM.ImageLibraryGroup, relationship_type=_CONTAINS)
    group.ContentSequence = ContentSequence(
        [
            _pointer(
                Reference(SOPClassUID=ds.SOPClassUID, SOPInstanceUID=ds.SOPInstanceUID),
                words.SOURCE,
                _CONTAINS,
            )
            for ds in images
        ]
    )
    library = ContainerContentItem(
        name=codes.DCM.ImageLibrary, relationship_type=_CONTAINS, template_id="1600"
    )
    library.ContentSequence = ContentSequence([group])
    return library


def _evaluations(findings: Findings, fits: Encodable) -> ContainerContentItem:
    """What is said in words: summary, judgements, notes, refusals and what this report is not."""
    container = ContainerContentItem(
        name=words.QUALITATIVE_EVALUATIONS, relationship_type=_CONTAINS
    )
    items: list[ContentItem] = [_text(codes.DCM.Comment, DISCLAIMER)]
    if findings.summary.strip():
        items.append(_text(codes.DCM.Summary, fits(findings.summary)))
    for judgement in findings.evaluations:
        item = CodeContentItem(
            name=words.coded(judgement.name),
            value=words.coded(judgement.value),
            relationship_type=_CONTAINS,
        )
        _refer(item, judgement.references)
        items.append(item)
    items.extend(_note(note, fits) for note in findings.notes)
    items.extend(_refusal(refusal, fits) for refusal in findings.refusals)
    container.ContentSequence = ContentSequence(items)
    return container


def _note(note: Note, fits: Encodable) -> TextContentItem:
    item = _text(codes.DCM.Finding, fits(note.text) or note.code)
    properties = RelationshipTypeValues.HAS_PROPERTIES
    item.ContentSequence = ContentSequence(
        [
            CodeContentItem(words.SEVERITY, words.severity(note.severity), properties),
            CodeContentItem(words.NOTE_KIND, words.note_kind(note.code), properties),
        ]
    )
    _refer(item, note.references)
    return item


def _refusal(refusal: Refusal, fits: Encodable) -> TextContentItem:
    sentence = f"{refusal.of}: Not processed because {refusal.because.rstrip('.')}."
    item = _text(words.NOT_PROCESSED, fits(sentence))
    _refer(item, refusal.references)
    return item


def _text(name: Code | CodedConcept, value: str) -> TextContentItem:
    return TextContentItem(name=name, value=value, relationship_type=_CONTAINS)


def _refer(
    item: Dataset, references: Sequence[Reference], purpose: CodedConcept = words.SOURCE
) -> None:
    """Say from which instances, and frames of them, a statement was inferred."""
    pointers = [_pointer(to, purpose, RelationshipTypeValues.INFERRED_FROM) for to in references]
    if pointers:
        item.ContentSequence = ContentSequence([*item.get("ContentSequence", ()), *pointers])


def _pointer(
    to: Reference, purpose: CodedConcept, relationship: RelationshipTypeValues
) -> ContentItem:
    if not is_image_class(to.SOPClassUID):
        return CompositeContentItem(
            purpose, to.SOPClassUID, to.SOPInstanceUID, relationship_type=relationship
        )
    return ImageContentItem(
        purpose,
        to.SOPClassUID,
        to.SOPInstanceUID,
        referenced_frame_numbers=to.frame,
        relationship_type=relationship,
    )
