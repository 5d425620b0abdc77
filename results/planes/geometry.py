"""Where the frames of a source lie, and which of them one object can be about."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from pydicom import Dataset

from pipelines.contract import Reference
from pipelines.display import described
from results.source import Source
from results.text import line

Numbers = tuple[float, ...]
_SAME = 1e-4
"""By so much directions and pixel sizes may differ: at the far corner, hundredths of a pixel."""
_SAME_PLACE = 1e-3
"""Millimetres within which two frames lie at the same place."""
_PLACE = ("ImagePositionPatient", "ImageOrientationPatient")
_MEASURES = ("PixelSpacing", "SliceThickness", "SpacingBetweenSlices")


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a frame lies in its patient."""

    FrameOfReferenceUID: str
    PositionReferenceIndicator: str
    position: Numbers
    orientation: Numbers

    @property
    def along(self) -> float:
        """How far it lies along the direction that its slices are stacked in."""
        normal = np.cross(self.orientation[:3], self.orientation[3:])
        return float(normal @ np.asarray(self.position))


@dataclass(frozen=True, kw_only=True)
class Plane:
    """A frame of a source: which one, of what size, and its place where it is known."""

    on: Reference
    SeriesInstanceUID: str
    rows: int
    columns: int
    place: Place | None
    spacing: Numbers | None
    thickness: float | None
    between: float | None
    multiframe: bool
    carried: Mapping[str, Any]
    """What an object without a place, or of a source compressed with loss, has from its source."""

    @property
    def key(self) -> tuple[str, int]:
        """Which frame it is, however it was referred to."""
        return self.on.SOPInstanceUID, self.on.frame or 1

    @property
    def along(self) -> float:
        """What orders it among its group: its place, or else its number in its instance."""
        return self.place.along if self.place else float(self.on.frame or 1)


def plane_of(source: Source, on: Reference) -> Plane:
    """The frame that a finding lies on."""
    header = source.header(on.SOPInstanceUID)
    said = _said(header, on.frame or 1)
    many = source.frames(on.SOPInstanceUID) > 1
    stated = "PerFrameFunctionalGroupsSequence" in header or not many
    spacing = _numbers(said.get("PixelSpacing"), 2)
    spacing = spacing if spacing is not None and min(spacing) > 0 else None
    return Plane(
        on=on,
        SeriesInstanceUID=str(source.image(on.SOPInstanceUID).SeriesInstanceUID),
        rows=int(header.Rows),
        columns=int(header.Columns),
        place=_place(header, said) if stated and spacing is not None else None,
        spacing=spacing,
        thickness=_length(said.get("SliceThickness")),
        between=_length(said.get("SpacingBetweenSlices")),
        multiframe="NumberOfFrames" in header,
        carried=_carried(header),
    )


def grouped(planes: Iterable[Plane]) -> list[list[Plane]]:
    """The frames that one object can be about, each group in the order of its slices.

    They are of one series and size; where they lie in space, of one direction and at different
    places; where they do not, of one instance.
    """
    groups: list[list[Plane]] = []
    taken: list[set[int]] = []
    for plane in planes:
        at = round(plane.place.along / _SAME_PLACE) if plane.place else plane.on.frame or 1
        for group, places in zip(groups, taken, strict=True):
            if _together(group[0], plane) and at not in places:
                group.append(plane)
                places |= {at - 1, at, at + 1} if plane.place else {at}
                break
        else:
            groups.append([plane])
            taken.append({at - 1, at, at + 1} if plane.place else {at})
    return [sorted(group, key=lambda plane: plane.along) for group in groups]


def _said(header: Dataset, frame: int) -> Dataset:
    found = Dataset()
    for keyword in (*_PLACE, *_MEASURES):
        try:
            found.update(described(header, frame, [keyword]))
        except (TypeError, ValueError, NotImplementedError):
            continue  # what cannot be read is not known
    return found


def _place(header: Dataset, said: Dataset) -> Place | None:
    uid = str(header.get("FrameOfReferenceUID") or "").strip()
    position = _numbers(said.get("ImagePositionPatient"), 3)
    orientation = _numbers(said.get("ImageOrientationPatient"), 6)
    if not re.fullmatch(r"[0-9.]{1,64}", uid) or position is None or orientation is None:
        return None
    across, down = np.asarray(orientation[:3]), np.asarray(orientation[3:])
    lengths = float(np.linalg.norm(across)), float(np.linalg.norm(down))
    if max(abs(lengths[0] - 1), abs(lengths[1] - 1), abs(float(across @ down))) > 0.01:
        return None
    return Place(
        FrameOfReferenceUID=uid,
        PositionReferenceIndicator=line(str(header.get("PositionReferenceIndicator") or ""), 64),
        position=position,
        orientation=orientation,
    )


def _carried(header: Dataset) -> dict[str, Any]:
    made: dict[str, Any] = {}
    letters = _texts(header, "PatientOrientation")
    if len(letters) == 2 and all(text and set(text) <= set("AFHLPR") for text in letters):
        made["PatientOrientation"] = letters
    if (side := _texts(header, "Laterality")) in (["L"], ["R"]):
        made["Laterality"] = side[0]
    ratio = _texts(header, "PixelAspectRatio")
    if len(ratio) == 2 and all(map(str.isdecimal, ratio)) and len(set(ratio)) == 2:
        made["PixelAspectRatio"] = ratio
    ratios = _texts(header, "LossyImageCompressionRatio")
    methods = _texts(header, "LossyImageCompressionMethod")
    # Where it does not say all that belongs to it, it cannot be said again.
    if header.get("LossyImageCompression") == "01" and ratios and len(methods) == len(ratios):
        made["LossyImageCompression"] = "01"
        made["LossyImageCompressionRatio"] = ratios
        made["LossyImageCompressionMethod"] = methods
    return made


def _texts(header: Dataset, keyword: str) -> list[str]:
    """The values of an attribute; none where it cannot be read."""
    try:
        value = header.get(keyword)
    except (TypeError, ValueError):
        return []
    values = [value] if isinstance(value, str | float | int) else list(value or ())
    return [str(item).strip() for item in values if str(item).strip()]


def _numbers(value: object, count: int) -> Numbers | None:
    """Finite numbers, so many of them."""
    if not isinstance(value, Iterable):
        return None
    try:
        numbers = tuple(float(number) for number in value)
    except (TypeError, ValueError):
        return None
    return numbers if len(numbers) == count and all(map(math.isfinite, numbers)) else None


def _length(value: object) -> float | None:
    found = _numbers((value,), 1)
    return abs(found[0]) if found and found[0] else None


def _together(one: Plane, other: Plane) -> bool:
    if (one.SeriesInstanceUID, one.rows, one.columns) != (
        other.SeriesInstanceUID,
        other.rows,
        other.columns,
    ):
        return False
    same_instance = one.on.SOPInstanceUID == other.on.SOPInstanceUID
    if one.place is None or other.place is None:
        return same_instance and one.place is other.place
    return (
        (same_instance or not (one.multiframe or other.multiframe))
        and one.place.FrameOfReferenceUID == other.place.FrameOfReferenceUID
        and _near(one.place.orientation, other.place.orientation)
        and _near(one.spacing, other.spacing)
    )


def _near(one: Numbers | None, other: Numbers | None) -> bool:
    return bool(one and other and np.allclose(one, other, rtol=_SAME, atol=_SAME))
