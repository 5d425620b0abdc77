"""The small words that everything found is said in."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from enum import StrEnum

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


class Side(StrEnum):
    """Which one of a pair is meant; the values are those of DICOM's Laterality."""

    LEFT = "L"
    RIGHT = "R"
    BOTH = "B"


@dataclass(frozen=True, kw_only=True)
class Site(Record):
    """Where in the body something is, or was looked for."""

    anatomy: Concept
    laterality: Side | None = None
    """None where it is not known, or the body has only one."""

    @property
    def says(self) -> str:
        """The site in words, within a sentence: 'left wrist joint'."""
        said = self.anatomy.meaning
        if said[1:2].islower():  # not an abbreviation
            said = said[0].lower() + said[1:]
        if self.laterality is None:
            return said
        return _SIDED[self.laterality].format(said)


_SIDED = {Side.LEFT: "left {}", Side.RIGHT: "right {}", Side.BOTH: "{} on both sides"}


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
