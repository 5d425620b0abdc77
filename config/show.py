"""Show the settings with who said each of them, and no secret."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from config.origins import DEFAULT, Key, Origins, key_text
from config.settings import Settings
from config.words import MASK, mask_password


def show(settings: Settings, origins: Origins) -> str:
    """Write the settings as TOML, each with its origin in a comment, secrets masked."""
    blocks = [_block(header, table, key, origins) for header, table, key in _tables(settings)]
    return "\n".join(blocks)


def show_json(settings: Settings, origins: Origins) -> dict[str, Any]:
    """The settings as JSON has them, secrets masked, and the origin of each by its key."""
    keys = [(*at, name) for _, table, at in _tables(settings) for name in table]
    return {
        "settings": masked(settings),
        "origins": {key_text(key): str(origins.get(key, DEFAULT)) for key in keys},
    }


def masked(settings: Settings) -> dict[str, Any]:
    """The settings as plain values without their secrets; what is not set is left out."""
    values: dict[str, Any] = _plain(settings.model_dump(exclude_none=True))
    values["node"]["database"] = mask_password(values["node"]["database"])
    return values


def _plain(value: Any) -> Any:
    if isinstance(value, SecretStr):
        return MASK if value.get_secret_value() else ""
    if isinstance(value, Mapping):
        return {name: _plain(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return value if isinstance(value, bool | int | float | str) else str(value)


def _tables(settings: Settings) -> Iterator[tuple[str, dict[str, Any], Key]]:
    values = masked(settings)
    for section, table in values.items():
        if section in ("peers", "pipelines"):
            for name, entry in table.items():
                yield f"[{key_text((section, name))}]", entry, (section, name)
        elif section == "routes":
            for number, entry in enumerate(table):
                yield "[[routes]]", entry, (section, number)
        else:
            yield f"[{section}]", table, (section,)


def _block(header: str, table: Mapping[str, Any], at: Key, origins: Origins) -> str:
    lines = [
        (f"{name} = {toml(value)}", str(origins.get((*at, name), DEFAULT)))
        for name, value in table.items()
    ]
    width = min(60, max(len(line) for line, _ in lines))
    return "\n".join([header, *(f"{line:<{width}}  # {origin}" for line, origin in lines), ""])


def toml(value: Any) -> str:
    """Write a value as TOML."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | Path):
        return json.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, Mapping):
        pairs = (f"{_name(name)} = {toml(inner)}" for name, inner in value.items())
        return "{ " + ", ".join(pairs) + " }" if value else "{}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(toml(inner) for inner in value) + "]"
    is_whole = isinstance(value, float) and value.is_integer() and abs(value) < 1e15
    return str(int(value)) if is_whole else str(value)


def _name(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else toml(name)
