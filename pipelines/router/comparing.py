"""The tests that one value passes or fails: one of several, like a pattern, within a range."""

from __future__ import annotations

import fnmatch
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Any, Protocol

from pipelines import bodyparts
from pipelines.router.attributes import Kind

_DT = re.compile(r"(\d{4})(\d\d)?(\d\d)?(\d\d)?(\d\d)?(\d\d)?(?:\.(\d{1,6}))?(?:[+-]\d{4})?")
_TM = re.compile(r"(\d\d)(\d\d)?(\d\d)?(?:\.(\d{1,6}))?")
_AS = re.compile(r"(\d{1,3})([DWMY])")
_DAYS = {"D": 1.0, "W": 7.0, "M": 365.25 / 12, "Y": 365.25}


def _text(value: Any) -> str:
    return " ".join(str(value).split()).casefold()


def _number(value: Any) -> int | float:
    number = value if isinstance(value, int) else float(value)
    if isinstance(value, bool) or not math.isfinite(number):
        raise ValueError("not a number")
    return number


def _digits(value: Any) -> str:
    """A date or time without the marks that people put between the numbers."""
    return re.sub(r"(?<=\d)[-:](?=\d\d(?:\D|$))|[T ]", "", str(value).strip())


def _date(value: Any) -> date:
    if isinstance(value, date):
        return value
    text = str(value).strip().replace("-", "").replace(".", "")
    if not re.fullmatch(r"\d{8}", text):
        raise ValueError("not a date")
    return date(int(text[:4]), int(text[4:6]), int(text[6:]))


def _time(value: Any) -> time:
    if isinstance(value, time):
        return value
    match = _TM.fullmatch(_digits(value))
    if match is None:
        raise ValueError("not a time")
    hour, minute, second = (int(part or 0) for part in match.groups()[:3])
    return time(hour, minute, min(second, 59), int((match[4] or "0").ljust(6, "0")))


def _datetime(value: Any) -> datetime:
    """As it is written: an offset from UTC is not applied, since most values have none."""
    if isinstance(value, datetime):
        return value.replace(tzinfo=None)
    match = None if isinstance(value, time) else _DT.fullmatch(_dashless(str(value)))
    if match is None:
        raise ValueError("not a date and time")
    numbers = [
        int(part) if part else least
        for part, least in zip(match.groups()[:6], (1, 1, 1, 0, 0, 0), strict=True)
    ]
    micros = int((match[7] or "0").ljust(6, "0"))
    year, month, day, hour, minute, second = numbers
    return datetime(year, month, day, hour, minute, min(second, 59), micros)  # noqa: DTZ001 - as written


def _dashless(text: str) -> str:
    parts = re.fullmatch(r"(\d{4})-(\d\d)-(\d\d)(.*)", text.strip())
    return _digits("".join(parts.groups()) if parts else text)


def _age(value: Any) -> timedelta:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return timedelta(days=value * _DAYS["Y"])
    match = _AS.fullmatch(str(value).strip().upper())
    if match is None:
        raise ValueError("not an age")
    return timedelta(days=int(match[1]) * _DAYS[match[2]])


def _any(value: Any) -> Any:
    try:
        return _number(value)
    except (TypeError, ValueError):
        return _text(value)


READ: dict[Kind, Callable[[Any], Any]] = {
    Kind.TEXT: _text,
    Kind.UID: _text,
    Kind.NUMBER: _number,
    Kind.DATE: _date,
    Kind.TIME: _time,
    Kind.DATETIME: _datetime,
    Kind.AGE: _age,
    Kind.BODY_PART: bodyparts.region,
    Kind.ANY: _any,
}
"""How a value of each kind is made comparable; a ValueError where it is none."""


class Test(Protocol):
    """Something that a single value passes or fails."""

    def passes(self, value: Any) -> bool:
        """Whether the value passes; a ValueError where it cannot be understood."""

    def says(self, *, negated: bool) -> str:
        """The test in words, to follow the name of the attribute."""


@dataclass(frozen=True, kw_only=True)
class Equal:
    """The value is this one."""

    kind: Kind
    wanted: Any
    shown: str

    def passes(self, value: Any) -> bool:
        """Whether the value is this one, or for body parts, lies in this one."""
        if self.kind is Kind.BODY_PART:
            return self.wanted in bodyparts.regions_of(value)
        return _same(READ[self.kind](value), self.wanted)

    def says(self, *, negated: bool) -> str:
        """The test in words."""
        return f"is {'not ' if negated else ''}{self.shown}"


def _same(found: Any, wanted: Any) -> bool:
    if isinstance(found, float) and isinstance(wanted, int | float):
        # 0.1 as a 32-bit float is not quite 0.1, and means it.
        return math.isclose(found, wanted, rel_tol=1e-6)
    return bool(found == wanted)


@dataclass(frozen=True, kw_only=True)
class Like:
    """The value looks like a pattern with * ? and [ ]."""

    pattern: str

    def passes(self, value: Any) -> bool:
        """Whether the whole value looks like the pattern, capital letters or not."""
        return _regex(self.pattern).fullmatch(_text(value)) is not None

    def says(self, *, negated: bool) -> str:
        """The test in words."""
        return f'is {"not " if negated else ""}like "{self.pattern}"'


@lru_cache(maxsize=1024)
def _regex(pattern: str) -> re.Pattern[str]:
    return re.compile(fnmatch.translate(_text(pattern)))


@dataclass(frozen=True, kw_only=True)
class OneOf:
    """The value passes one of several tests."""

    tests: tuple[Equal | Like, ...]

    def passes(self, value: Any) -> bool:
        """Whether one of the tests is passed."""
        return any(test.passes(value) for test in self.tests)

    def says(self, *, negated: bool) -> str:
        """The test in words."""
        words = [test.says(negated=False).removeprefix("is ") for test in self.tests]
        return f"is {'not ' if negated else ''}" + " or ".join(
            [", ".join(words[:-1]), words[-1]] if words[1:] else words
        )


@dataclass(frozen=True, kw_only=True)
class Within:
    """The value is not under one bound and not over another, where they are given."""

    kind: Kind
    low: Any
    high: Any
    shown: tuple[str, str]

    def passes(self, value: Any) -> bool:
        """Whether the value lies within, the bounds themselves included."""
        found = READ[self.kind](value)
        if self.kind is Kind.ANY:
            found = _number(found)  # nothing else has an order when nobody knows the kind
        return (self.low is None or found >= self.low) and (self.high is None or found <= self.high)

    def says(self, *, negated: bool) -> str:
        """The test in words."""
        low, high = self.shown
        never = "not " if negated else ""
        if self.high is None:
            return f"is {never}at least {low}"
        if self.low is None:
            return f"is {never}at most {high}"
        return f"is {never}from {low} to {high}"
