"""Where in the picture the scanner says that it shows tissue, and how large its pixels are there.

The codes are those of SequenceOfUltrasoundRegions (PS3.3 C.8.5.5); pixels are counted from 0, and
the lower right corner is the last pixel of a region.
"""

from __future__ import annotations

import math
from typing import Any

from pydicom import Dataset
from pydicom.sequence import Sequence

from pipelines.display import value
from pipelines.stored import Read, whole
from pipelines.ultrasound.picture import Region

REGIONS = "SequenceOfUltrasoundRegions"
_MOST = 32
"""So many items are looked at; scanners write a handful."""
_CORNERS = (
    "RegionLocationMinY0",
    "RegionLocationMinX0",
    "RegionLocationMaxY1",
    "RegionLocationMaxX1",
)
_IN_PLANE, _TISSUE, _FLOW, _CENTIMETRES = 1, 1, 2, 3
LEAST_SIDE = 32
"""A smaller one is a thumbnail, or a mistake."""
_SLACK = 1
"""Some write the pixel behind the last."""
_LEAST_SPACING, _MOST_SPACING = 0.005, 2.0
"""Millimetres a pixel can have: half a metre over 250 pixels, 5 mm over 1000."""
_MOST_ASPECT = 4.0
_HIDDEN = 0.5
"""A region of which more lies within a larger one shows the same once more."""
_ODD = "A region of which the header speaks makes no sense and is not used."
_BEYOND = "A region of the header reaches beyond the picture, so its scale is not used."
_NO_SCALE = "The scale that the header states makes no sense and is not used."
_MODES = {2: "an M-mode", 3: "a Doppler spectrum", 4: "a curve"}


def modes(read: Read) -> set[str]:
    """What a picture is made of by its regions: tissue, flow, an M-mode, a Doppler spectrum..."""
    found = set()
    for item in _items(read):
        if _shows(item, _TISSUE):
            found.add("tissue")
        elif _shows(item, _FLOW):
            found.add("flow")
        else:
            found.add(_MODES.get(whole(value(item, "RegionSpatialFormat")) or 0, ""))
    return found - {""}


def regions(read: Read, rows: int, columns: int) -> tuple[tuple[Region, ...], tuple[str, ...]]:
    """Those that show tissue, the largest first, and sentences on what was not followed."""
    remarks: dict[str, None] = {}
    found = []
    for item in _items(read):
        if not _shows(item, _TISSUE):
            continue
        region, odd = _region(item, rows, columns)
        remarks |= dict.fromkeys(odd)
        found += [region] if region else []
    found.sort(key=_area, reverse=True)
    kept: list[Region] = []
    for region in found:
        if all(_shared(region, other) <= _HIDDEN * _area(region) for other in kept):
            kept.append(region)
    return tuple(kept), tuple(remarks)


def _items(read: Read) -> list[Dataset]:
    stated = read(REGIONS)
    items = stated[:_MOST] if isinstance(stated, Sequence) else []
    return [item for item in items if isinstance(item, Dataset)]


def _region(item: Dataset, rows: int, columns: int) -> tuple[Region | None, list[str]]:
    corners = [whole(value(item, keyword)) for keyword in _CORNERS]
    top, left, bottom, right = (-1 if corner is None else corner for corner in corners)
    if min(top, left, bottom, right) < 0:
        return None, [_ODD]
    beyond = bottom >= rows + _SLACK or right >= columns + _SLACK
    bottom, right = min(bottom + 1, rows), min(right + 1, columns)
    if bottom - top < LEAST_SIDE or right - left < LEAST_SIDE:
        return None, [_ODD]
    spacing, odd = _spacing(item)
    if beyond and spacing:
        spacing, odd = None, [_BEYOND]
    return Region(sector=(top, left, bottom, right), spacing=spacing), odd


def _spacing(item: Dataset) -> tuple[tuple[float, float] | None, list[str]]:
    """Millimetres down and across; a scale that runs the other way has a minus."""
    units = [whole(value(item, f"PhysicalUnits{axis}Direction")) for axis in "YX"]
    if units != [_CENTIMETRES, _CENTIMETRES]:
        return None, []
    down, across = (_number(value(item, f"PhysicalDelta{axis}")) * 10 for axis in "YX")
    sound = all(_LEAST_SPACING <= length <= _MOST_SPACING for length in (down, across))
    if not sound or not 1 / _MOST_ASPECT <= down / across <= _MOST_ASPECT:
        return None, [_NO_SCALE]
    return (down, across), []


def _shows(item: Dataset, what: int) -> bool:
    """Whether it is a picture in two dimensions of tissue, or of flow."""
    said = [whole(value(item, keyword)) for keyword in ("RegionSpatialFormat", "RegionDataType")]
    return said == [_IN_PLANE, what]


def _number(stated: Any) -> float:
    """As a length, whichever way it is counted; no number where it is none."""
    try:
        return abs(float(stated))
    except (TypeError, ValueError, OverflowError):
        return math.nan


def _area(region: Region) -> int:
    top, left, bottom, right = region.sector
    return (bottom - top) * (right - left)


def _shared(one: Region, other: Region) -> int:
    """So many pixels lie in both."""
    top, left = map(max, one.sector[:2], other.sector[:2])
    bottom, right = map(min, one.sector[2:], other.sector[2:])
    return max(0, bottom - top) * max(0, right - left)
