"""Where each value of the configuration was said: the default, a line of a file, a variable."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

Key = tuple[str | int, ...]
"""The way to a value: names of tables and keys, and numbers in arrays."""


@dataclass(frozen=True, kw_only=True)
class Origin:
    """Who gave a value: the package's defaults, a file or an environment variable."""

    kind: Literal["default", "file", "variable"]
    name: str
    """The file's path or the variable's name."""
    line: int | None = None

    def __str__(self) -> str:
        """Name the place as a person would look for it."""
        if self.kind == "default":
            return "default"
        return self.name if self.line is None else f"{self.name}, line {self.line}"


Origins = Mapping[Key, Origin]
DEFAULT = Origin(kind="default", name="the program")


def key_text(key: Key) -> str:
    """Write a key as it is written in TOML, with the place in an array in brackets."""
    text = ""
    for part in key:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            name = part if re.fullmatch(r"[A-Za-z0-9_-]+", part) else json.dumps(part)
            text += f".{name}" if text else name
    return text


def origin_of(key: Key, origins: Origins) -> Origin:
    """The origin of a value, or of the nearest table around it that has one."""
    for length in range(len(key), 0, -1):
        if key[:length] in origins:
            return origins[key[:length]]
    return DEFAULT


def lines(text: str) -> dict[Key, int]:
    """The line on which each key of a valid TOML text begins."""
    found: dict[Key, int] = {}
    arrays: dict[Key, int] = {}
    table: Key = ()
    for number, statement, value in _statements(text):
        if statement.lstrip().startswith("["):
            table = _header(value, arrays)
            for length in range(1, len(table) + 1):
                found.setdefault(table[:length], number)
        else:
            for key in keys_in(value, table):
                found.setdefault(key, number)
    return found


def keys_in(value: Any, at: Key) -> Iterator[Key]:
    """Every key below a value, tables and their contents alike."""
    entries: Iterator[tuple[str | int, Any]]
    if isinstance(value, dict):
        entries = iter(value.items())
    elif isinstance(value, list):
        entries = iter(enumerate(value))
    else:
        return
    for name, inner in entries:
        yield (*at, name)
        yield from keys_in(inner, (*at, name))


def _statements(text: str) -> Iterator[tuple[int, str, dict[str, Any]]]:
    """Each statement with its first line: as few lines as are valid TOML by themselves."""
    begun, first = "", 1
    for number, line in enumerate(text.split("\n"), start=1):
        if not begun:
            first = number
        begun += line + "\n"
        try:
            value = tomllib.loads(begun)
        except tomllib.TOMLDecodeError:
            continue  # a value that goes on in the next line
        if value:
            yield first, begun, value
        begun = ""


def _header(value: Any, arrays: dict[Key, int]) -> Key:
    """The table that a header opens; `arrays` remembers how far each array of tables is."""
    key: Key = ()
    while value:
        if isinstance(value, list):
            arrays[key] = arrays.get(key, -1) + 1
            return (*key, arrays[key])
        name, value = next(iter(value.items()))
        key = (*key, name)
        if key in arrays and not isinstance(value, list):
            key = (*key, arrays[key])
    return key
