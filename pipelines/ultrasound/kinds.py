"""Which images are ultrasound pictures of tissue by their headers, and what the others are."""

from __future__ import annotations

import re

from pydicom.multival import MultiValue
from pydicom.uid import (
    UID,
    EnhancedUSVolumeStorage,
    MultiFrameGrayscaleByteSecondaryCaptureImageStorage,
    MultiFrameGrayscaleWordSecondaryCaptureImageStorage,
    MultiFrameTrueColorSecondaryCaptureImageStorage,
    SecondaryCaptureImageStorage,
    UltrasoundImageStorage,
    UltrasoundMultiFrameImageStorage,
)

from pipelines.contract import Instance
from pipelines.intake_check.scope import why_not
from pipelines.stored import Read, line
from pipelines.ultrasound.regions import modes

_ULTRASOUND = frozenset(
    {
        UltrasoundImageStorage,
        UltrasoundMultiFrameImageStorage,
        "1.2.840.10008.5.1.4.1.1.6",  # the same before colours were settled, retired
        "1.2.840.10008.5.1.4.1.1.3",
    }
)
_CAPTURES = frozenset(
    {
        SecondaryCaptureImageStorage,
        MultiFrameGrayscaleByteSecondaryCaptureImageStorage,
        MultiFrameGrayscaleWordSecondaryCaptureImageStorage,
        MultiFrameTrueColorSecondaryCaptureImageStorage,
    }
)
_NO_KIND = frozenset({"", "OT", "SC"})
"""Modalities that say nothing about what a captured picture shows."""
_CODE = re.compile(r"[0-9A-F]{4}")
_IN_TWO_DIMENSIONS = 0x0001
_OTHERS = (
    (0x0040, "it is a rendering of a volume"),
    (0x0110, "it shows colour Doppler only"),
    (0x000C, "it shows a Doppler spectrum only"),
    (0x0022, "it shows an M-mode only"),
    (0x0200, "it shows a property of the tissue, as elastography does, and no B-mode"),
)
"""What value 4 of ImageType is made of besides (PS3.3 C.8.5.6.1.1)."""
_GRAPHS = 0x002E
"""M-mode and spectra, which are drawn beside the picture."""


def why_not_by_kind(instance: Instance, read: Read) -> str | None:
    """Why an image is no ultrasound picture, by class, modality and modes; None where it is one."""
    uid = instance.SOPClassUID
    if uid == EnhancedUSVolumeStorage:
        return "it is a volume, not a picture as the sonographer saw it"
    if uid not in _ULTRASOUND | _CAPTURES:
        name = UID(uid).name
        if name == uid:
            return "it is of a kind that is not known here"
        kind = name.removesuffix(" Storage")
        return why_not(instance) or f'it is of the kind "{kind}", which is no ultrasound picture'
    modality = line(read("Modality")).upper()
    if modality == "IVUS":
        return "it was taken from within a vessel"
    return (_why_not_captured(modality, read) if uid in _CAPTURES else None) or _by_modes(read)


def exam(read: Read) -> str:
    """For what the scanner was set, without spaces: value 3 of ImageType; empty where none is."""
    return _image_type(read, 2).replace(" ", "")


def _why_not_captured(modality: str, read: Read) -> str | None:
    if modality in _NO_KIND:
        return "it is a captured picture, and nothing says that it shows ultrasound"
    if modality != "US":
        return "it is a captured picture of another kind of examination"
    if line(read("ConversionType")).upper() == "SD":
        return "it is a scanned document"
    return None


def _by_modes(read: Read) -> str | None:
    """The regions are closer to the picture than a code for all of it."""
    code = _image_type(read, 3)
    flags = int(code, 16) if _CODE.fullmatch(code) else 0
    shown = modes(read)
    if "tissue" in shown:
        return None
    if "flow" in shown:
        return None if flags & _IN_TWO_DIMENSIONS else "it shows colour Doppler only"
    if shown:
        return f"it shows {' and '.join(sorted(shown))}, and no picture of tissue"
    if not flags & _IN_TWO_DIMENSIONS:
        return next((reason for flag, reason in _OTHERS if flags & flag), None)
    if flags & _GRAPHS:
        return "a Doppler spectrum or an M-mode is drawn into it, and nothing says where"
    return None


def _image_type(read: Read, place: int) -> str:
    stated = read("ImageType")
    several = stated if isinstance(stated, MultiValue | list | tuple) else ()
    return line(several[place]).upper() if len(several) > place else ""
