"""What a check of the doctor found."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How a check ended."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One line of the doctor's report."""

    level: Level
    what: str
    """What was checked, in a word or two."""
    told: str
    """What was found, in a sentence."""
    advice: str = ""
    """What to do about it; nothing where all is well."""


def ok(what: str, told: str) -> Finding:
    """All is well."""
    return Finding(level=Level.OK, what=what, told=told)


def warn(what: str, told: str, advice: str) -> Finding:
    """It works, and somebody should know."""
    return Finding(level=Level.WARN, what=what, told=told, advice=advice)


def fail(what: str, told: str, advice: str) -> Finding:
    """It does not work."""
    return Finding(level=Level.FAIL, what=what, told=told, advice=advice)
