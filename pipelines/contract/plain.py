"""Records of the contract as plain values that JSON holds, and back, with nothing lost.

A field that has its default is left out; bytes are compressed; a shape says which kind it is.
"""

from __future__ import annotations

import base64
import binascii
import re
import sys
import types
import zlib
from collections.abc import Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from enum import Enum
from functools import cache
from typing import Any, ClassVar, Literal, Union, get_args, get_origin, get_type_hints

_MOST_BYTES = 1 << 28
"""What compressed bytes may unpack to: floats for 64 million pixels, more than a frame has."""

_SURROGATES = re.compile("[\ud800-\udfff]")
"""JSON can spell what no encoding of text can."""
_LARGEST = sys.float_info.max


class FrozenDict(dict[str, str]):
    """A mapping that is set once."""

    def _refuse(self, *_: object, **__: object) -> Any:
        raise TypeError("What was found does not change.")

    __setitem__ = __delitem__ = __ior__ = _refuse
    update = pop = popitem = clear = setdefault = _refuse

    def __reduce__(self) -> tuple[Any, ...]:
        """Copied and pickled as a whole: not item by item, which it refuses."""
        return FrozenDict, (dict(self),)

    def __hash__(self) -> int:  # type: ignore[override]
        return hash(tuple(sorted(self.items())))


def frozen(mapping: Mapping[str, str]) -> FrozenDict:
    """A copy of a mapping that nobody can change."""
    return FrozenDict({str(key): str(value) for key, value in mapping.items()})


def dump(value: Any) -> Any:
    """A record, or anything in one, as plain values."""
    if is_dataclass(value) and not isinstance(value, type):
        made = {
            f.name: dump(v) for f in fields(value) if (v := getattr(value, f.name)) != _default(f)
        }
        kind = getattr(type(value), "kind", None)
        return {"kind": kind, **made} if isinstance(kind, str) else made
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, bytes):
        return base64.b64encode(zlib.compress(value, 1)).decode("ascii")
    if isinstance(value, tuple | list):
        return [dump(item) for item in value]
    if isinstance(value, Mapping):
        return {str(key): dump(item) for key, item in value.items()}
    return value


def load(wanted: Any, told: Any, where: str = "findings") -> Any:
    """The value of a type that plain values stand for, or raise ValueError naming the place."""
    if is_dataclass(wanted) and isinstance(wanted, type):
        return _record(wanted, told, where)
    origin, args = get_origin(wanted), get_args(wanted)
    if origin in (Union, types.UnionType):
        return _either(args, told, where)
    if origin is Literal:
        _check(told in args, where, f"one of {', '.join(map(str, args))}")
        return told
    if origin is tuple:
        _check(isinstance(told, list | tuple), where, "a list")
        kinds = args[:1] * len(told) if args[-1] is Ellipsis else args
        _check(len(kinds) == len(told), where, f"a list of {len(kinds)}")
        return tuple(
            load(kind, item, f"{where}[{number}]")
            for number, (kind, item) in enumerate(zip(kinds, told, strict=True))
        )
    if origin is not None and issubclass(origin, Mapping):
        _check(isinstance(told, Mapping), where, "an object")
        return {str(key): load(args[1], item, f"{where}.{key}") for key, item in told.items()}
    return _scalar(wanted, told, where)


def _scalar(wanted: Any, told: Any, where: str) -> Any:
    if wanted is float:
        _check(isinstance(told, int | float) and not isinstance(told, bool), where, "a number")
        _check(abs(told) <= _LARGEST, where, "a finite number")  # Python's JSON reads NaN, too
        return float(told)
    if wanted is bytes:
        _check(isinstance(told, str), where, "text")
        return _bytes(told, where)
    if issubclass(wanted, Enum):
        known = [member.value for member in wanted]
        _check(told in known, where, f"one of {', '.join(known)}")
        return wanted(told)
    right = type(told) is wanted if wanted in (int, bool) else isinstance(told, wanted)
    _check(right, where, {str: "text", int: "a whole number", bool: "true or false"}[wanted])
    if wanted is str:
        _check(not _SURROGATES.search(told), where, "text without halves of characters")
    return told


def _record(wanted: type, told: Any, where: str) -> Any:
    _check(isinstance(told, Mapping), where, "an object")
    known = hints(wanted)
    unknown = set(told) - set(known) - ({"kind"} if hasattr(wanted, "kind") else set())
    if unknown:
        raise ValueError(f"{where} has no field named {min(map(str, unknown))}.")
    for f in fields(wanted):
        _check(f.name in told or _default(f) is not MISSING, f"{where}.{f.name}", "there")
    given = {
        name: load(hint, told[name], f"{where}.{name}")
        for name, hint in known.items()
        if name in told
    }
    try:
        return wanted(**given)
    except ValueError as error:
        raise ValueError(f"{where}: {error}") from error


def _either(args: tuple[Any, ...], told: Any, where: str) -> Any:
    if told is None and type(None) in args:
        return None
    kinds = [kind for kind in args if kind is not type(None)]
    if len(kinds) == 1:
        return load(kinds[0], told, where)
    if all(hasattr(kind, "kind") for kind in kinds):
        _check(isinstance(told, Mapping), where, "an object")
        names = {kind.kind: kind for kind in kinds}
        _check(told.get("kind") in list(names), f"{where}.kind", f"one of {', '.join(names)}")
        return load(names[told["kind"]], told, where)
    record = next(kind for kind in kinds if is_dataclass(kind))
    other = next(kind for kind in kinds if kind is not record)
    return load(record if isinstance(told, Mapping) else other, told, where)


def _bytes(told: str, where: str) -> bytes:
    try:
        unpacker = zlib.decompressobj()
        data = unpacker.decompress(base64.b64decode(told, validate=True), _MOST_BYTES)
    except (binascii.Error, zlib.error, ValueError) as error:
        raise ValueError(f"{where} is not compressed bytes in base 64.") from error
    whole = unpacker.eof and not unpacker.unused_data
    _check(whole, where, "compressed bytes that are whole and not too many")
    return data


def _check(holds: bool, where: str, wanted: str) -> None:
    if not holds:
        raise ValueError(f"{where} has to be {wanted}.")


def _default(f: Field[Any]) -> Any:
    return f.default_factory() if f.default_factory is not MISSING else f.default


@cache
def hints(wanted: type) -> dict[str, Any]:
    """The type of each field of a record."""
    found = get_type_hints(wanted)
    return {name: hint for name, hint in found.items() if get_origin(hint) is not ClassVar}
