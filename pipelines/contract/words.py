"""The small words that everything found is said in."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from pipelines.contract.records import Record, in_order


def is_line(text: str) -> bool:
    """Whether a text is a line that says something; a backslash would make two values of it."""
    controls = any(unicodedata.category(character) == "Cc" for character in text)
    return bool(text.strip()) and not controls and "\\" not in text


@dataclass(frozen=True, kw_only=True)
class Concept(Record):
    """A coded word: its value, the scheme it is from (DCM, SCT, ...) and what it means."""

    value: str
    scheme: str
    meaning: str

    def __post_init__(self) -> None:
        super().__post_init__()
        in_order(
            all(map(is_line, (self.value, self.scheme, self.meaning))),
            "a concept has a value, a scheme and a meaning, each of one line, without backslash",
        )
        in_order(len(self.scheme) <= 16, "a coding scheme has at most 16 characters")
        in_order(len(self.meaning) <= 64, "a meaning has at most 64 characters")


@dataclass(frozen=True, kw_only=True)
class Reference(Record):
    """The exact source instance, and frame where one is meant, that a statement is about."""

    SOPClassUID: str
    SOPInstanceUID: str
    frame: int | None = None
    """Counted from 1, as DICOM does; None for a single-frame image, or for all of it."""

    def __post_init__(self) -> None:
        super().__post_init__()
        in_order(self.frame is None or self.frame >= 1, "frames are counted from 1")
