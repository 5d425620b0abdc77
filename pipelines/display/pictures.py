"""A frame as a viewer shows it: decoded, and brought to the colours or greys of a screen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from pydicom import Dataset
from pydicom.pixels.processing import apply_color_lut
from pydicom.pixels.utils import pixel_array

from pipelines.display.codestreams import check_sizes
from pipelines.display.errors import NotShown
from pipelines.display.frames import described
from pipelines.display.greys import SAID, codes_of, greyed, index
from pipelines.malformed import MALFORMED, is_panic

if TYPE_CHECKING:
    from numpy.typing import NDArray

_UNDECODED = "the image's pixels cannot be decoded"


def shown(ds: Dataset, frame: int) -> NDArray[np.uint8]:
    """The frame in red, green and blue: rows, columns, 3; the array is the caller's to write to.

    Frames are counted from 1. Raises `NotShown` where there are no pixels that can be decoded.
    """
    stored = _decoded(ds, frame)
    if stored.ndim == 3:
        return _colour(stored, ds)
    if ds.PhotometricInterpretation == "PALETTE COLOR":
        return _palette(stored, ds)
    grey, _ = greyed(stored, ds, described(ds, frame, SAID))
    picture = np.empty((*grey.shape, 3), np.uint8)
    for channel in range(3):
        picture[..., channel] = grey
    return picture


def grey(ds: Dataset, frame: int) -> NDArray[np.uint8]:
    """The frame of a grey image from black to white: rows, columns.

    Raises `NotShown` where it has colours, or no pixels that can be decoded.
    """
    return grey_and_padding(ds, frame)[0]


def grey_and_padding(ds: Dataset, frame: int) -> tuple[NDArray[np.uint8], NDArray[np.bool_] | None]:
    """The frame of a grey image, and which pixels stand for nothing; None if the image has none."""
    if not str(ds.get("PhotometricInterpretation", "")).startswith("MONOCHROME"):
        raise NotShown("the image is not a grey one")
    stored = _decoded(ds, frame)
    if stored.ndim != 2:
        raise NotShown("the image is not a grey one")
    return greyed(stored, ds, described(ds, frame, SAID))


def _decoded(ds: Dataset, frame: int) -> NDArray[Any]:
    """One frame's stored values; colour is RGB already."""
    try:
        check_sizes(ds, frame)
        # What bits mean is looked up for each content of a narrow pixel, wherever they lie in it.
        wide = int(ds.BitsAllocated) > 16
        # How colours lie in a compressed frame is its own affair (PS3.5 8.2); decoders obey this.
        packed = ds.file_meta.TransferSyntaxUID.is_encapsulated
        planes: dict[str, Any] = {"planar_configuration": 0} if packed else {}
        stored: NDArray[Any] = pixel_array(ds, index=frame - 1, correct_unused_bits=wide, **planes)
    except MALFORMED as error:
        raise NotShown(_UNDECODED) from error
    except BaseException as error:
        if not is_panic(error):
            raise
        raise NotShown(_UNDECODED) from error
    if stored.ndim == 3 and stored.shape[-1] != 3:
        raise NotShown("the image has colours that are not red, green and blue")
    # Those of a big endian file come with their bytes the other way round.
    return stored.astype(stored.dtype.newbyteorder("="), copy=False)


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
    codes = codes_of(stored, ds)
    if codes is None:
        raise NotShown("the image's colours cannot be looked up")
    try:
        count, begin, _ = ds.RedPaletteColorLookupTableDescriptor
        # pydicom counts the entries in as few bits as they have themselves: keep within them.
        values = codes.clip(begin, begin + (count or 1 << 16) - 1)
        colours = apply_color_lut(values, ds)[:, :3]
    except MALFORMED as error:
        raise NotShown("the image's palette cannot be read") from error
    if colours.dtype == np.uint16:
        colours = colours >> 8
    return np.ascontiguousarray(colours.astype(np.uint8)[index(stored)])
