"""What a header says of one frame, wherever it says so: enhanced images say it frame by frame."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pydicom import DataElement, Dataset

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
            element = _readable(place, keyword)
            if element is not None:
                found[keyword] = DataElement(element.tag, element.VR, element.value)
                break
    return found


def _readable(ds: Dataset, keyword: str) -> DataElement | None:
    """The element where it is there, not empty, and a number where it has to be one."""
    try:
        element = ds[keyword]
    except (KeyError, ValueError, TypeError, OverflowError):
        return None
    return None if element.is_empty else element


def first(items: Any) -> Dataset:
    """The first item of a sequence; an empty data set where there is none."""
    return items[0] if items else Dataset()


def _groups(header: Dataset, frame: int) -> Iterator[Dataset]:
    own = header.get("PerFrameFunctionalGroupsSequence") or ()
    if len(own) >= frame:
        yield own[frame - 1]
    yield first(header.get("SharedFunctionalGroupsSequence"))


def _items(groups: Iterable[Dataset], macro: str) -> Iterator[Dataset]:
    if macro:
        yield from (first(group.get(macro)) for group in groups)
