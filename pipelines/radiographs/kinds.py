"""Which kinds of images are radiographs, and what the others are, in a radiographer's words."""

from __future__ import annotations

from pydicom.uid import (
    UID,
    ComputedRadiographyImageStorage,
    DigitalXRayImageStorageForPresentation,
    DigitalXRayImageStorageForProcessing,
    MultiFrameGrayscaleByteSecondaryCaptureImageStorage,
    MultiFrameGrayscaleWordSecondaryCaptureImageStorage,
    MultiFrameSingleBitSecondaryCaptureImageStorage,
    MultiFrameTrueColorSecondaryCaptureImageStorage,
    SecondaryCaptureImageStorage,
)

from pipelines.bodyparts import REGIONS
from pipelines.router.evidence import body_parts
from pipelines.stored import Read, line, many

_RADIOGRAPHS = frozenset(
    {
        ComputedRadiographyImageStorage,
        DigitalXRayImageStorageForPresentation,
        DigitalXRayImageStorageForProcessing,
    }
)
_CAPTURES = frozenset(
    {
        SecondaryCaptureImageStorage,
        MultiFrameGrayscaleByteSecondaryCaptureImageStorage,
        MultiFrameGrayscaleWordSecondaryCaptureImageStorage,
        MultiFrameSingleBitSecondaryCaptureImageStorage,
        MultiFrameTrueColorSecondaryCaptureImageStorage,
    }
)
_RADIOGRAPHY = frozenset({"CR", "DX", "RG"})
_NO_KIND = frozenset({"", "OT", "SC"})
"""Modalities that say nothing about what a captured picture shows."""
_MAMMOGRAM = "it is a mammogram"
_DENTAL = "it is a dental X-ray image"
_SERIES_OF_IMAGES = "it is fluoroscopy or angiography, not a radiograph"
_PHOTOGRAPH = "it is a photograph or a video, not a radiograph"
_BY_NAME = (
    ("Digital Mammography", _MAMMOGRAM),
    ("Breast ", _MAMMOGRAM),
    ("Digital Intra-Oral", _DENTAL),
    ("X-Ray Angiographic", _SERIES_OF_IMAGES),
    ("X-Ray Radiofluoroscopic", _SERIES_OF_IMAGES),
    ("X-Ray 3D Angiographic", _SERIES_OF_IMAGES),
    ("Enhanced XA", _SERIES_OF_IMAGES),
    ("Enhanced XRF", _SERIES_OF_IMAGES),
    ("VL ", _PHOTOGRAPH),
    ("Video ", _PHOTOGRAPH),
    ("Ophthalmic Photography", _PHOTOGRAPH),
    ("Wide Field Ophthalmic", _PHOTOGRAPH),
    ("Dermoscopic", _PHOTOGRAPH),
)
"""How the names of other classes begin."""
_BY_MODALITY = {
    "MG": _MAMMOGRAM,
    "IO": _DENTAL,
    "PX": _DENTAL,
    "RF": _SERIES_OF_IMAGES,
    "XA": _SERIES_OF_IMAGES,
    "BMD": "it is a measurement of bone density",
    "XC": _PHOTOGRAPH,
}


def why_not_by_kind(SOPClassUID: str, read: Read) -> str | None:
    """Why an image is no radiograph, by its class and modality; None where it is one."""
    name = UID(SOPClassUID).name
    if SOPClassUID not in _RADIOGRAPHS | _CAPTURES:
        known = (reason for start, reason in _BY_NAME if name.startswith(start))
        kind = name.removesuffix(" Storage")
        return next(known, f'it is of the kind "{kind}", which is no radiograph')
    modality = line(read("Modality")).upper()
    if modality in _BY_MODALITY:
        return _BY_MODALITY[modality]
    return None if SOPClassUID in _RADIOGRAPHS else _why_not_captured(modality, read)


def _why_not_captured(modality: str, read: Read) -> str | None:
    """A capture is a radiograph if it says so, or is of a film, or names a part of the body."""
    if modality in _RADIOGRAPHY:
        return None
    if modality not in _NO_KIND:
        return f"it is a captured picture of another kind of examination ({modality})"
    conversion = line(read("ConversionType")).upper()
    if conversion == "SD":
        return "it is a scanned document"
    names, _ = body_parts(many(read))
    if conversion == "DF" or any(name in REGIONS for name in names):
        return None
    return "it is a captured picture, and nothing says that it shows a radiograph"
