"""What the index keeps of an instance's header, in values that JSON can carry."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from typing import Any

from pydicom import Dataset, dcmread
from pydicom.datadict import dictionary_VR, keyword_for_tag, tag_for_keyword
from pydicom.dataelem import RawDataElement
from pydicom.multival import MultiValue
from pydicom.tag import BaseTag
from pydicom.valuerep import AMBIGUOUS_VR

CORE = frozenset(
    {
        "AccessionNumber",
        "AcquisitionDateTime",
        "BodyPartExamined",
        "BurnedInAnnotation",
        "Columns",
        "FrameOfReferenceUID",
        "ImageLaterality",
        "ImageOrientationPatient",
        "ImagePositionPatient",
        "ImageType",
        "InstanceNumber",
        "Laterality",
        "Manufacturer",
        "Modality",
        "NumberOfFrames",
        "NumberOfStudyRelatedInstances",
        "PatientIdentityRemoved",
        "PerformedProcedureStepDescription",
        "PhotometricInterpretation",
        "ProtocolName",
        "Rows",
        "SeriesDate",
        "SeriesDescription",
        "SeriesNumber",
        "StationName",
        "StudyDate",
        "StudyDescription",
        "ViewPosition",
    }
)
"""What routes and pages ask for most; anything else is read from the file when it is asked for."""

_IDENTITY = ("StudyInstanceUID", "SeriesInstanceUID", "ContributingEquipmentSequence")


_MOST_SEEN = 10_000
_USUAL = 1 << 16
"""Few headers are longer; one that is, is read again from its file."""


def read_header(path: Path, keywords: Collection[str]) -> Dataset:
    """The named attributes of a file, its pixel data left alone."""
    tags = [tag for tag in map(tag_for_keyword, {*keywords, *_IDENTITY}) if tag is not None]
    # pydicom asks a file for its position at every element: in memory that is no system call.
    with path.open("rb") as file:
        begin = BytesIO(file.read(_USUAL))
        if len(begin.getvalue()) == _USUAL:
            with suppress(EOFError):
                ds = dcmread(begin, stop_before_pixels=True, specific_tags=tags)
                if begin.tell() < _USUAL:
                    return ds
        file.seek(0)
        return dcmread(file, stop_before_pixels=True, specific_tags=tags)


class Seen:
    """Values that were decoded before: instances of a series have most of them in common."""

    def __init__(self) -> None:
        self._values: dict[tuple[Any, ...], Any] = {}

    def value(self, ds: Dataset, tag: BaseTag, charset: str) -> Any:
        """What `_value` says, from memory where the same bytes stood under the same tag before."""
        raw = ds.get_item(tag)
        if not isinstance(raw, RawDataElement) or dictionary_VR(tag) in AMBIGUOUS_VR:
            return _value(ds, tag)
        key = (tag, raw.VR, raw.value, raw.is_little_endian, charset)
        if key not in self._values:
            if len(self._values) >= _MOST_SEEN:
                self._values.clear()
            self._values[key] = _value(ds, tag)
        return self._values[key]


def as_json(ds: Dataset, keywords: Collection[str], seen: Seen | None = None) -> dict[str, Any]:
    """The plain attributes of a header; sequences stay in the file."""
    header: dict[str, Any] = {}
    seen = seen or Seen()
    charset = str(ds.original_character_set)
    for tag in ds.keys():  # noqa: SIM118 - iterating a data set decodes its values, and may fail
        keyword = keyword_for_tag(tag)
        if keyword in keywords:
            value = seen.value(ds, tag, charset)
            if value is not None:
                header[keyword] = value
    return header


def _value(ds: Dataset, tag: BaseTag) -> Any:
    """One plain value; None where there is none, or none that makes sense."""
    try:
        element = ds[tag]
        return None if element.VR == "SQ" else _plain(element.value)
    except Exception:  # noqa: BLE001 - one mangled value is no reason to do without the others
        return None


def _plain(value: Any) -> Any:
    if isinstance(value, MultiValue):
        return [_plain(item) for item in value]
    if value is None or isinstance(value, bytes) or value == "":
        return None
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        # Not every float has a place in JSON: NaN would poison the row for PostgreSQL.
        return float(value) if abs(value) < float("inf") else str(value)
    return str(value)
