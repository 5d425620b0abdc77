"""From stored values to the greys of a screen: the steps of PS3.4 N.2."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from pydicom import Dataset
from pydicom.uid import XRayAngiographicImageStorage, XRayRadiofluoroscopicImageStorage

from pipelines.display.errors import NotShown
from pipelines.display.frames import first

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]

_LOWEST, _HIGHEST = 0.005, 0.995
"""Without a window, so much of the pixels is shown in grey; the rest is black and white."""
SAID = (
    "WindowCenter",
    "WindowWidth",
    "VOILUTFunction",
    "VOILUTSequence",
    "ModalityLUTSequence",
    "RescaleIntercept",
    "RescaleSlope",
)
"""What decides on greys, and may be said frame by frame."""
_STRIP = 16
"""So many rows are looked up at once."""
Entry = TypeVar("Entry", np.uint8, np.bool_)
_NOT_FOR_DISPLAY = (XRayAngiographicImageStorage, XRayRadiofluoroscopicImageStorage)


def greyed(
    stored: NDArray[Any], ds: Dataset, said: Dataset
) -> tuple[NDArray[np.uint8], Bools | None]:
    """Grey from black to white, and which pixels are padding; None where the image has none.

    Whole numbers of few bits are each looked up once, in a table.
    """
    codes = codes_of(stored, ds)
    plain = stored.astype(np.float64) if codes is None else codes.astype(np.float64)
    padded = _padding(plain, ds)
    with np.errstate(over="ignore", invalid="ignore"):
        shades = _shades(plain, padded, stored, ds, said)
    if padded is not None:
        shades[padded] = 0
    grey: NDArray[np.uint8] = np.floor(shades * 255 + 0.5).astype(np.uint8)
    if codes is None:
        return grey, padded
    places = index(stored)
    return looked_up(grey, places), None if padded is None else looked_up(padded, places)


def looked_up(table: NDArray[Entry], places: NDArray[Any]) -> NDArray[Entry]:
    """The table's entry for each place; by strips, as numpy makes 8 bytes of every place."""
    found = np.empty(places.shape, table.dtype)
    for row in range(0, len(places), _STRIP):
        strip = slice(row, row + _STRIP)
        np.take(table, places[strip], out=found[strip], mode="wrap")
    return found


def _shades(
    plain: Floats, padded: Bools | None, stored: NDArray[Any], ds: Dataset, said: Dataset
) -> Floats:
    """From 0, which is black, to 1."""
    values = _modality(plain, ds, said)
    shades = _voi(values, said)
    if shades is None and int(ds.BitsStored) <= 8 and np.array_equal(plain, values):
        lowest = plain.min() if ds.get("PixelRepresentation") == 1 else 0
        shades = (plain - lowest) / ((1 << int(ds.BitsStored)) - 1)
    if shades is None:
        shades = _stretched(values, padded, stored)
    if ds.PhotometricInterpretation == "MONOCHROME1" or ds.get("PresentationLUTShape") == "INVERSE":
        shades = 1 - shades
    # Floating point pixels may be no numbers.
    return np.nan_to_num(shades, copy=False)


def index(stored: NDArray[Any]) -> NDArray[Any]:
    """Where in the list of `codes_of` each pixel's value is."""
    return stored.view(f"u{stored.itemsize}")


def codes_of(stored: NDArray[Any], ds: Dataset) -> NDArray[np.int64] | None:
    """The stored value for each content of a pixel's 8 or 16 bits; None for wider pixels.

    Bits above those stored may hold anything, an old kind of overlay for example.
    """
    if stored.dtype.kind not in "iu" or stored.itemsize > 2:
        return None
    every = np.arange(1 << 8 * stored.itemsize)
    bits = min(int(ds.BitsStored), 8 * stored.itemsize)
    high = ds.get("HighBit")
    codes = every >> max(0, (bits - 1 if high is None else int(high)) + 1 - bits) & (1 << bits) - 1
    if ds.get("PixelRepresentation") == 1:
        codes -= (codes >> bits - 1) << bits
    return codes


def _padding(values: Floats, ds: Dataset) -> Bools | None:
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
        return _looked_up(values, table)[0]
    slope = _first_number(said.get("RescaleSlope")) or 1.0
    return values * slope + (_first_number(said.get("RescaleIntercept")) or 0.0)


def _looked_up(values: Floats, item: Dataset) -> tuple[Floats, int]:
    """A table's entries, and in how many bits they are.

    What lies before the table and after it has its first entry and its last.
    """
    try:
        count, begin, bits = (int(number) for number in item.LUTDescriptor)
    except (AttributeError, TypeError, ValueError) as error:
        raise NotShown("a table of the image's greys cannot be read") from error
    count = count or 1 << 16
    data = item.LUTData
    if isinstance(data, bytes):
        words = ">u2" if item.original_encoding[1] is False else "<u2"
        data = np.frombuffer(data, words if len(data) >= 2 * count else np.uint8)
    entries = np.atleast_1d(np.asarray(data)).astype(np.int64)[:count] & 0xFFFF
    if not len(entries):
        raise NotShown("a table of the image's greys is empty")
    if begin >= 1 << 15 and values.min() < 0:
        begin -= 1 << 16
    places = (np.rint(values) - begin).clip(0, len(entries) - 1).astype(np.int64)
    return entries[places].astype(np.float64), bits if 1 <= bits <= 16 else 16


def _voi(values: Floats, said: Dataset) -> Floats | None:
    """From 0 to 1 by the first table or the first window; None where there is none that works."""
    table = first(said.get("VOILUTSequence"))
    if "LUTData" in table:
        entries, bits = _looked_up(values, table)
        return (entries / ((1 << bits) - 1)).clip(0, 1)
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


def _stretched(values: Floats, padded: Bools | None, stored: NDArray[Any]) -> Floats:
    """From 0 to 1 without a window: between the values that nearly all pixels lie between."""
    if values.shape == stored.shape:
        often = np.ones(values.shape)
    else:
        often = np.bincount(index(stored).ravel(), minlength=len(values)).astype(np.float64)
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
