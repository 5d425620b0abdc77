"""On what evidence a body part is known: what the modality says, a code, or a description."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from pipelines import bodyparts
from pipelines.router.attributes import BODY_PART

REGION = "AnatomicRegionSequence"
DESCRIPTIONS = (
    "SeriesDescription",
    "ProtocolName",
    "StudyDescription",
    "PerformedProcedureStepDescription",
    "RequestedProcedureDescription",
)
KEYWORDS = frozenset({BODY_PART, REGION, *DESCRIPTIONS})
"""All that may be looked at to know a body part."""

Reader = Callable[[str], Iterable[Any]]


def body_parts(read: Reader) -> tuple[tuple[str, ...], str]:
    """The regions, and in words the evidence; the best evidence there is, and only that.

    Descriptions count only where neither BodyPartExamined nor a code says anything.
    """
    stated = dict.fromkeys(str(value) for value in read(BODY_PART))
    names = bodyparts.joined(name for value in stated for name in bodyparts.named(value))
    if names:
        different = [value for value in stated if value.strip().upper() not in names]
        return names, f"BodyPartExamined says {_listed(different)}" if different else ""
    names = bodyparts.joined(name for item in read(REGION) for name in _coded(item))
    if names:
        return names, f"by the code in {REGION}"
    for keyword in DESCRIPTIONS:
        texts = dict.fromkeys(str(text) for text in read(keyword))
        found = [pair for text in texts for pair in bodyparts.find(text)]
        if found:
            said = dict.fromkeys(word.rstrip("*") for _, word in found)
            return bodyparts.joined(name for name, _ in found), f"{keyword} has {_listed(said)}"
    return (), "no attribute and no description names a body part"


def _coded(item: Any) -> tuple[str, ...]:
    """The regions of one item of the sequence."""
    scheme, value, meaning = (
        str(item.get(keyword) or "")
        for keyword in ("CodingSchemeDesignator", "CodeValue", "CodeMeaning")
    )
    return bodyparts.coded(scheme, value, meaning)


def _listed(words: Iterable[str]) -> str:
    return " and ".join(f'"{word}"' for word in list(words)[:3])
