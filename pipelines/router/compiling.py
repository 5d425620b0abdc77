"""From the conditions as they are written to conditions that can be asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, time
from typing import Any

from pipelines.router.attributes import Attribute, Kind, parse
from pipelines.router.comparing import READ, Equal, Like, OneOf, Within
from pipelines.router.conditions import Condition, Leaf, Not, Several
from pipelines.router.errors import Wrong

_GLOB = frozenset("*?[")
_SCALARS = str | int | float | date | time
_WANTED = {
    Kind.TEXT: "text",
    Kind.UID: "a UID, such as 1.2.840.10008.5.1.4.1.1.2, or a pattern of one",
    Kind.NUMBER: "a number",
    Kind.DATE: 'a date, such as "2024-01-31" or "20240131"',
    Kind.TIME: 'a time, such as "08:30" or "083000"',
    Kind.DATETIME: 'a date and time, such as "2024-01-31 08:30" or "202401310830"',
    Kind.AGE: 'an age: a number of years, or "006M", "10W", "3D", "018Y"',
    Kind.BODY_PART: "one body part",
    Kind.ANY: "text or a number",
}


class At(Exception):
    """What is wrong and where in the route; the outermost caller adds the route's name."""

    def __init__(self, where: str, wrong: Wrong) -> None:
        self.where, self.wrong = where, wrong
        super().__init__(where)


def compile_table(table: Any, where: str) -> Condition:
    """The condition that all of a table's entries hold."""
    if not isinstance(table, Mapping):
        raise At(where, Wrong(f"is {_kind_of(table)}", "a table of conditions"))
    if not table:
        raise At(where, Wrong("is an empty table", "at least one condition"))
    return _several([_entry(name, value, f"{where}.{name}") for name, value in table.items()])


def _entry(name: str, value: Any, where: str) -> Condition:
    if name in ("any", "all"):
        return _connective(name, value, where, compile_table)
    if name == "not":
        return _negated(compile_table(value, where))
    try:
        attribute = parse(name)
    except Wrong as wrong:
        raise At(where, wrong) from None
    return _value(attribute, value, where)


def _connective(
    name: str, value: Any, where: str, compiled: Callable[[Any, str], Condition]
) -> Condition:
    if not isinstance(value, Sequence) or isinstance(value, str):
        raise At(where, Wrong(f"is {_kind_of(value)}", "a list of conditions"))
    if not value:
        raise At(where, Wrong("is an empty list", "at least one condition"))
    parts = [compiled(part, f"{where}[{number}]") for number, part in enumerate(value)]
    return _several(parts, every=name == "all")


def _several(parts: list[Condition], *, every: bool = True) -> Condition:
    return parts[0] if len(parts) == 1 else Several(tuple(parts), every)


def _negated(condition: Condition) -> Condition:
    if isinstance(condition, Leaf):
        return Leaf(
            attribute=condition.attribute,
            test=condition.test,
            negated=not condition.negated,
            whole=condition.whole,
        )
    return condition.part if isinstance(condition, Not) else Not(condition)


def _value(attribute: Attribute, value: Any, where: str) -> Condition:
    """What is written to the right of an attribute."""
    if isinstance(value, Mapping):
        return _operators(attribute, value, where)
    if isinstance(value, Sequence) and not isinstance(value, str):
        return _one_of(attribute, value, where)
    return _leaf(attribute, [_single(attribute, value, where)])


def _operators(attribute: Attribute, table: Mapping[str, Any], where: str) -> Condition:
    if not table:
        raise At(where, Wrong("is an empty table", _allowed()))
    parts: list[Condition] = []
    for name, value in table.items():
        operator = _OPERATORS.get(name)
        if operator is None:
            raise At(where, Wrong(f'has the unknown operator "{name}"', _allowed()))
        parts.append(operator(attribute, value, f"{where}.{name}"))
    return _several(parts)


def _allowed() -> str:
    *names, last = _OPERATORS
    return f"{', '.join(names)} and {last}"


def _one_of(attribute: Attribute, values: Any, where: str) -> Condition:
    if not isinstance(values, Sequence) or isinstance(values, str):
        raise At(where, Wrong(f"is {_kind_of(values)}", "a list of values"))
    if not values:
        raise At(where, Wrong("is an empty list", "at least one value"))
    tests = [_single(attribute, value, f"{where}[{number}]") for number, value in enumerate(values)]
    return _leaf(attribute, tests)


def _leaf(attribute: Attribute, tests: list[Equal | Like]) -> Leaf:
    whole = any("\\" in (t.pattern if isinstance(t, Like) else str(t.wanted)) for t in tests)
    test = tests[0] if len(tests) == 1 else OneOf(tests=tuple(tests))
    return Leaf(attribute=attribute, test=test, whole=whole)


def _single(attribute: Attribute, value: Any, where: str) -> Equal | Like:
    """A value on its own: a pattern where it has the characters of one."""
    if isinstance(value, str) and _GLOB & set(value) and attribute.kind is not Kind.NUMBER:
        return _pattern(attribute, value, where)
    return _exactly(attribute, value, where)


def _exactly(attribute: Attribute, value: Any, where: str) -> Equal:
    wanted = _read(attribute, value, where)
    shown = f'"{value}"' if isinstance(wanted, str) else str(value)
    if attribute.kind is Kind.BODY_PART:
        shown = wanted
    return Equal(kind=attribute.kind, wanted=wanted, shown=shown)


def _read(attribute: Attribute, value: Any, where: str) -> Any:
    """A value as it is compared, or an error that says what could be."""
    kind = attribute.kind
    if kind not in READ:
        raise At(where, Wrong(f"compares {attribute}, which is {kind.value}", _EXISTS))
    wrong = Wrong(f"is {_quoted(attribute, value)}", _WANTED[kind])
    if isinstance(value, bool) or not isinstance(value, _SCALARS):
        raise At(where, wrong)
    if kind in (Kind.TEXT, Kind.UID, Kind.BODY_PART, Kind.ANY) and not str(value).strip():
        raise At(where, Wrong("is empty", "{ exists = false } for an attribute without a value"))
    if kind is Kind.UID and set(str(value)) - set("0123456789."):
        raise At(where, wrong)
    try:
        return READ[kind](value)
    except (ValueError, OverflowError):
        raise At(where, wrong) from None


_EXISTS = "exists = true or false, or for a sequence the name of what is inside it, after a dot"


def _pattern(attribute: Attribute, value: Any, where: str) -> Like:
    if attribute.kind in (Kind.NUMBER, Kind.SEQUENCE, Kind.BYTES):
        allowed = "equals, in, not, range, min, max or exists for a number"
        raise At(
            where,
            Wrong(
                f"is a pattern for {attribute}, which is {attribute.kind.value}",
                allowed if attribute.kind is Kind.NUMBER else _EXISTS,
            ),
        )
    if not isinstance(value, str) or not value:
        raise At(where, Wrong(f"is {_kind_of(value)}", 'text with * ? or [ ], such as "T1*"'))
    return Like(pattern=value)


def _glob(attribute: Attribute, value: Any, where: str) -> Condition:
    return _leaf(attribute, [_pattern(attribute, value, where)])


def _equals(attribute: Attribute, value: Any, where: str) -> Condition:
    return _leaf(attribute, [_exactly(attribute, value, where)])


def _not(attribute: Attribute, value: Any, where: str) -> Condition:
    return _negated(_value(attribute, value, where))


def _exists(attribute: Attribute, value: Any, where: str) -> Condition:
    if not isinstance(value, bool):
        raise At(where, Wrong(f"is {_kind_of(value)}", "true or false"))
    return Leaf(attribute=attribute, test=None, negated=not value)


def _range(attribute: Attribute, value: Any, where: str) -> Condition:
    if not isinstance(value, Sequence) or isinstance(value, str) or len(value) != 2:
        raise At(where, Wrong(f"is {_kind_of(value)}", _BOUNDS))
    return _within(attribute, value[0], value[1], where)


_BOUNDS = 'a list of two bounds, null or "" for none, such as [0, 1.5] or ["", 3]'


def _within(attribute: Attribute, low: Any, high: Any, where: str) -> Condition:
    if not attribute.kind.ordered:
        problem = f"asks for an order of {attribute}, which is {attribute.kind.value}"
        raise At(where, Wrong(problem, "this for numbers, dates, times and ages only"))
    lower, upper = (
        None if end is None or end == "" else _read(attribute, end, where) for end in (low, high)
    )
    if lower is None and upper is None:
        raise At(where, Wrong("has no bound", _BOUNDS))
    if attribute.kind is Kind.ANY and (isinstance(lower, str) or isinstance(upper, str)):
        raise At(where, Wrong("has a bound that is no number", "numbers for a private attribute"))
    if lower is not None and upper is not None and lower > upper:
        raise At(where, Wrong("has a lower bound over the upper one", "the lower one first"))
    shown = (str(low), str(high))
    test = Within(kind=attribute.kind, low=lower, high=upper, shown=shown)
    return Leaf(attribute=attribute, test=test)


def _nested(name: str) -> Callable[[Attribute, Any, str], Condition]:
    def compiled(attribute: Attribute, value: Any, where: str) -> Condition:
        return _connective(name, value, where, lambda part, at: _value(attribute, part, at))

    return compiled


_OPERATORS: dict[str, Callable[[Attribute, Any, str], Condition]] = {
    "equals": _equals,
    "in": _one_of,
    "glob": _glob,
    "not": _not,
    "range": _range,
    "min": lambda attribute, value, where: _within(attribute, value, None, where),
    "max": lambda attribute, value, where: _within(attribute, None, value, where),
    "exists": _exists,
    "any": _nested("any"),
    "all": _nested("all"),
}


def _quoted(attribute: Attribute, value: Any) -> str:
    """What was found, unless it may be about a patient."""
    if attribute.identifying or isinstance(value, Mapping | list | tuple):
        return _kind_of(value)
    return f'"{value}"' if isinstance(value, str) else str(value).lower()


def _kind_of(value: Any) -> str:
    for kind, words in (
        (str, "text"),
        (bool, "true or false"),
        (int | float, "a number"),
        (Mapping, "a table"),
        (Sequence, f"a list of {len(value)}" if isinstance(value, Sequence) else ""),
        (date | time, "a date or time"),
    ):
        if isinstance(value, kind):
            return words
    return "nothing" if value is None else "of a strange kind"
