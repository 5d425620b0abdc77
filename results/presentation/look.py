"""How an image of the source looks, in the attributes by which a presentation state keeps it so.

A presentation state's grey steps take the place of the image's own, all of them: what it leaves
out is an identity (PS3.4 N.2.1.3), so what the image has must be said again.
"""

from __future__ import annotations

import json
import pkgutil
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from io import BytesIO
from math import gcd
from typing import Any

import numpy as np
from PIL.ImageCms import ImageCmsProfile
from pydicom import DataElement, Dataset
from pydicom.config import disable_value_validation
from pydicom.pixels.utils import pixel_array
from pydicom.uid import (
    CTImageStorage,
    XRayAngiographicImageStorage,
    XRayRadiofluoroscopicImageStorage,
)

from pipelines.display import described, first

_NOT_FOR_DISPLAY = (XRayAngiographicImageStorage, XRayRadiofluoroscopicImageStorage)
_FUNCTIONS = ("LINEAR", "LINEAR_EXACT", "SIGMOID")
_WINDOW = ("WindowCenter", "WindowWidth", "WindowCenterWidthExplanation", "VOILUTFunction")
_RESCALE = ("RescaleIntercept", "RescaleSlope", "RescaleType")


@dataclass(frozen=True, kw_only=True)
class Look:
    """What all the images of one presentation state have in common."""

    SeriesInstanceUID: str
    colour: bool
    rows: int
    columns: int
    inverse: bool
    """Whether the smallest value is white."""
    spacing: tuple[str, str] | None
    """Between the rows and between the columns, in mm in the patient."""
    ratio: tuple[int, int]
    modality: str
    profile: str


def look(header: Dataset, frame: int) -> Look:
    """The look of a frame, but for its window: each image may have one of its own."""
    colour = _is_colour(header)
    return Look(
        SeriesInstanceUID=str(header.SeriesInstanceUID),
        colour=colour,
        rows=int(header.Rows),
        columns=int(header.Columns),
        inverse=not colour and _is_inverse(header),
        spacing=_spacing(header, frame),
        ratio=_ratio(header, frame),
        modality="" if colour else as_text(modality(header, frame)),
        profile=sha256(profile(header)).hexdigest() if colour else "",
    )


def _is_colour(header: Dataset) -> bool:
    """True colour, or by a palette: PS3.4 N.2.2.1 counts both as colour images."""
    palette = bool(header.get("PhotometricInterpretation") == "PALETTE COLOR")
    return palette or int(header.get("SamplesPerPixel", 1)) != 1


def _is_inverse(header: Dataset) -> bool:
    said = (header.get("PhotometricInterpretation"), header.get("PresentationLUTShape"))
    return bool(said[0] == "MONOCHROME1" or said[1] == "INVERSE")


def as_text(item: Dataset | None) -> str:
    """The same for data sets that are the same."""
    return "" if item is None else json.dumps(item.to_json_dict(), sort_keys=True)


def modality(header: Dataset, frame: int) -> Dataset:
    """The step from stored values to what was measured, where there is one."""
    made = Dataset()
    table = first(header.get("ModalityLUTSequence"))
    if "LUTData" in table and "LUTDescriptor" in table:
        if not _leads_back(header):
            made.ModalityLUTSequence = [_table(table, header)]
            made.ModalityLUTSequence[0].ModalityLUTType = table.get("ModalityLUTType") or "US"
        return made
    with disable_value_validation():
        said = described(header, frame, _RESCALE)
    if "RescaleSlope" in said and "RescaleIntercept" in said and float(said.RescaleSlope):
        made.update(said)
        # A CT that does not say has Hounsfield units (PS3.3 C.8.2.1).
        units = "HU" if header.SOPClassUID == CTImageStorage else "US"
        made.setdefault("RescaleType", units)
    return made


def _leads_back(header: Dataset) -> bool:
    """Whether the table is for measuring the rays, not for display (PS3.3 C.8.7.1.1.2)."""
    return header.SOPClassUID in _NOT_FOR_DISPLAY and header.get("PixelIntensityRelationship") in (
        "LOG",
        "DISP",
    )


def voi(header: Dataset, frame: int) -> Dataset | None:
    """The first table or window of a frame, for a presentation state has one (PS3.3 C.11.8)."""
    made = Dataset()
    groups = (_group(header, frame), header)
    tables = (first(place.get("VOILUTSequence")) for place in groups)
    table = next((item for item in tables if "LUTData" in item and "LUTDescriptor" in item), None)
    if table is not None:
        made.VOILUTSequence = [_of_16_bits(_table(table, header))]
        return made
    with disable_value_validation():
        said = described(header, frame, _WINDOW)
        for keyword in _WINDOW:
            value = _one(said.get(keyword))
            if value is not None:
                setattr(made, keyword, value)
    if made.get("VOILUTFunction") not in _FUNCTIONS:
        made.pop("VOILUTFunction", None)
    width = made.get("WindowWidth")
    if width is None or "WindowCenter" not in made or not width > 0:
        return None
    if width < 1 and "VOILUTFunction" not in made:
        # A width below 1 is no LINEAR one; who writes it means this.
        made.VOILUTFunction = "LINEAR_EXACT"
    return made


def _group(header: Dataset, frame: int) -> Dataset:
    """The window's functional group of an enhanced image."""
    own = header.get("PerFrameFunctionalGroupsSequence") or ()
    places = (
        own[frame - 1] if len(own) >= frame else Dataset(),
        first(header.get("SharedFunctionalGroupsSequence")),
    )
    groups = (first(place.get("FrameVOILUTSequence")) for place in places)
    return next((group for group in groups if len(group)), Dataset())


def _one(value: Any) -> Any:
    """The first of several values."""
    if value is None or isinstance(value, str):
        return value or None
    if isinstance(value, Sequence):
        return _one(value[0]) if len(value) else None
    return value


def full_range(ds: Dataset, frame: int) -> Dataset | None:
    """A window over all values of a frame, for an image that has none and more than 8 bits.

    Without one a presentation state would have viewers show 12 bits of 16 as black. None where the
    pixels cannot be decoded.
    """
    if int(ds.get("BitsStored", 8)) <= 8:
        return None
    step = modality(ds, frame)
    if "ModalityLUTSequence" in step:
        return None
    try:
        values = pixel_array(ds, index=frame - 1)
    except (AttributeError, NotImplementedError, RuntimeError, ValueError, KeyError):
        return None
    slope, intercept = float(step.get("RescaleSlope", 1)), float(step.get("RescaleIntercept", 0))
    low, high = sorted(slope * float(end) + intercept for end in (values.min(), values.max()))
    made = Dataset()
    made.WindowCenter = f"{(low + high + 1) / 2:.10g}"
    made.WindowWidth = f"{high - low + 1:.10g}"
    made.WindowCenterWidthExplanation = "Full range"
    return made


def _table(item: Dataset, header: Dataset) -> Dataset:
    """A table in an encoding that does not depend on the image it was for."""
    count, begin, bits = (int(number) for number in item.LUTDescriptor)
    data = item.LUTData
    if not isinstance(data, bytes):
        data = np.asarray(data).astype(np.int64).astype("<u2").tobytes()
    elif header.original_encoding[1] is False:
        data = np.frombuffer(data, ">u2").astype("<u2").tobytes()
    made = Dataset()
    vr = "SS" if begin < 0 else "US"
    count -= 1 << 16 if vr == "SS" and count >= 1 << 15 else 0
    made["LUTDescriptor"] = DataElement("LUTDescriptor", vr, [count, begin, bits])
    if item.get("LUTExplanation"):
        made.LUTExplanation = item.LUTExplanation
    made["LUTData"] = DataElement("LUTData", "OW", data)
    return made


def _of_16_bits(table: Dataset) -> Dataset:
    """The same greys in entries of 8 or 16 bits, which are the lengths that every reader allows."""
    count, begin, bits = table.LUTDescriptor
    if 8 < bits < 16:
        entries = np.frombuffer(table.LUTData, "<u2").astype(np.float64)
        greys = np.rint(entries * (0xFFFF / ((1 << bits) - 1))).clip(0, 0xFFFF)
        table.LUTDescriptor = [count, begin, 16]
        table.LUTData = greys.astype("<u2").tobytes()
    return table


def _spacing(header: Dataset, frame: int) -> tuple[str, str] | None:
    """Only what is true in the patient: a projection's spacing at the detector is not."""
    with disable_value_validation():
        pair = described(header, frame, ["PixelSpacing"]).get("PixelSpacing")
    return (str(pair[0]), str(pair[1])) if _are_two(pair) else None


def _ratio(header: Dataset, frame: int) -> tuple[int, int]:
    """How high a pixel is to how wide, in whole numbers."""
    with disable_value_validation():
        for keyword in ("PixelAspectRatio", "ImagerPixelSpacing", "NominalScannedPixelSpacing"):
            pair = described(header, frame, [keyword]).get(keyword)
            if _are_two(pair):
                high, wide = (round(float(length) * 10_000) for length in pair)
                shared = gcd(high, wide)
                return (high // shared, wide // shared) if high and wide else (1, 1)
    return 1, 1


def _are_two(pair: Any) -> bool:
    try:
        return len(pair) == 2 and all(float(length) > 0 for length in pair)
    except (TypeError, ValueError):
        return False


def profile(header: Dataset) -> bytes:
    """What the image's colours mean: its own profile where one is allowed here, else sRGB."""
    places = (header, first(header.get("OpticalPathSequence")))
    own = next((place.ICCProfile for place in places if place.get("ICCProfile")), b"")
    return own if _is_input_profile(own) else sRGB()


def _is_input_profile(data: bytes) -> bool:
    """Whether it is from RGB of an input device or of a colour space (PS3.3 C.11.15.1.1)."""
    if data[12:16] not in (b"scnr", b"spac") or data[16:20] != b"RGB ":
        return False
    try:
        ImageCmsProfile(BytesIO(data))
    except OSError:
        return False
    return data[20:24] in (b"Lab ", b"XYZ ")


def sRGB() -> bytes:
    """The profile that highdicom brings: one with a date in it would change from run to run."""
    found = pkgutil.get_data("highdicom", "_icc_profiles/sRGB_v4_ICC_preference.icc")
    if found is None:
        raise FileNotFoundError("highdicom's profile of sRGB is missing.")
    return found
