"""Content items of a report, and the light ones of which there may be thousands.

highdicom checks each item and looks it up in the standard, which takes a millisecond. What points
at images, and what outlines something on them, is therefore made here and put in afterwards.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from highdicom.sr import CodedConcept, RelationshipTypeValues, TextContentItem
from pydicom import DataElement, Dataset
from pydicom.sr.coding import Code

from pipelines.contract import Reference, is_image_class
from results import codes as words
from results.source import Source

CONTAINS = RelationshipTypeValues.CONTAINS
INFERRED_FROM = RelationshipTypeValues.INFERRED_FROM
HAS_PROPERTIES = RelationshipTypeValues.HAS_PROPERTIES
SELECTED_FROM = RelationshipTypeValues.SELECTED_FROM


def text(
    name: Code | CodedConcept, value: str, relationship: RelationshipTypeValues = CONTAINS
) -> TextContentItem:
    """Something said in words."""
    return TextContentItem(name=name, value=value, relationship_type=relationship)


def attach(item: Dataset, below: Iterable[Dataset]) -> None:
    """Put items below another one, after those that are there."""
    items = [*item.get("ContentSequence", ()), *below]
    if items:
        item["ContentSequence"] = DataElement("ContentSequence", "SQ", items)


def pointers(
    source: Source,
    references: Sequence[Reference],
    relationship: RelationshipTypeValues,
    purpose: CodedConcept = words.SOURCE,
) -> list[Dataset]:
    """Items that point at instances, each once, with those of its frames that are meant."""
    meant: dict[str, list[Reference]] = {}
    for to in references:
        meant.setdefault(to.SOPInstanceUID, []).append(to)
    made = []
    for same in meant.values():
        frames = {to.frame for to in same}
        some = [] if None in frames else sorted(frame for frame in frames if frame)
        to = replace(same[0], frame=None)
        made.append(pointer(source, to, relationship, purpose, some))
    return made


def pointer(
    source: Source,
    to: Reference,
    relationship: RelationshipTypeValues,
    purpose: CodedConcept | None = None,
    frames: Sequence[int] = (),
) -> Dataset:
    """An item that points at an instance, at the frame that is meant, or at several."""
    image = is_image_class(to.SOPClassUID)
    item = bare("IMAGE" if image else "COMPOSITE", relationship, purpose)
    referenced = Dataset()
    referenced.ReferencedSOPClassUID = to.SOPClassUID
    referenced.ReferencedSOPInstanceUID = to.SOPInstanceUID
    frames = frames or ([] if to.frame is None else [to.frame])
    # PS3.3 C.18.4: frames have numbers only where there are several.
    if image and frames and source.frames(to.SOPInstanceUID) > 1:
        referenced.ReferencedFrameNumber = list(frames) if len(frames) > 1 else frames[0]
    item.ReferencedSOPSequence = [referenced]
    return item


def bare(
    value_type: str, relationship: RelationshipTypeValues, name: CodedConcept | None
) -> Dataset:
    """An item without a value as yet."""
    item = Dataset()
    item.RelationshipType = relationship.value
    item.ValueType = value_type
    if name is not None:
        item.ConceptNameCodeSequence = [name]
    return item
