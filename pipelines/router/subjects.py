"""What conditions are tested on: an instance, a series or the whole study, and its values."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydicom import Dataset
from pydicom.valuerep import PersonName

from pipelines.contract import Instance, Series, Study
from pipelines.malformed import MALFORMED
from pipelines.router.attributes import Attribute, Kind
from pipelines.router.evidence import Reader, body_parts

UNREADABLE = (OSError, RecursionError, zlib.error, *MALFORMED)
"""What reading an attribute of a broken file raises; anything else is a bug of ours."""

_SHOWN, _LENGTH = 5, 64


@dataclass(frozen=True, eq=False)
class Found:
    """The distinct values of an attribute over a subject; one object for the same values."""

    values: tuple[Any, ...] = ()
    wholes: tuple[str, ...] = ()
    """Each multiple value in one piece, its parts joined by backslashes."""
    shown: tuple[str, ...] = ()
    """The values as an explanation may show them."""
    note: str = ""
    error: str = ""


@dataclass(frozen=True, eq=False)
class Subject:
    """What one answer is given for: everything in it is taken together."""

    series: tuple[Series, ...]
    instances: tuple[tuple[Series, Instance], ...]


class Subjects:
    """The subjects of a study at one level, and what is found in them, read once."""

    def __init__(self, study: Study, level: str) -> None:
        self.study = study
        self.subjects = _at(study, level)
        headers = [set(instance.header) for instance in study.instances]
        self._index = _IN_THE_INDEX.union(set.intersection(*headers) if headers else ())
        self._columns: dict[str, list[Found | None]] = {}
        self._same: dict[Any, Found] = {}

    def indexed(self, attribute: Attribute) -> bool:
        """Whether the index has the attribute, so that no file need be read for it."""
        return attribute.path[0] in self._index

    def found(self, attribute: Attribute, numbers: Iterable[int]) -> list[Found]:
        """What each of these subjects has of an attribute."""
        name = str(attribute)
        column = self._columns.setdefault(name, [None] * len(self.subjects))
        return [column[number] or self._fill(column, attribute, number) for number in numbers]

    def _fill(self, column: list[Found | None], attribute: Attribute, number: int) -> Found:
        found = self._find(attribute, self.subjects[number])
        # By what is written, not by what is equal: 1 and True and 1.0 are not the same.
        key = (attribute, repr(found.values), found.wholes, found.note, found.error)
        found = column[number] = self._same.setdefault(key, found)
        return found

    def _find(self, attribute: Attribute, subject: Subject) -> Found:
        if attribute.kind is Kind.BODY_PART:
            try:
                return _body_parts(subject)
            except UNREADABLE as error:
                return Found(error=_told(error))
        raw, problem = self._raw(attribute.path, subject)
        values = tuple(dict.fromkeys(part for item in raw for part in item))
        return Found(
            error=problem,
            values=values,
            wholes=tuple("\\".join(map(str, item)) for item in raw),
            shown=_shown(attribute, values),
        )

    def _raw(self, path: tuple[str, ...], subject: Subject) -> tuple[list[tuple[Any, ...]], str]:
        """The distinct values that can be read, and why another cannot."""
        raw: dict[tuple[Any, ...], None] = {}
        problem = ""
        for series, instance in subject.instances:
            try:
                value = _value(self.study, series, instance, path[0])
                raw |= dict.fromkeys(_walk(value, path[1:]))
            except UNREADABLE as error:
                problem = _told(error)
        return list(raw), problem


def _told(error: Exception) -> str:
    return f"cannot be read ({type(error).__name__})"  # its text may quote a value


_IN_THE_INDEX = frozenset(
    ("SOPClassUID", "SOPInstanceUID", "TransferSyntaxUID", "SeriesInstanceUID", "StudyInstanceUID")
)


def _at(study: Study, level: str) -> list[Subject]:
    """The subjects of a study at a level; none where it has no instances."""
    parts = [
        Subject((series,), tuple((series, instance) for instance in series.instances))
        for series in study.series
        if series.instances
    ]
    if level == "instance":
        return [Subject(part.series, (pair,)) for part in parts for pair in part.instances]
    if level == "study" and parts:
        pairs = tuple(pair for part in parts for pair in part.instances)
        return [Subject(tuple(part.series[0] for part in parts), pairs)]
    return parts


def _body_parts(subject: Subject) -> Found:
    """The body parts of a subject, each of its series by the best evidence it has."""
    by_series: dict[str, list[Instance]] = {}
    for series, instance in subject.instances:
        by_series.setdefault(series.SeriesInstanceUID, []).append(instance)
    founds = [
        body_parts(_reader(by_series[series.SeriesInstanceUID], series.instances[0]))
        for series in subject.series
    ]
    names = tuple(dict.fromkeys(name for names, _ in founds for name in names))
    notes = dict.fromkeys(note for _, note in founds if note)
    return Found(values=names, wholes=names, shown=names[:_SHOWN], note="; ".join(notes))


def _reader(instances: list[Instance], first: Instance) -> Reader:
    """How the values of a keyword over instances of one series are read.

    Where the index does not have it, the first of the series speaks for all: the body part is
    that of the series, and a file each would be a high price for what is the same in them all.
    """

    def read(keyword: str) -> Iterable[Any]:
        having = [item for item in instances if keyword in item.header] or [first]
        raw = [item.value(keyword) for item in having]
        parts = (part for value in raw for part in (value if _is_many(value) else (value,)))
        return [part for part in parts if not _is_empty(part)]

    return read


def _value(study: Study, series: Series, instance: Instance, name: str) -> Any:
    """The value of one attribute, from the index where it is there."""
    if name == "StudyInstanceUID":
        return study.StudyInstanceUID
    if name == "SeriesInstanceUID":
        return series.SeriesInstanceUID
    if name in _IN_THE_INDEX:
        return getattr(instance, name)
    if name in instance.header or not _is_number(name):
        return instance.value(name)
    return _of_dataset(instance.dataset, name)


def _is_number(name: str) -> bool:
    return len(name) == 8 and all(digit in "0123456789ABCDEF" for digit in name)


def _of_dataset(ds: Dataset, name: str) -> Any:
    if not _is_number(name):
        return ds.get(name)
    tag = int(name, 16)
    if tag not in ds:
        return None
    value = ds[tag].value
    # A private element of unknown VR is bytes, and most of them are text.
    return value.decode("ascii", "replace").strip("\0 ") if isinstance(value, bytes) else value


def _walk(value: Any, rest: tuple[str, ...]) -> Iterator[tuple[Any, ...]]:
    """The values at the end of a path, each with its parts; the empty ones left out."""
    if not rest:
        parts = value if _is_many(value) else (value,)
        filled = tuple(part for part in parts if not _is_empty(part))
        if filled:
            yield tuple(_plain(part) for part in filled)
        return
    for item in value if _is_many(value) else ():
        inner = item.get(rest[0]) if isinstance(item, Mapping) else _of_dataset(item, rest[0])
        yield from _walk(inner, rest[1:])


def _is_many(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str | bytes | PersonName)


def _is_empty(value: Any) -> bool:
    return value is None or (isinstance(value, str | bytes | PersonName) and not str(value).strip())


def _plain(value: Any) -> Any:
    """A value that can be compared and kept; of a sequence's item only that it is there."""
    return "an item" if isinstance(value, Dataset | Mapping) else value


def _shown(attribute: Attribute, values: tuple[Any, ...]) -> tuple[str, ...]:
    if not values:
        return ()
    secret = attribute.identifying or any(isinstance(value, PersonName) for value in values)
    # Nobody knows what a private text says; numbers are what private conditions are about.
    private = attribute.kind is Kind.ANY and any(isinstance(value, str) for value in values)
    if secret or private or attribute.kind in (Kind.BYTES, Kind.SEQUENCE):
        return ("present",)
    return tuple(str(value)[:_LENGTH] for value in values[:_SHOWN])
