"""What is refused by its size alone, before anything of it is unpacked."""

from __future__ import annotations

from pipelines.stored import Read, unreadable, whole

MOST_PIXELS = 10**8
"""The largest stitched images of whole legs and spines have a third of it."""
LEAST_SIDE = 32
MOST_FRAMES = 16
"""A capture of several views has a few frames, a run of fluoroscopy many."""


def why_not_by_size(read: Read) -> str | None:
    """Why an image's size or number of frames rules it out, by its header."""
    frames = whole(read("NumberOfFrames")) or 1
    if frames > MOST_FRAMES:
        return f"it has {frames} frames: a run of images or a stack, not a radiograph"
    return unreadable(read, "radiograph", MOST_PIXELS, LEAST_SIDE)
