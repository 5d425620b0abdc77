"""What the model says against a configuration, as sentences for the person who wrote it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from config.layers import PREFIX
from config.origins import Key, Origin, Origins, key_text, origin_of
from config.words import allowed, found, names_at, schema_at, suggestion


@dataclass(frozen=True, kw_only=True)
class Problem:
    """Something wrong at a key; where several keys contradict each other, `others` names them."""

    key: Key
    text: str
    others: tuple[Key, ...] = ()

    def place(self, origins: Origins) -> Origin:
        """Where a person can put it right: the first of the keys that was not left as it is."""
        places = [origin_of(key, origins) for key in (self.key, *self.others)]
        return next((place for place in places if place.kind != "default"), places[0])


def sentences(problems: Sequence[Problem], origins: Origins) -> list[str]:
    """Each problem with its place, in the order in which a person reads the file."""
    placed = [(problem.place(origins), problem.text) for problem in problems]
    placed.sort(key=lambda pair: (pair[0].kind, pair[0].name, pair[0].line or 0))
    return [
        f"{place.name if place.line is None else _line(place)}: {text}" for place, text in placed
    ]


def _line(place: Origin) -> str:
    return f"{place.name}, line {place.line}"


def model_problems(
    error: ValidationError, tree: Mapping[str, Any], origins: Origins
) -> list[Problem]:
    """The model's complaints, one for each key."""
    problems: dict[Key, Problem] = {}
    for detail in error.errors(include_url=False, include_context=False):
        key = _key(detail["loc"], detail["type"])
        if key in problems:  # a choice of types complains once for each of them
            continue
        if detail["loc"][-1] == "[key]":
            text = _bad_name(key)
        elif detail["type"] == "extra_forbidden":
            text = _unknown(key, origin_of(key, origins))
        elif detail["type"] == "missing":
            text = f"{_called(key[:-1], tree)} lacks {key[-1]}: {allowed(schema_at(key) or {})}."
        else:
            is_found = found(key, detail["input"])
            text = (
                f"{_called(key, tree)} is {is_found}; allowed is {allowed(schema_at(key) or {})}."
            )
        problems[key] = Problem(key=key, text=text)
    return list(problems.values())


def _key(loc: tuple[int | str, ...], kind: str) -> Key:
    """The key the model means, without the names of types that it adds."""
    if loc[-1] == "[key]":
        return loc[:-1]
    if kind == "extra_forbidden":
        return loc
    length = len(loc)
    while schema_at(loc[:length]) is None:
        length -= 1
    return loc[:length]


def _called(key: Key, tree: Mapping[str, Any]) -> str:
    """A key as people find it: a route with its name besides its number."""
    text = key_text(key)
    if len(key) < 2 or key[0] != "routes":
        return text
    try:
        name = tree["routes"][key[1]]["name"]
    except (KeyError, TypeError):
        return text
    return f'{text} (of the route "{name}")' if isinstance(name, str) else text


def _bad_name(key: Key) -> str:
    rule = (schema_at(key[:-1]) or {}).get("propertyNames", {}).get("description", "a name")
    return f"{key_text(key)} has a name that is not allowed; allowed is {rule}."


def _unknown(key: Key, origin: Origin) -> str:
    """Say that there is no such setting, and which one was probably meant."""
    text = f"{key_text(key)} is not a setting"
    near = suggestion(key)
    if near is not None:
        meant = variable_name(near) if origin.kind == "variable" else key_text(near)
        return f"{text}; did you mean {meant}?"
    where = f"{key_text(key[:-1])} knows" if len(key) > 1 else "the sections are"
    return f"{text}; {where} {', '.join(names_at(key[:-1]))}."


def variable_name(key: Key) -> str:
    """The environment variable that sets a key."""
    return PREFIX + "__".join(str(part).upper() for part in key)
