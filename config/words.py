"""The settings in words: what a key allows, what was found there, and which name was meant."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from difflib import get_close_matches
from functools import cache
from typing import Any

from config.origins import Key, key_text
from config.settings import Settings

Schema = Mapping[str, Any]
MASK = "********"


@cache
def _whole() -> dict[str, Any]:
    return Settings.model_json_schema()


def schema_at(key: Key) -> Schema | None:
    """What the model says about a key, or None where it knows no such key."""
    schema: Schema | None = _whole()
    for part in key:
        if schema is None or schema == {}:
            return schema
        schema = _inside(schema, part)
    return schema


def _inside(schema: Schema, part: str | int) -> Schema | None:
    found: Schema | None = None
    if "anyOf" in schema:
        steps = (_inside(choice, part) for choice in schema["anyOf"])
        found = next((step for step in steps if step is not None), None)
    elif isinstance(part, int):
        found = schema.get("items")
    elif part in schema.get("properties", {}):
        found = schema["properties"][part]
    elif "patternProperties" in schema:
        found = next(iter(schema["patternProperties"].values()))
    elif schema.get("additionalProperties") is True:
        found = {}
    return (
        _whole()["$defs"][found["$ref"].rpartition("/")[2]] if found and "$ref" in found else found
    )


def names_at(key: Key) -> tuple[str, ...]:
    """The keys that a table may have; none where the names are the site's own."""
    return tuple((schema_at(key) or {}).get("properties", ()))


def types_of(schema: Schema) -> frozenset[str]:
    """The JSON types a setting may have; none where anything goes."""
    if "anyOf" in schema:
        return frozenset().union(*(types_of(choice) for choice in schema["anyOf"]))
    return frozenset([schema["type"]] if "type" in schema else [])


def is_secret(key: Key) -> bool:
    """Whether the value of a key is never shown."""
    return (schema_at(key) or {}).get("format") == "password"


def allowed(schema: Schema) -> str:
    """What a setting may be, in words."""
    if "enum" in schema:
        return "one of " + either([json.dumps(choice) for choice in schema["enum"]])
    if "const" in schema:
        return json.dumps(schema["const"])
    if "anyOf" in schema:
        choices = [c for c in schema["anyOf"] if c.get("type") != "null"]
        return either([word for c in choices for word in _words(c)])
    kind = schema.get("type")
    if kind == "boolean":
        return "true or false"
    if kind in ("integer", "number"):
        return ("a whole number" if kind == "integer" else "a number") + _range(schema)
    if kind == "array":
        least = " of at least one entry" if schema.get("minItems") else ""
        return f"a list{least}, each {allowed(_inside(schema, 0) or {})}"
    if kind == "object":
        return "a table"
    if kind == "string":
        return str(
            schema.get("description", "text, not empty" if "minLength" in schema else "text")
        )
    return "anything"


def _words(schema: Schema) -> list[str]:
    return ["true", "false"] if schema.get("type") == "boolean" else [allowed(schema)]


def _range(schema: Schema) -> str:
    least, most = schema.get("minimum"), schema.get("maximum")
    if most is not None:
        return f" from {least} to {most}"
    return "" if least is None else f" of at least {least}"


def either(choices: list[str]) -> str:
    """Join alternatives as a sentence does: a, b or c."""
    return " or ".join(filter(None, [", ".join(choices[:-1]), choices[-1]]))


def found(key: Key, value: Any) -> str:
    """Say what was found at a key, without telling a secret."""
    if is_secret(key):
        return "set to something else (it is a secret and not shown)"
    if "object" in types_of(schema_at(key) or {}) or isinstance(value, dict):
        return _kind(value)  # what is inside belongs elsewhere, and may be a secret
    text = json.dumps(value, ensure_ascii=False, default=str)
    text = mask_password(text)
    return text if len(text) <= 100 else text[:97] + "..."


def _kind(value: Any) -> str:
    kinds = {bool: "true or false", str: "text", list: "a list", dict: "a table"}
    return kinds.get(
        type(value), "a number" if isinstance(value, int | float) else "a date or time"
    )


def mask_password(text: str) -> str:
    """Hide the password inside a database address."""
    text = re.sub(r"(://[^:/@?]*:).*(@)", rf"\g<1>{MASK}\g<2>", text)
    return re.sub(r"([?&](?:ssl)?password=)[^&\"]*", rf"\g<1>{MASK}", text)


def suggestion(key: Key) -> Key | None:
    """The setting that was probably meant by a key that does not exist."""
    table, name = key[:-1], str(key[-1])
    everything = {key_text(known): known for known in leaves()}
    if not table and (near := get_close_matches(name, everything, n=1, cutoff=0.8)):
        return everything[near[0]]
    siblings = names_at(table)
    longer = [known for known in siblings if name.startswith(known) or known.startswith(name)]
    if near := get_close_matches(name, siblings, n=1) or longer[:1]:
        return (*table, near[0])
    elsewhere = [known for known in leaves() if known[-1] == name]
    return elsewhere[0] if len(elsewhere) == 1 else None


@cache
def leaves() -> tuple[Key, ...]:
    """Every setting of the sections that are always there."""
    sections = [(section,) for section in names_at(())]
    return tuple((*section, name) for section in sections for name in names_at(section))
