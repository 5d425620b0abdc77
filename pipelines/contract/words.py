"""The small words that everything found is said in."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import Any


def in_order(holds: bool, rule: str) -> None:
    """Raise ValueError where a rule of the contract does not hold: a bug of the pipeline."""
    if not holds:
        raise ValueError(f"The contract for findings says: {rule}.")


def is_line(text: str) -> bool:
    """Whether a text is a line that says something; a backslash would make two values of it."""
    controls = any(unicodedata.category(character) == "Cc" for character in text)
    return bool(text.strip()) and not controls and "\\" not in text


def python_number(value: Any) -> Any:
    """A number as Python's own, so that JSON holds it: arrays give numbers of another make."""
    return value if value is None or isinstance(value, int | float) else float(value)


@dataclass(frozen=True, kw_only=True)
class Concept:
    """A coded word: its value, the scheme it is from (DCM, SCT, ...) and what it means."""

    value: str
    scheme: str
    meaning: str

    def __post_init__(self) -> None:
        in_order(
            all(map(is_line, (self.value, self.scheme, self.meaning))),
            "a concept has a value, a scheme and a meaning, each of one line, without backslash",
        )
        in_order(len(self.scheme) <= 16, "a coding scheme has at most 16 characters")
        in_order(len(self.meaning) <= 64, "a meaning has at most 64 characters")


@dataclass(frozen=True, kw_only=True)
class Reference:
    """The exact source instance, and frame where one is meant, that a statement is about."""

    SOPClassUID: str
    SOPInstanceUID: str
    frame: int | None = None
    """Counted from 1, as DICOM does; None for a single-frame image, or for all of it."""

    def __post_init__(self) -> None:
        in_order(self.frame is None or self.frame >= 1, "frames are counted from 1")
