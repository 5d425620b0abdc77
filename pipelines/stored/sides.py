"""Which side of the body an image shows, by its header."""

from __future__ import annotations

from pydicom import Dataset

from pipelines.display import first, value
from pipelines.stored.headers import line

KEYWORDS = ("FrameLaterality", "ImageLaterality", "Laterality", "AnatomicRegionSequence")
"""All that is looked at here."""
_SIDES = frozenset("LRB")
_SIDE_CODES = {
    "7771000": "L",
    "24028007": "R",
    "51440002": "B",
    "G-A101": "L",
    "G-A100": "R",
    "G-A102": "B",
}
"""In SNOMED CT and in the codes that it had in DICOM before."""


def side(said: Dataset) -> tuple[str, bool]:
    """The side by what speaks most closely of the frame; and whether others say the opposite.

    Where left stands against right nothing is known.
    """
    region = first(said.get("AnatomicRegionSequence"))
    modifier = first(value(region, "AnatomicRegionModifierSequence"))
    told = [line(said.get(key)) for key in ("FrameLaterality", "ImageLaterality", "Laterality")]
    told.append(_SIDE_CODES.get(line(value(modifier, "CodeValue")), ""))
    known = [letter.upper() for letter in told if letter.upper() in _SIDES]
    if {"L", "R"} <= set(known):
        return "", True
    return (known[0] if known else ""), False
