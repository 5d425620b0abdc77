"""Sources of every kind that a node meets, small but real: each by name, made anew when called."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from io import BytesIO
from typing import Any

import numpy as np
from PIL import Image
from pydicom import Dataset
from pydicom.encaps import encapsulate
from pydicom.pixels.processing import convert_color_space
from pydicom.uid import ImplicitVRLittleEndian, JPEGBaseline8Bit

from bench.phantoms import (
    cr_skull,
    ct_head,
    dx_extremity,
    encode,
    mr_head,
    photograph,
    secondary_capture,
    us_thyroid,
)
from tests.integration.results.enhanced import enhanced_ct, enhanced_mr
from tests.integration.results.said import FINDINGS

__all__ = ["FINDINGS", "KNOWN", "SOURCES"]


def _with(datasets: list[Dataset], **attributes: Any) -> list[Dataset]:
    for ds in datasets:
        for keyword, value in attributes.items():
            setattr(ds, keyword, value)
    return datasets


def _cr(photometric: str) -> list[Dataset]:
    return _with(cr_skull(size=64), PhotometricInterpretation=photometric)


def _ct(size: int = 32, slices: int = 3, **options: Any) -> list[Dataset]:
    return ct_head(size=size, slices=slices, **options)


def _oblique() -> list[Dataset]:
    """Slices that lie askew to every axis, and pixels that are not square."""
    across = np.array([0.8, 0.6, 0.0])
    down = np.array([0.36, -0.48, -0.8])
    normal = np.cross(across, down)
    made = _ct()
    for number, ds in enumerate(made):
        ds.ImageOrientationPatient = [*across.round(6).tolist(), *down.round(6).tolist()]
        ds.ImagePositionPatient = (np.array([10, 20, 30]) + 5 * number * normal).round(4).tolist()
        ds.PixelSpacing = [3, 5]
        ds.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    return made


def _unsigned_ct() -> list[Dataset]:
    """Twelve bits without a sign, as most scanners store what they rescale by -1024."""
    made = _ct()
    for ds in made:
        pixels = np.frombuffer(ds.PixelData, "<i2").astype(int) + 1024
        ds.PixelData = np.clip(pixels, 0, 4095).astype("<u2").tobytes()
        ds.PixelRepresentation, ds.BitsStored, ds.HighBit = 0, 12, 11
        ds.RescaleIntercept = -1024
    return made


def _signed_ct() -> list[Dataset]:
    """Twelve bits with a sign, the upper ones filled with it."""
    made = _ct()
    for ds in made:
        pixels = np.clip(np.frombuffer(ds.PixelData, "<i2"), -2048, 2047)
        ds.PixelData = pixels.astype("<i2").tobytes()
        ds.BitsStored, ds.HighBit = 12, 11
    return made


def _deep_mr() -> list[Dataset]:
    """All of sixteen bits without a sign."""
    made = mr_head(size=32, slices=3)
    for ds in made:
        pixels = np.frombuffer(ds.PixelData, "<u2").astype(float)
        ds.PixelData = (pixels / max(1, pixels.max()) * 65_535).astype("<u2").tobytes()
        ds.PixelRepresentation, ds.BitsStored, ds.HighBit = 0, 16, 15
        ds.WindowCenter, ds.WindowWidth = 32_768, 65_536
    return made


def _signed_capture() -> list[Dataset]:
    """Bytes with a sign."""
    made = _grey_capture()
    for ds in made:
        pixels = np.frombuffer(ds.PixelData, np.uint8).astype(int) - 128
        ds.PixelData = pixels.astype(np.int8).tobytes()
        ds.PixelRepresentation = 1
    return made


def _two_hands() -> list[Dataset]:
    """A radiograph of each side in one study, each a series of its own."""
    made = dx_extremity(seed=1, size=64) + dx_extremity(seed=2, size=64)
    for number, (ds, side) in enumerate(zip(made, "LR", strict=True), start=1):
        ds.ImageLaterality = side
        ds.SeriesNumber = number
        for keyword in (
            "PatientID",
            "PatientName",
            "StudyInstanceUID",
            "StudyID",
            "AccessionNumber",
        ):
            ds[keyword] = made[0][keyword]
    return made


def _reversed_ct() -> list[Dataset]:
    """The slices from the top down, received so, with numbers from the bottom up."""
    return _ct()[::-1]


def _two_series() -> list[Dataset]:
    """A scan, and another of the same study that is numbered the same way."""
    first, second = _ct(slices=2), _ct(slices=2, tilt=0.0)
    for ds in second:
        ds.SeriesInstanceUID += ".2"
        ds.SOPInstanceUID += ".2"
        ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID
        ds.SeriesNumber = 2
    return first + second


def _grey_capture() -> list[Dataset]:
    made = secondary_capture(size=64)
    for ds in made:
        rgb = np.frombuffer(ds.PixelData, np.uint8).reshape(64, 64, 3)
        ds.PixelData = np.ascontiguousarray(rgb[..., 1]).tobytes()
        ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
        del ds.PlanarConfiguration
    return made


def _palette() -> list[Dataset]:
    """A capture whose bytes are numbers of colours in a table of 16 bits an entry."""
    made = _grey_capture()
    for ds in made:
        ds.PhotometricInterpretation = "PALETTE COLOR"
        up = np.arange(256) * 257
        for colour, table in (("Red", up), ("Green", up[::-1]), ("Blue", np.roll(up, 128))):
            setattr(ds, f"{colour}PaletteColorLookupTableDescriptor", [256, 0, 16])
            setattr(ds, f"{colour}PaletteColorLookupTableData", table.astype("<u2").tobytes())
    return made


def _planar() -> list[Dataset]:
    """A capture with all its red before all its green and blue."""
    made = secondary_capture(size=64)
    for ds in made:
        rgb = np.frombuffer(ds.PixelData, np.uint8).reshape(64, 64, 3)
        ds.PixelData = np.ascontiguousarray(rgb.transpose(2, 0, 1)).tobytes()
        ds.PlanarConfiguration = 1
    return made


def _ybr() -> list[Dataset]:
    made = secondary_capture(size=64)
    for ds in made:
        rgb = np.frombuffer(ds.PixelData, np.uint8).reshape(64, 64, 3)
        ds.PixelData = convert_color_space(rgb, "RGB", "YBR_FULL").tobytes()
        ds.PhotometricInterpretation = "YBR_FULL"
    return made


def _jpeg() -> list[Dataset]:
    """A photograph as cameras send it: JPEG, with every second colour."""
    made = photograph(size=64)
    for ds in made:
        rgb = np.frombuffer(ds.PixelData, np.uint8).reshape(64, 64, 3)
        packed = BytesIO()
        Image.fromarray(rgb).save(packed, "JPEG", quality=90, subsampling="4:2:2")
        ds.PixelData = encapsulate([packed.getvalue()])
        ds["PixelData"].VR = "OB"
        ds["PixelData"].is_undefined_length = True
        ds.file_meta.TransferSyntaxUID = JPEGBaseline8Bit
        ds.PhotometricInterpretation = "YBR_FULL_422"
        ds.LossyImageCompression = "01"
        ds.LossyImageCompressionRatio = round(12288 / len(packed.getvalue()), 2)
        ds.LossyImageCompressionMethod = "ISO_10918_1"
    return made


def _implicit_dx() -> list[Dataset]:
    made = dx_extremity(size=64)
    made[0].file_meta.TransferSyntaxUID = ImplicitVRLittleEndian
    return made


def _deidentified() -> list[Dataset]:
    """A study of nobody: hardly anything that a patient or study need not have."""
    made = _with(
        dx_extremity(size=64),
        PatientName="ANON-17",
        PatientID="ANON-17",
        PatientBirthDate="",
        PatientSex="",
        StudyDate="",
        StudyTime="",
        AccessionNumber="",
        StudyID="",
        PatientIdentityRemoved="YES",
        DeidentificationMethod="By hand",
    )
    del made[0].StudyDescription
    return made


SOURCES: Mapping[str, Callable[[], list[Dataset]]] = {
    "dx": lambda: dx_extremity(size=64, fracture=True),
    "dx-implicit": _implicit_dx,
    "dx-jpeg2000": lambda: encode(dx_extremity(size=64), "jpeg2000"),
    "dx-deidentified": _deidentified,
    "dx-two-hands": _two_hands,
    "cr-monochrome1": lambda: _cr("MONOCHROME1"),
    "cr-jpeg-ls": lambda: encode(_cr("MONOCHROME2"), "jpeg-ls"),
    "us-grey": lambda: us_thyroid(size=64, colour="MONOCHROME2"),
    "us-colour": lambda: us_thyroid(size=64),
    "us-cine": lambda: us_thyroid(size=48, frames=3),
    "us-cine-rle": lambda: encode(us_thyroid(size=48, frames=3), "rle"),
    "us-ybr-422": lambda: us_thyroid(size=64, colour="YBR_FULL_422"),
    "ct-axial": _ct,
    "ct-oblique": _oblique,
    "ct-tilted": lambda: _ct(tilt=15.0),
    "ct-unsigned": _unsigned_ct,
    "ct-signed-12": _signed_ct,
    "ct-downwards": _reversed_ct,
    "ct-rle": lambda: encode(_ct(), "rle"),
    "ct-two-series": _two_series,
    "ct-enhanced": enhanced_ct,
    "mr": lambda: mr_head(size=32, slices=3),
    "mr-16-bits": _deep_mr,
    "mr-enhanced": enhanced_mr,
    "photograph": lambda: photograph(size=64),
    "photograph-jpeg": _jpeg,
    "photograph-jpeg2000": lambda: encode(photograph(size=64), "jpeg2000"),
    "capture": lambda: secondary_capture(size=64),
    "capture-grey": _grey_capture,
    "capture-signed": _signed_capture,
    "capture-palette": _palette,
    "capture-planar": _planar,
    "capture-ybr": _ybr,
}
"""Modalities, geometries, colours, depths and compressions; the first frame is never empty."""

KNOWN: Mapping[str, frozenset[str]] = {
    "us-ybr-422": frozenset(
        {
            "Error - PixelData has incorrect value length - expected 12288 dec - got 8192 dec",
            "Error - Unrecognized enumerated value <YBR_FULL_422> for value 1 of attribute "
            "<Photometric Interpretation>",
        }
    )
}
"""What dciodvfy has against a source: older scanners send what the standard has retired."""
