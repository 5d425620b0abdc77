"""What conditions are tested on: an instance, a series or the whole study, and its values."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydicom import Dataset
from pydicom.errors import InvalidDicomError
from pydicom.valuerep import PersonName

from pipelines.contract import Instance, Series, Study
from pipelines.router.attributes import Attribute, Kind
from pipelines.router.evidence import body_parts

UNREADABLE = (
    ArithmeticError,
    AttributeError,
    EOFError,
    InvalidDicomError,
    LookupError,
    NotImplementedError,
    OSError,
    RecursionError,
    TypeError,
    ValueError,
    struct.error,
    zlib.error,
)
"""What reading an attribute of a broken file raises; anything else is a bug of ours."""

_SHOWN, _LENGTH = 5, 64


@dataclass(frozen=True, eq=False)
class Found:
    """The distinct values of an attribute over a subject."""

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

    study: Study
    series: tuple[Series, ...]
    instances: tuple[tuple[Series, Instance], ...]
    known: dict[tuple[str, ...], Found]

    def found(self, attribute: Attribute) -> Found:
        """The distinct values over the instances, read once."""
        found = self.known.get(attribute.path)
        if found is None:
            found = self.known[attribute.path] = self._find(attribute)
        return found

    def indexed(self, attribute: Attribute) -> bool:
        """Whether the index has the attribute, so that no file has to be read for it."""
        _, first = self.instances[0]
        return attribute.path[0] in first.header or attribute.path[0] in _IN_THE_INDEX

    def _find(self, attribute: Attribute) -> Found:
        try:
            if attribute.kind is Kind.BODY_PART:
                return self._body_parts()
            raw = list(dict.fromkeys(self._raw(attribute.path)))
        except UNREADABLE as error:
            return Found(error=f"cannot be read ({type(error).__name__})")
        values = tuple(dict.fromkeys(part for item in raw for part in item))
        return Found(
            values=values,
            wholes=tuple("\\".join(map(str, item)) for item in raw),
            shown=_shown(attribute, values),
        )

    def _raw(self, path: tuple[str, ...]) -> Iterator[tuple[Any, ...]]:
        for series, instance in self.instances:
            yield from _walk(_value(self.study, series, instance, path[0]), path[1:])

    def _body_parts(self) -> Found:
        founds = [body_parts(_reader(series, own)) for series, own in self._by_series()]
        names = tuple(dict.fromkeys(name for names, _ in founds for name in names))
        notes = dict.fromkeys(note for _, note in founds)
        return Found(values=names, wholes=names, shown=names[:_SHOWN], note="; ".join(notes))

    def _by_series(self) -> Iterator[tuple[Series, list[Instance]]]:
        for series in self.series:
            own = [instance for of, instance in self.instances if of is series]
            if own:
                yield series, own


_IN_THE_INDEX = frozenset(
    ("SOPClassUID", "SOPInstanceUID", "TransferSyntaxUID", "SeriesInstanceUID", "StudyInstanceUID")
)


def subjects(study: Study, level: str) -> list[Subject]:
    """The subjects of a study at a level; none where it has no instances."""
    pairs = [(series, instance) for series in study.series for instance in series.instances]
    if level == "instance":
        return [Subject(study, (pair[0],), (pair,), {}) for pair in pairs]
    if level == "series":
        parts = [
            (series, tuple((series, instance) for instance in series.instances))
            for series in study.series
        ]
        return [Subject(study, (series,), own, {}) for series, own in parts if own]
    return [Subject(study, study.series, tuple(pairs), {})] if pairs else []


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


def _reader(series: Series, instances: list[Instance]) -> Any:
    """How the distinct values of a keyword over the instances of one series are read.

    Where the index does not have it, the first instance speaks for all: the body part is that
    of the series, and a file each would be a high price for what is the same in all of them.
    """

    def read(keyword: str) -> Iterable[Any]:
        having = [item for item in instances if keyword in item.header] or instances[:1]
        raw = [item.value(keyword) for item in having]
        parts = (part for value in raw for part in (value if _is_many(value) else (value,)))
        filled = [part for part in parts if not _is_empty(part)]
        return filled if any(isinstance(x, Mapping | Dataset) for x in filled) else dict.fromkeys(filled)

    return read
