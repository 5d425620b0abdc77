"""What size a compressed frame says it has, read before it is unpacked.

A few bytes can claim to unpack to billions of pixels, whatever the header of the image says.
"""

from __future__ import annotations

import struct

from pydicom import Dataset
from pydicom.encaps import get_frame

_SOI = b"\xff\xd8"
_SOC_AND_SIZ = b"\xff\x4f\xff\x51"
_NOT_FRAMES = (0xC4, 0xC8, 0xCC)
"""Markers among those of frames that start something else: tables, or nothing yet."""
_JPEG_LS = 0xF7
_MOST_BOXES = 4096
"""So far into a frame JPEG 2000 is looked for, as some wrap it in the boxes of a file."""


def check_sizes(ds: Dataset, frame: int) -> None:
    """Raise ValueError where a compressed frame has other sizes than its header states."""
    if not ds.file_meta.TransferSyntaxUID.is_encapsulated:
        return
    offsets = (ds.get("ExtendedOffsetTable"), ds.get("ExtendedOffsetTableLengths"))
    data = get_frame(
        ds.PixelData,
        frame - 1,
        number_of_frames=int(ds.get("NumberOfFrames") or 1),
        extended_offsets=offsets if all(offsets) else None,
    )
    size = stated(data)
    if size is not None and size != (int(ds.Rows), int(ds.Columns), int(ds.SamplesPerPixel)):
        raise ValueError("A compressed frame has not the size that the header states.")


def stated(data: bytes) -> tuple[int, int, int] | None:
    """Rows, columns and samples of JPEG, JPEG-LS or JPEG 2000; None where they say none."""
    if data.startswith(_SOI):
        return _of_jpeg(data)
    start = data.find(_SOC_AND_SIZ, 0, _MOST_BOXES)
    if start < 0:
        return None
    width, height, left, top = struct.unpack_from(">4L", data, start + 8)
    (samples,) = struct.unpack_from(">H", data, start + 40)
    return height - top, width - left, samples


def _of_jpeg(data: bytes) -> tuple[int, int, int] | None:
    at = 2
    while at + 10 <= len(data):
        if data[at] != 0xFF:
            return None
        marker = data[at + 1]
        if marker == 0xFF:
            at += 1  # filling
            continue
        if marker == _JPEG_LS or (0xC0 <= marker <= 0xCF and marker not in _NOT_FRAMES):
            rows, columns, samples = struct.unpack_from(">HHB", data, at + 5)
            return (rows, columns, samples) if rows and columns else None
        at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return None
