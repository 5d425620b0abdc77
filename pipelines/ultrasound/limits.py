"""What is refused by its size alone, before anything of it is unpacked."""

from __future__ import annotations

from pipelines.stored import Read, whole

MOST_PIXELS = 10**7
"""The largest screens of scanners have half of it."""
LEAST_SIDE = 100
"""With fewer pixels a nodule of a centimetre is a handful of them."""
MOST_FRAMES = 100_000
"""An hour at 25 frames a second; loops have a few hundred."""


def why_not_by_size(read: Read) -> str | None:
    """Why an image's size or number of frames rules it out, by its header."""
    rows, columns = whole(read("Rows")), whole(read("Columns"))
    if not rows or not columns or min(rows, columns) < 0:
        return "it has no pixels"
    if rows * columns > MOST_PIXELS:
        return f"its stated size of {columns} x {rows} pixels is beyond that of any ultrasound"
    if min(rows, columns) < LEAST_SIDE:
        return f"with {columns} x {rows} pixels it is too small to be read"
    frames = whole(read("NumberOfFrames")) or 1
    if frames > MOST_FRAMES:
        return f"its stated number of {frames} frames is beyond that of any loop"
    if (whole(read("BitsAllocated")) or 8) < 8:
        return "it has only black and white, and no greys"
    if whole(read("SamplesPerPixel")) not in (1, 3, None):
        return "its colours are not red, green and blue"
    return None
