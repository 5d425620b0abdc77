"""A frame as a viewer shows it: the steps from stored values to a screen (PS3.4 N.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from pydicom import Dataset
from pydicom.pixels.processing import apply_color_lut
from pydicom.pixels.utils import pixel_array
from pydicom.uid import XRayAngiographicImageStorage, XRayRadiofluoroscopicImageStorage

from pipelines.contract import Reference
from results.context import NotMade
from results.frames import described, first
from results.source import Source

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

_LOWEST, _HIGHEST = 0.005, 0.995
"""Without a window, so much of the pixels is shown in grey; the rest is black and white."""
_SAID = (
    "WindowCenter",
    "WindowWidth",
    "VOILUTFunction",
    "VOILUTSequence",
    "ModalityLUTSequence",
    "RescaleIntercept",
    "RescaleSlope",
)
_NOT_FOR_DISPLAY = (XRayAngiographicImageStorage, XRayRadiofluoroscopicImageStorage)


def shown(source: Source, on: Reference) -> NDArray[np.uint8]:
    """The frame in red, green and blue: rows, columns, 3; the array is the caller's to write to.

    Raises `NotMade` where there are no pixels that can be decoded.
    """
    ds = source.whole(on.SOPInstanceUID)
    frame = on.frame or 1
    stored = _decoded(ds, frame)
    if stored.ndim == 3:
        return _colour(stored, ds)
    if ds.PhotometricInterpretation == "PALETTE COLOR":
        return _palette(stored, ds)
    grey = _grey(stored, ds, described(ds, frame, _SAID))
    picture = np.empty((*grey.shape, 3), np.uint8)
    for channel in range(3):
        picture[..., channel] = grey
    return picture


def _decoded(ds: Dataset, frame: int) -> NDArray[Any]:
    """One frame's stored values; colour is RGB already."""
    try:
        stored: NDArray[Any] = pixel_array(ds, index=frame - 1)
    except (AttributeError, NotImplementedError, RuntimeError, ValueError, KeyError) as error:
        raise NotMade("the image's pixels cannot be decoded") from error
    if stored.ndim == 3 and stored.shape[-1] != 3:
        raise NotMade("the image has colours that are not red, green and blue")
    return stored


def _colour(stored: NDArray[Any], ds: Dataset) -> NDArray[np.uint8]:
    shift = int(ds.BitsStored) - 8
    picture: NDArray[np.uint8]
    if shift > 0:
        picture = (stored >> shift).astype(np.uint8)
    else:
        picture = np.array(stored, np.uint8, order="C")
    if ds.PhotometricInterpretation.startswith("YBR_PARTIAL"):
        return _full_range(picture)
    return picture


def _full_range(ybr: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """RGB of colours whose luminance is 16 to 235 (ITU-R BT.601), which pydicom leaves alone."""
    y, b, r = (ybr[..., channel].astype(np.float32) for channel in range(3))
    y, b, r = (y - 16) * (255 / 219), (b - 128) * (255 / 224), (r - 128) * (255 / 224)
    rgb = np.stack([y + 1.402 * r, y - 0.344136 * b - 0.714136 * r, y + 1.772 * b], axis=-1)
    picture: NDArray[np.uint8] = np.rint(rgb).clip(0, 255).astype(np.uint8)
    return picture


def _palette(stored: NDArray[Any], ds: Dataset) -> NDArray[np.uint8]:
    codes = _codes(stored, ds)
    if codes is None:
        raise NotMade("the image's colours cannot be looked up")
    count, begin, _ = ds.RedPaletteColorLookupTableDescriptor
    # pydicom counts the entries in as few bits as they have themselves: keep within them.
    values = codes.clip(begin, begin + (count or 1 << 16) - 1)
    try:
        colours = apply_color_lut(values, ds)[:, :3]
    except (ValueError, TypeError, AttributeError, IndexError) as error:
        raise NotMade("the image's palette cannot be read") from error
    if colours.dtype == np.uint16:
        colours = colours >> 8
    return np.ascontiguousarray(colours.astype(np.uint8)[_index(stored)])


def _grey(stored: NDArray[Any], ds: Dataset, said: Dataset) -> NDArray[np.uint8]:
    """Grey from black to white. Whole numbers of few bits are each looked up once, in a table."""
    codes = _codes(stored, ds)
    plain = stored.astype(np.float64) if codes is None else codes.astype(np.float64)
    padded = _padding(plain, ds)
    values = _modality(plain, ds, said)
    shades = _voi(values, said)
    if shades is None and int(ds.BitsStored) <= 8 and np.array_equal(plain, values):
        lowest = plain.min() if ds.get("PixelRepresentation") == 1 else 0
        shades = (plain - lowest) / ((1 << int(ds.BitsStored)) - 1)
    if shades is None:
        shades = _stretched(values, padded, stored)
    if ds.PhotometricInterpretation == "MONOCHROME1" or ds.get("PresentationLUTShape") == "INVERSE":
        shades = 1 - shades
    if padded is not None:
        shades[padded] = 0
    grey: NDArray[np.uint8] = np.floor(shades * 255 + 0.5).astype(np.uint8)
    return grey if codes is None else grey.take(_index(stored))


def _index(stored: NDArray[Any]) -> NDArray[Any]:
    return stored.view(f"u{stored.itemsize}")


def _codes(stored: NDArray[Any], ds: Dataset) -> NDArray[np.int64] | None:
    """The stored value for each content of a pixel's 8 or 16 bits; None for wider pixels.

    Bits above those stored may hold anything, an old kind of overlay for example.
    """
    if stored.dtype.kind not in "iu" or stored.itemsize > 2:
        return None
    every = np.arange(1 << 8 * stored.itemsize)
    bits = min(int(ds.BitsStored), 8 * stored.itemsize)
    codes = every >> max(0, int(ds.get("HighBit", bits - 1)) + 1 - bits) & (1 << bits) - 1
    if ds.get("PixelRepresentation") == 1:
        codes -= (codes >> bits - 1) << bits
    return codes


def _padding(values: Floats, ds: Dataset) -> NDArray[np.bool_] | None:
    """Which values stand for nothing at all, and are to be black."""
    ends = [ds.get("PixelPaddingValue"), ds.get("PixelPaddingRangeLimit")]
    known = [int(end) for end in ends if isinstance(end, int)]
    if not known or not isinstance(ends[0], int):
        return None
    if ds.get("PixelRepresentation") == 1:
        bits = int(ds.BitsAllocated)
        known = [end - (1 << bits) if end >= 1 << bits - 1 else end for end in known]
    return (values >= min(known)) & (values <= max(known))


def _modality(values: Floats, ds: Dataset, said: Dataset) -> Floats:
    table = first(said.get("ModalityLUTSequence"))
    # There it leads to the intensity of the rays, for measuring (PS3.3 C.8.7.1.1.2).
    measures = ds.get("PixelIntensityRelationship") in ("LOG", "DISP")
    if "LUTData" in table and not (measures and ds.SOPClassUID in _NOT_FOR_DISPLAY):
        return _looked_up(values, table)
    slope = float(said.get("RescaleSlope", 1)) or 1.0
    return values * slope + float(said.get("RescaleIntercept", 0))


def _looked_up(values: Floats, item: Dataset) -> Floats:
    """A table's entries; what lies before it and after it has the first one and the last."""
    count, begin, _ = (int(number) for number in item.LUTDescriptor)
    count = count or 1 << 16
    data = item.LUTData
    if isinstance(data, bytes):
        data = np.frombuffer(data, "<u2" if len(data) >= 2 * count else np.uint8)
    entries = np.atleast_1d(np.asarray(data)).astype(np.int64)[:count] & 0xFFFF
    if begin >= 1 << 15 and values.min() < 0:
        begin -= 1 << 16
    places = (np.rint(values) - begin).clip(0, len(entries) - 1).astype(np.int64)
    return entries[places].astype(np.float64)


def _voi(values: Floats, said: Dataset) -> Floats | None:
    """From 0 to 1 by the first table or the first window; None where there is none that works."""
    table = first(said.get("VOILUTSequence"))
    if "LUTData" in table:
        bits = int(table.LUTDescriptor[2])
        return (_looked_up(values, table) / ((1 << bits) - 1)).clip(0, 1)
    centre, width = (_first_number(said.get(key)) for key in ("WindowCenter", "WindowWidth"))
    if centre is None or width is None or width <= 0:
        return None
    function = str(said.get("VOILUTFunction", "LINEAR")).strip().upper()
    return windowed(values, centre, width, function)


def windowed(values: Floats, centre: float, width: float, function: str = "LINEAR") -> Floats:
    """From 0 to 1 by a window (PS3.3 C.11.2.1.2 and C.11.2.1.3)."""
    if function == "SIGMOID":
        steep = (-4 * (values - centre) / width).clip(-700, 700)
        return np.asarray(1 / (1 + np.exp(steep)))
    # A width below 1 is no LINEAR one, but scanners with fractions write it.
    if function == "LINEAR_EXACT" or width < 1:
        return np.asarray(((values - centre) / width + 0.5).clip(0, 1))
    if width == 1:
        return (values > centre - 0.5).astype(np.float64)
    return np.asarray(((values - (centre - 0.5)) / (width - 1) + 0.5).clip(0, 1))


def _first_number(value: Any) -> float | None:
    if value is None or isinstance(value, str):
        return None
    number = float(value[0] if hasattr(value, "__len__") else value)
    return number if np.isfinite(number) else None


def _stretched(values: Floats, padded: NDArray[np.bool_] | None, stored: NDArray[Any]) -> Floats:
    """From 0 to 1 without a window: between the values that nearly all pixels lie between."""
    if values.shape == stored.shape:
        often = np.ones(values.shape)
    else:
        often = np.bincount(_index(stored).ravel(), minlength=len(values)).astype(np.float64)
    if padded is not None:
        often[padded] = 0
    low, high = _ends(values.ravel(), often.ravel())
    return ((values - low) / (high - low)).clip(0, 1) if high > low else np.zeros(values.shape)


def _ends(values: Floats, often: Floats) -> tuple[float, float]:
    """Between which values nearly all pixels lie, or all where that is a single one."""
    there = np.flatnonzero((often > 0) & np.isfinite(values))
    if not len(there):
        return 0.0, 0.0
    there = there[np.argsort(values[there], kind="stable")]
    share = np.cumsum(often[there])
    places = np.searchsorted(share, [_LOWEST * share[-1], _HIGHEST * share[-1]])
    low, high = (float(values[there[place]]) for place in places)
    return (low, high) if high > low else (float(values[there[0]]), float(values[there[-1]]))
