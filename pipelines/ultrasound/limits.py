"""What is refused by its size alone, before anything of it is unpacked."""

from __future__ import annotations

from pipelines.stored import Read, unreadable, whole

MOST_PIXELS = 10**7
"""The largest screens of scanners have half of it."""
LEAST_SIDE = 100
"""With fewer pixels a nodule of a centimetre is a handful of them."""
MOST_FRAMES = 100_000
"""An hour at 25 frames a second; loops have a few hundred."""


def why_not_by_size(read: Read) -> str | None:
    """Why an image's size or number of frames rules it out, by its header."""
    frames = whole(read("NumberOfFrames")) or 1
    if frames > MOST_FRAMES:
        return f"its stated number of {frames} frames is beyond that of any loop"
    return unreadable(read, "ultrasound", MOST_PIXELS, LEAST_SIDE)
