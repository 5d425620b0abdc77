"""The image library of a report: every image that was looked at (TID 1600)."""

from __future__ import annotations

from collections.abc import Iterable

from highdicom.sr import CodeContentItem, ContainerContentItem, RelationshipTypeValues
from pydicom import Dataset
from pydicom.sr.codedict import codes

from pipelines.contract import Reference, is_image_class
from results.source import Source
from results.sr.items import CONTAINS, attach, pointers

_MODALITIES = {code.value: code for code in codes.cid29.concepts.values()}


def image_library(source: Source) -> ContainerContentItem | None:
    """The library, a group for each series; None where no source is an image."""
    by_series: dict[str, list[Dataset]] = {}
    for ds in source.images:
        if is_image_class(ds.SOPClassUID):
            by_series.setdefault(str(ds.SeriesInstanceUID), []).append(ds)
    if not by_series:
        return None
    library = ContainerContentItem(
        name=codes.DCM.ImageLibrary, relationship_type=CONTAINS, template_id="1600"
    )
    attach(library, (_group(source, images) for images in by_series.values()))
    return library


def _group(source: Source, images: Iterable[Dataset]) -> ContainerContentItem:
    group = ContainerContentItem(name=codes.DCM.ImageLibraryGroup, relationship_type=CONTAINS)
    references = [
        Reference(SOPClassUID=ds.SOPClassUID, SOPInstanceUID=ds.SOPInstanceUID) for ds in images
    ]
    header = source.header(references[0].SOPInstanceUID)
    modality = _MODALITIES.get(str(header.get("Modality") or "").strip())
    if modality is not None:
        context = RelationshipTypeValues.HAS_ACQ_CONTEXT
        attach(group, [CodeContentItem(codes.DCM.Modality, modality, context)])
    attach(group, pointers(source, references, CONTAINS))
    return group
