"""What is refused by its size alone, before anything of it is unpacked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pipelines.stored import whole

MOST_PIXELS = 10**8
"""The largest stitched images of whole legs and spines have a third of it."""
LEAST_SIDE = 32
MOST_FRAMES = 16
"""A capture of several views has a few frames, a run of fluoroscopy many."""


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
