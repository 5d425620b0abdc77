"""What a header says of one frame, wherever it says so: enhanced images say it frame by frame."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pydicom import DataElement, Dataset
from pydicom.sequence import Sequence

from pipelines.malformed import MALFORMED

MACROS: Mapping[str, str] = {
    "WindowCenter": "FrameVOILUTSequence",
    "WindowWidth": "FrameVOILUTSequence",
    "VOILUTFunction": "FrameVOILUTSequence",
    "WindowCenterWidthExplanation": "FrameVOILUTSequence",
    "RescaleIntercept": "PixelValueTransformationSequence",
    "RescaleSlope": "PixelValueTransformationSequence",
    "RescaleType": "PixelValueTransformationSequence",
    "PixelSpacing": "PixelMeasuresSequence",
    "SliceThickness": "PixelMeasuresSequence",
    "SpacingBetweenSlices": "PixelMeasuresSequence",
    "ImagePositionPatient": "PlanePositionSequence",
    "ImageOrientationPatient": "PlaneOrientationSequence",
    "FrameLaterality": "FrameAnatomySequence",
    "AnatomicRegionSequence": "FrameAnatomySequence",
}
"""Where a functional group keeps an attribute (PS3.3 C.7.6.16.2)."""


def described(header: Dataset, frame: int, keywords: Iterable[str]) -> Dataset:
    """These attributes of a frame, counted from 1: those of its own, those all share, the image's.

    What is nowhere said, or empty, is left out.
    """
    found = Dataset()
    groups = list(_groups(header, frame))
    for keyword in keywords:
        for place in (*_items(groups, MACROS.get(keyword, "")), header):
            element = _element(place, keyword)
            if element is not None:
                found[keyword] = element
                break
    return found


def value(ds: Dataset, keyword: str) -> Any:
    """A value; None where it is missing, empty, or of bytes that make no sense."""
    element = _element(ds, keyword)
    return None if element is None else element.value


def first(items: Any) -> Dataset:
    """The first item of a sequence; an empty data set where there is none."""
    several = items if isinstance(items, Sequence | list | tuple) else ()
    return several[0] if several and isinstance(several[0], Dataset) else Dataset()


def _element(ds: Dataset, keyword: str) -> DataElement | None:
    """The element where it is there, not empty, and a number where it has to be one."""
    try:
        element = ds[keyword]
        # Made anew, as numbers that are none may only be found then.
        return None if element.is_empty else DataElement(element.tag, element.VR, element.value)
    except MALFORMED:
        return None
    except OSError as error:
        if error.errno is None:  # of pydicom, for a sequence that ends too early
            return None
        raise


def _groups(header: Dataset, frame: int) -> Iterator[Dataset]:
    own = value(header, "PerFrameFunctionalGroupsSequence")
    if isinstance(own, Sequence) and len(own) >= frame:
        yield own[frame - 1]
    yield first(value(header, "SharedFunctionalGroupsSequence"))


def _items(groups: Iterable[Dataset], macro: str) -> Iterator[Dataset]:
    if macro:
        yield from (first(value(group, macro)) for group in groups)
