"""The segmentation: every region as a segment, on the frames of the source where it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from highdicom import AlgorithmIdentificationSequence
from highdicom.seg import (
    SegmentAlgorithmTypeValues,
    Segmentation,
    SegmentationFractionalTypeValues,
    SegmentationTypeValues,
    SegmentDescription,
    SegmentsOverlapValues,
)
from highdicom.sr import CodedConcept
from pydicom import Dataset
from pydicom.sr.codedict import codes
from pydicom.uid import ExplicitVRLittleEndian

from pipelines.contract import Algorithm, Site
from results.codes import coded, scheme_items, side
from results.context import Making, NotMade
from results.finishing import CopiedByUs, finished
from results.planes.geometry import Plane, grouped
from results.planes.segments import Drawn, Segment, overlapping, segments
from results.planes.stand_ins import equipment, numbered, own_series, put_back, stand_ins
from results.text import Encodable, line, shortened

if TYPE_CHECKING:
    from numpy.typing import NDArray

KIND = "seg"
_MOST_PARAMETERS = 10_240
"""Characters in a long text (LT)."""


class _Segmentation(CopiedByUs, Segmentation):
    """A Segmentation that asks for the pixels of each segment and plane when it writes them.

    highdicom takes all of them at once. Here it gets an array in which each plane is filled with
    its own number, which costs no memory, and the number is looked up.
    """

    def __init__(
        self,
        drawn: Mapping[tuple[int, int], Drawn],
        overlap: SegmentsOverlapValues,
        **options: Any,
    ) -> None:
        self._drawn, self._overlap = drawn, overlap
        super().__init__(**options)

    def _check_and_cast_pixel_array(  # type: ignore[override]  # ours needs the instance
        self, pixel_array: NDArray[Any], *_: object, **__: object
    ) -> tuple[NDArray[Any], SegmentsOverlapValues]:
        return pixel_array, self._overlap

    def _get_segment_pixel_array(  # type: ignore[override]  # ours needs the instance
        self, pixel_array: NDArray[Any], segment_number: int, **_: object
    ) -> NDArray[np.uint8]:
        drawn = self._drawn.get((segment_number, int(pixel_array[0, 0])))
        return np.zeros(pixel_array.shape, np.uint8) if drawn is None else drawn()

    def _build_luts(self) -> None:
        """Do nothing: they serve for reading, and cost as much as all the rest."""


def build_seg(making: Making) -> list[Dataset]:
    """Build the segmentations of one run: one for each group of frames that go together.

    Regions that say yes or no of a pixel and those that say how much are in objects of their own.
    A region that covers no pixel is left out. The same arguments give the same bytes.
    """
    found, planes = segments(making.source, making.findings.regions)
    if not found:
        raise NotMade("no region covers any pixel, so that there is nothing to segment")
    made: list[Dataset] = []
    for fractional in (False, True):
        chosen = [segment for segment in found if segment.fractional == fractional]
        keys = {key for segment in chosen for key in segment.frames}
        for group in grouped(plane for plane in planes if plane.key in keys):
            ds = _object(making, chosen, group, len(made) + 1)
            made.append(own_series(ds, making, KIND, made[0] if made else ds))
    return made


def _object(
    making: Making, chosen: Sequence[Segment], planes: Sequence[Plane], number: int
) -> Dataset:
    """One segmentation of the segments that are on these planes."""
    numbers = {plane.key: place for place, plane in enumerate(planes, start=1)}
    here = [segment for segment in chosen if not numbers.keys().isdisjoint(segment.frames)]
    drawn = {
        (place, numbers[key]): draw
        for place, segment in enumerate(here, start=1)
        for key, draw in segment.frames.items()
        if key in numbers
    }
    ds = _Segmentation(drawn, _overlap(here, planes), **_options(making, here, planes, number))
    if len(drawn) != ds.NumberOfFrames:
        raise RuntimeError("highdicom did not ask for every frame of a segmentation")
    if ds.Rows * ds.Columns * ds.NumberOfFrames % 2 and ds.BitsAllocated == 8:
        ds.PixelData = ds.PixelData[:-1] + b"\0"  # highdicom makes it even with the digit 0
    put_back(ds, planes, making.uid(f"{KIND} dimensions", number))
    return finished(ds, making, KIND, number, on=planes[0].key[0])


def _options(
    making: Making, here: Sequence[Segment], planes: Sequence[Plane], number: int
) -> dict[str, Any]:
    """What highdicom is told about all of it."""
    schemes = set().union(*(_schemes(segment) for segment in here))
    explained = [
        item for item in scheme_items(making.findings) if item.CodingSchemeDesignator in schemes
    ]
    return {
        "source_images": stand_ins(planes, making.source.StudyInstanceUID),
        "pixel_array": numbered(planes, np.uint16),
        "segmentation_type": _type(here),
        "segment_descriptions": [_description(making, *item) for item in enumerate(here, start=1)],
        "series_instance_uid": making.series_uid(KIND),
        "series_number": 1,
        "sop_instance_uid": making.uid(KIND, number),
        "instance_number": 1,
        "fractional_type": SegmentationFractionalTypeValues.PROBABILITY,
        "max_fractional_value": 255,
        "transfer_syntax_uid": ExplicitVRLittleEndian,
        "content_label": "SEGMENTATION",
        "content_description": "Regions found by an algorithm, not for diagnosis",
        "series_description": making.series_description("segmentation"),
        "coding_schemes": explained or None,
        **equipment(making),
    }


def _type(here: Sequence[Segment]) -> SegmentationTypeValues:
    types = SegmentationTypeValues
    return types.FRACTIONAL if here[0].fractional else types.BINARY


def _overlap(here: Sequence[Segment], planes: Sequence[Plane]) -> SegmentsOverlapValues:
    """As highdicom says it: with levels, overlapping has no meaning."""
    if len(here) == 1:
        return SegmentsOverlapValues.NO
    if here[0].fractional:
        return SegmentsOverlapValues.UNDEFINED
    values = SegmentsOverlapValues
    return values.YES if overlapping(here, planes) else values.NO


def _description(making: Making, number: int, segment: Segment) -> SegmentDescription:
    region, fits = segment.region, making.fits
    return SegmentDescription(
        segment_number=number,
        segment_label=line(fits(region.label), 64) or f"Region {number}",
        segmented_property_category=coded(region.category, fits),
        segmented_property_type=coded(region.type, fits),
        algorithm_type=SegmentAlgorithmTypeValues.AUTOMATIC,
        algorithm_identification=_algorithm(making.findings.algorithm, fits),
        tracking_uid=making.tracking_uid(region.tracking),
        tracking_id=fits(region.tracking) or str(number),
        anatomic_regions=[_place(region.site, fits)] if region.site else None,
    )


def _place(site: Site, fits: Encodable) -> CodedConcept:
    """The site as an item of an Anatomic Region Sequence, with its side (PS3.3 10.5)."""
    made, laterality = coded(site.anatomy, fits), side(site)
    if laterality is not None:
        made.AnatomicRegionModifierSequence = [laterality]
    return made


def _algorithm(algorithm: Algorithm, fits: Encodable) -> AlgorithmIdentificationSequence:
    made = AlgorithmIdentificationSequence(
        name=line(fits(algorithm.name), 64) or "algorithm",
        family=codes.DCM.ArtificialIntelligence,
        version=line(fits(algorithm.version), 64) or "?",
        source=line(fits(algorithm.vendor), 64) or None,
    )
    told = {"digest": algorithm.digest} if algorithm.digest else {}
    text = ", ".join(
        f"{name}={value}" for name, value in (told | dict(algorithm.parameters)).items()
    )
    if text:
        made[0].AlgorithmParameters = shortened(fits(text), _MOST_PARAMETERS)
    return made


def _schemes(segment: Segment) -> set[str]:
    region = segment.region
    concepts = [region.category, region.type]
    concepts += [region.site.anatomy] if region.site else []
    return {concept.scheme for concept in concepts}
