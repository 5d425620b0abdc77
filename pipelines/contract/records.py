"""What every record of the contract has in common: its values are of the types it says."""

from __future__ import annotations

import types
from collections.abc import Callable, Mapping
from dataclasses import fields
from functools import cache
from typing import Any, Literal, Union, get_args, get_origin

from pipelines.contract import plain

_Settle = Callable[[Any], Any]


def in_order(holds: bool, rule: str) -> None:
    """Raise ValueError where a rule of the contract does not hold: a bug of the pipeline."""
    if not holds:
        raise ValueError(f"The contract for findings says: {rule}.")


class Record:
    """A record whose values are settled when it is made: lists become tuples, and numbers and
    answers of another make (numpy's, a tensor's) become Python's; what is of another type is a
    ValueError."""

    def __post_init__(self) -> None:
        kind: Any = type(self)  # a data class, as every record is
        hints = plain.hints(kind)
        for f in fields(kind):
            try:
                value = _settler(hints[f.name])(getattr(self, f.name))
            except _Wrong as wrong:
                in_order(False, f"{type(self).__name__}.{f.name} is {wrong}")
            object.__setattr__(self, f.name, value)


class _Wrong(Exception):
    """A value is of another type; the message says what it has to be."""


@cache
def _settler(hint: Any) -> _Settle:
    """What gives a value its type, or raises `_Wrong`."""
    if hint in _SIMPLE:
        return _SIMPLE[hint]
    origin, args = get_origin(hint), get_args(hint)
    if origin is tuple:
        return _tuple(args)
    if origin is Literal:
        return _one(lambda value: isinstance(value, str) and value in args, " or ".join(args))
    if origin in (Union, types.UnionType):
        return _either(args)
    if origin is not None and issubclass(origin, Mapping):
        return _one(lambda value: isinstance(value, Mapping), "a mapping")
    return _one(lambda value: isinstance(value, hint), f"a {hint.__name__}")


def _one(right: Callable[[Any], bool], what: str) -> _Settle:
    def settle(value: Any) -> Any:
        if not right(value):
            raise _Wrong(what)
        return value

    return settle


def _tuple(args: tuple[Any, ...]) -> _Settle:
    several = args[-1] is Ellipsis
    each = [_settler(arg) for arg in args if arg is not Ellipsis]

    def settle(value: Any) -> tuple[Any, ...]:
        items = value.tolist() if hasattr(value, "tolist") else value
        if not isinstance(items, list | tuple):
            raise _Wrong("a tuple")
        if several:
            (one,) = each
            return tuple([one(item) for item in items])
        if len(items) != len(each):
            raise _Wrong(f"made of tuples of {len(each)}")
        return tuple([one(item) for one, item in zip(each, items, strict=True)])

    return settle


def _either(args: tuple[Any, ...]) -> _Settle:
    kinds = tuple(arg for arg in args if arg is not types.NoneType)
    if len(kinds) == 1:
        one = _settler(kinds[0])
    else:
        names = " or a ".join(kind.__name__ for kind in kinds)
        one = _one(lambda value: isinstance(value, kinds), f"a {names}")
    if len(kinds) == len(args):
        return one
    return lambda value: None if value is None else one(value)


def _scalar(value: Any) -> Any:
    """A number, an answer or a text as Python's own, if it is one of numpy's or a tensor's."""
    try:
        return value.item() if hasattr(value, "item") else value
    except (TypeError, ValueError, RuntimeError) as error:
        raise _Wrong("one value, not several") from error


def _float(value: Any) -> float:
    if type(value) is float:
        return value
    number = _scalar(value)
    if isinstance(number, bool | str | bytes) or not hasattr(number, "__float__"):
        raise _Wrong("a number")
    try:
        return float(number)
    except (OverflowError, TypeError, ValueError) as error:
        raise _Wrong("a finite number") from error


def _int(value: Any) -> int:
    number = _scalar(value)
    if isinstance(number, bool) or not isinstance(number, int):
        raise _Wrong("a whole number")
    return int(number)


def _bool(value: Any) -> bool:
    answer = _scalar(value)
    if not isinstance(answer, bool):
        raise _Wrong("true or false")
    return answer


def _str(value: Any) -> str:
    if not isinstance(value, str):
        raise _Wrong("text")
    return str.__str__(value)


def _bytes(value: Any) -> bytes:
    if not isinstance(value, bytes | bytearray | memoryview):
        raise _Wrong("bytes")
    return bytes(value)


_SIMPLE: dict[Any, _Settle] = {float: _float, int: _int, bool: _bool, str: _str, bytes: _bytes}
