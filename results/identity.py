"""Who a result is: UIDs that come out the same every time, and the mark that says it is ours."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from hashlib import sha256

from pydicom import Dataset
from pydicom.sr.codedict import codes

MAKER = "dicom-node"
"""The Manufacturer by which every node of this kind recognises what a node has made."""


@dataclass(frozen=True, kw_only=True)
class Device:
    """Who speaks in a report: this node, as its observer and as the equipment."""

    name: str = MAKER
    station: str = ""
    """Its AE title, which becomes the StationName."""
    manufacturer: str = MAKER
    model: str = MAKER
    version: str = ""
    serial_number: str | None = None
    location: str | None = None
    institution: str | None = None
    department: str | None = None


MARK_TAGS = ["ContributingEquipmentSequence"]
"""What `is_ours` needs: pass it to `dcmread` as `specific_tags`."""

_LONGEST_UID = 64


def derive_uid(root: str, *parts: str) -> str:
    """Derive a UID under a root from what it stands for: the same parts give the same UID.

    The number is that of a UUID made by hashing the parts, so `2.25` may be the root (PS3.5
    B.2). Under a root too long for it, it is shortened to what fits in 64 characters.
    """
    spelled = "".join(f"{len(part)}:{part}" for part in parts)
    number = uuid.UUID(bytes=sha256(spelled.encode()).digest()[:16], version=5).int
    room = _LONGEST_UID - len(root) - 1
    if room < 20:
        raise ValueError(f"the UID root {root} is too long to derive unique UIDs under it")
    return f"{root}.{number % 10**room}"


def mark(ds: Dataset, *, model: str = MAKER, version: str = "") -> None:
    """Write into a data set that a dicom-node made it (CID 7005: processing equipment)."""
    item = Dataset()
    item.PurposeOfReferenceCodeSequence = [_purpose()]
    item.Manufacturer = MAKER
    item.ManufacturerModelName = model
    if version:
        item.SoftwareVersions = version
    item.ContributionDescription = "Made by a dicom-node from other instances"
    ds.ContributingEquipmentSequence = [*ds.get("ContributingEquipmentSequence", []), item]


def is_ours(ds: Dataset) -> bool:
    """Whether a dicom-node made this data set; its ContributingEquipmentSequence suffices."""
    wanted = codes.cid7005.ProcessingEquipment.value
    for item in ds.get("ContributingEquipmentSequence") or ():
        purposes = item.get("PurposeOfReferenceCodeSequence") or ()
        if item.get("Manufacturer") == MAKER and any(
            purpose.get("CodeValue") == wanted for purpose in purposes
        ):
            return True
    return False


def _purpose() -> Dataset:
    purpose = codes.cid7005.ProcessingEquipment
    item = Dataset()
    item.CodeValue = purpose.value
    item.CodingSchemeDesignator = purpose.scheme_designator
    item.CodeMeaning = purpose.meaning
    return item


IMPLEMENTATION_CLASS_UID = derive_uid("2.25", MAKER, "implementation class")
"""PS3.7 D.3.3.2: which software wrote a file."""
IMPLEMENTATION_VERSION_NAME = "DICOM-NODE"
