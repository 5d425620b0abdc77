"""Which findings say that there is something, and on which images and frames of the source."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from pipelines.contract import (
    Classification,
    Findings,
    Mask,
    Presence,
    Reference,
    Region,
    Shape,
    is_image_class,
)
from results.shapes import inside
from results.source import Source

Frames = tuple[int, ...] | None
"""Frames of an image, counted from 1; None for all of it."""
_NOTHING = {
    ("SCT", "272519000"),  # Absent
    ("SCT", "2667000"),  # Absent
    ("SCT", "260385009"),  # Negative
    ("SCT", "260415000"),  # Not detected
    ("SCT", "17621005"),  # Normal
}


def positive(judgement: Classification) -> bool:
    """Whether a judgement says that something is there or may be, or names a class that is."""
    if judgement.notable is not None:
        return judgement.notable
    if isinstance(judgement.value, Presence):
        return judgement.value is not Presence.ABSENT
    return (judgement.value.scheme, judgement.value.value) not in _NOTHING


def present(findings: Findings) -> list[Region]:
    """The regions, without those that the findings themselves judge not to be what they are."""
    denied = {
        (judgement.region, judgement.name)
        for judgement in findings.classifications
        if judgement.region and judgement.value is Presence.ABSENT
    }
    return [region for region in findings.regions if (region.tracking, region.type) not in denied]


def judged_on(findings: Findings, judgement: Classification) -> list[Reference]:
    """Where a judgement holds: the places it names, its region's, or the only source."""
    if judgement.references:
        return list(judgement.references)
    if judgement.region:
        regions = (region for region in findings.regions if region.tracking == judgement.region)
        return [shape.on for region in regions for shape in region.shapes]
    return list(findings.sources) if len(findings.sources) == 1 else []


def is_somewhere(shape: Shape) -> bool:
    """Whether a shape has anything to draw; only a mask may be empty."""
    return not isinstance(shape, Mask) or bool(inside(shape).any())


def marked(findings: Findings) -> Iterator[Reference]:
    """Where regions lie and positive judgements hold; a mask of nothing marks nothing."""
    for region in present(findings):
        yield from (shape.on for shape in region.shapes if is_somewhere(shape))
    for judgement in filter(positive, findings.classifications):
        yield from judged_on(findings, judgement)


def heated(findings: Findings) -> Iterator[Reference]:
    """Where heat maps lie that explain something found; every normal image has a heat map, too."""
    found = filter(positive, findings.classifications)
    concepts = {concept for judgement in found for concept in (judgement.name, judgement.value)}
    for heatmap in findings.heatmaps:
        explains = heatmap.explains in concepts or not findings.classifications
        if explains and heatmap.raster.array.any():
            yield heatmap.on


def by_image(source: Source, places: Iterable[Reference]) -> Mapping[str, Frames]:
    """The places as images, in the source's order, each with its frames in order."""
    named: dict[str, set[int | None]] = {}
    for on in places:
        named.setdefault(on.SOPInstanceUID, set()).add(on.frame)
    return {
        str(ds.SOPInstanceUID): _frames(source, ds.SOPInstanceUID, named[ds.SOPInstanceUID])
        for ds in source.images
        if ds.SOPInstanceUID in named
    }


def _frames(source: Source, SOPInstanceUID: str, named: set[int | None]) -> Frames:
    is_image = is_image_class(source.image(SOPInstanceUID).SOPClassUID)
    if None in named or not is_image or source.frames(SOPInstanceUID) == 1:
        return None
    return tuple(sorted(frame for frame in named if frame is not None))
