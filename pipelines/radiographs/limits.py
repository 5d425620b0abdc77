"""What is refused by its size alone, before anything of it is unpacked."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import Any

from pipelines.contract import Instance

MOST_PIXELS = 10**8
"""The largest stitched images of whole legs and spines have a third of it."""
LEAST_SIDE = 32
MOST_FRAMES = 16
"""A capture of several views has a few frames, a run of fluoroscopy many."""
MOST_INFLATED = 2**30
"""So many bytes a deflated file may have once it is unpacked."""
_META_START = 144
"""Preamble, DICM, and the element with the length of the rest of the meta information."""


def why_not_by_size(read: Callable[[str], Any]) -> str | None:
    """Why an image's size or number of frames rules it out, by its header."""
    rows, columns = whole(read("Rows")), whole(read("Columns"))
    if not rows or not columns:
        return "it has no pixels"
    if rows * columns > MOST_PIXELS:
        return f"its stated size of {columns} x {rows} pixels is beyond that of any radiograph"
    if min(rows, columns) < LEAST_SIDE:
        return f"with {columns} x {rows} pixels it is too small to be read"
    frames = whole(read("NumberOfFrames")) or 1
    if frames > MOST_FRAMES:
        return f"it has {frames} frames: a run of images or a stack, not a radiograph"
    if (whole(read("BitsAllocated")) or 8) < 8:
        return "it has only black and white, and no greys"
    if whole(read("SamplesPerPixel")) not in (1, 3, None):
        return "its colours are not red, green and blue"
    return None


def whole(value: Any) -> int | None:
    """A value as a whole number; None where it is none."""
    try:
        return int(value)
    except (TypeError, ValueError, OverflowError):
        return None


def inflates_too_far(instance: Instance) -> bool:
    """Whether unpacking a deflated file would take too much memory; it is read bit by bit."""
    with instance.path.open("rb") as file:
        start = file.read(_META_START)
        file.seek(_META_START + int.from_bytes(start[140:144], "little"))
        unpacking, size = zlib.decompressobj(-zlib.MAX_WBITS), 0
        while not unpacking.eof:
            data = unpacking.unconsumed_tail or file.read(1 << 16)
            size += len(unpacking.decompress(data, 1 << 20))
            if size > MOST_INFLATED:
                return True
            if not data:
                break
    return False
