"""Stored images as pipelines read their attributes, whatever they show.

What is broken counts as missing, or the image is refused with a reason; nothing else is raised.
`opened` gives frames of long runs one at a time, without the others in memory.
"""

from pipelines.stored.frames import Frames, opened
from pipelines.stored.headers import (
    CUT_OFF,
    NOT_DICOM,
    Read,
    check_packing,
    dataset,
    line,
    many,
    quiet,
    refused,
    values,
    whole,
)
from pipelines.stored.limits import unreadable
from pipelines.stored.refusing import nothing, refusals, verdict
from pipelines.stored.sides import side

__all__ = [
    "CUT_OFF",
    "NOT_DICOM",
    "Frames",
    "Read",
    "check_packing",
    "dataset",
    "line",
    "many",
    "nothing",
    "opened",
    "quiet",
    "refusals",
    "refused",
    "side",
    "unreadable",
    "values",
    "verdict",
    "whole",
]
