"""Which part of the body is meant: one name for what is spelt, coded and described in many ways.

A value of BodyPartExamined, a code and a sentence of a radiographer all end as the same name.
The names and the words for them are in `table`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from pipelines.bodyparts.table import NO_PART, SIDES, TABLE, UNSAID

if TYPE_CHECKING:
    from pipelines.contract import Concept

_LEAST_PREFIX = 3
_AND = frozenset({"and", "und", "et", "y"})
_VIEWS = frozenset({"face"})
_UNSAID = frozenset(UNSAID.split())
_SIDES = frozenset(SIDES.split())


@dataclass(frozen=True, kw_only=True)
class Region:
    """A part of the body."""

    name: str
    codes: tuple[str, ...]
    """In SNOMED CT."""
    lies_in: tuple[str, ...]
    """Whoever asks for one of these means this region too; its parts where there are several."""
    words: tuple[str, ...]


def _rows() -> Iterator[Region]:
    for row in re.sub(r"\n +", " ", TABLE).strip().splitlines():
        head, _, words = row.partition(" :")
        left, _, lies_in = head.partition(">")
        name, *codes = left.split()
        said = (word.strip() for word in words.split(","))
        yield Region(
            name=name,
            codes=tuple(codes),
            lies_in=tuple(lies_in.split()),
            words=tuple(word for word in said if word),
        )


REGIONS: dict[str, Region] = {row.name: row for row in _rows()}
_BY_CODE = {code: region.name for region in REGIONS.values() for code in region.codes}
_PARTS = {row.name: frozenset(row.lies_in) for row in REGIONS.values() if len(row.lies_in) > 1}
_COMBINED = {parts: name for name, parts in _PARTS.items()}


def _folded(text: str) -> tuple[str, ...]:
    """The words of a text without capitals, accents and marks."""
    parted = re.sub(r"(?<=[a-zß-ÿ]{2})(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", text)
    plain = unicodedata.normalize("NFKD", parted.casefold())
    plain = "".join(mark for mark in plain if not unicodedata.combining(mark))
    return tuple(word for word in re.findall(r"[a-z0-9]+", plain) if word not in _AND)


def _spellings(word: str) -> set[tuple[str, ...]]:
    """A word as it is, and as German writes it without its dots."""
    dotless = word.replace("ä", "ae").replace("ö", "oe").replace("ü", "ue")
    return {_folded(word), _folded(dotless)}


@cache
def _phrases() -> dict[tuple[str, ...], tuple[str, str]]:
    """Every phrase with the region it means and its spelling; no region where it means none."""
    found = {phrase: ("", text) for text in NO_PART.split(",") for phrase in _spellings(text)}
    for region in REGIONS.values():
        for word in (*region.words, region.name.lower()):
            if not word.endswith("*"):
                found |= dict.fromkeys(_spellings(word), (region.name, word))
    return found


@cache
def _prefixes() -> dict[tuple[str, ...], tuple[str, str]]:
    return {
        spelling: (region.name, word)
        for region in REGIONS.values()
        for word in region.words
        if word.endswith("*")
        for spelling in _spellings(word[:-1])
    }


def find(text: str) -> tuple[tuple[str, str], ...]:
    """The regions that a text names, each with the word of our table for it, in their order."""
    words = _folded(text)
    found: dict[str, str] = {}
    at = 0
    while at < len(words):
        name, said, length = _longest(words, at)
        if name:
            found.setdefault(name, said)
        at += length
    # "Thorax face" is French for a frontal view of the chest.
    parts = {name: said for name, said in found.items() if said not in _VIEWS}
    return tuple((parts or found).items())


def _longest(words: tuple[str, ...], at: int) -> tuple[str, str, int]:
    """What the longest phrase from here on means, its spelling, and the words it takes."""
    for length in range(min(6, len(words) - at), 0, -1):
        phrase = words[at : at + length]
        if phrase in _phrases():
            return *_phrases()[phrase], length
        # The last word may go on: "lower extremities", "Schädelübersicht"; the longest wins.
        *first, last = phrase
        for end in range(len(last), _LEAST_PREFIX - 1, -1):
            known = _prefixes().get((*first, last[:end]))
            if known is not None:
                return *known, length
    return "", "", 1


@lru_cache(maxsize=4096)
def named(value: str) -> tuple[str, ...]:
    """The regions that a value of BodyPartExamined means, whatever its spelling and side.

    A value that is no known region stands for itself; one that says nothing means none.
    """
    words = _folded(value)
    squeezed = "".join(words).upper()
    if not squeezed or squeezed in _UNSAID:
        return ()
    sideless = "".join(word for word in words if word not in _SIDES).upper()
    for tried in (squeezed, sideless, *_without_side(squeezed)):
        if tried in REGIONS:
            return (tried,)
    return joined(name for name, _ in find(value)) or (squeezed,)


def _without_side(squeezed: str) -> Iterator[str]:
    for side in ("LEFT", "RIGHT", "LT", "RT", "L", "R"):
        if squeezed.startswith(side):
            yield squeezed.removeprefix(side)
        if squeezed.endswith(side):
            yield squeezed.removesuffix(side)


def joined(names: Iterable[str]) -> tuple[str, ...]:
    """The regions, without those that others lie in; one name where they make up one region."""
    found = tuple(dict.fromkeys(names))
    parts = {part for name in found for part in _PARTS.get(name, (name,))}
    whole = _COMBINED.get(frozenset(parts))
    if whole:
        return (whole,)
    wider = {other for name in found for other in regions_of(name) - {name}}
    return tuple(name for name in found if name not in wider)


def coded(scheme: str, value: str, meaning: str) -> tuple[str, ...]:
    """The regions that a code means: by its value in SNOMED CT, else by its meaning."""
    if scheme.strip().upper() == "SCT" and value.strip() in _BY_CODE:
        return (_BY_CODE[value.strip()],)
    return named(meaning)


@cache
def concept(name: str) -> Concept | None:
    """A region as a code, in the words a radiologist reads; None for one that is not ours."""
    from pipelines.contract import Concept

    known = REGIONS.get(name)
    if known is None or not known.codes:
        return None
    return Concept(value=known.codes[0], scheme="SCT", meaning=_meanings()[known.codes[0]])


@cache
def _meanings() -> dict[str, str]:
    """What the standard calls each SNOMED code of its lists: 'Kidney', the shortest of its names.

    The others are SNOMED's full names and adjectives: 'Kidney structure (body structure)'.
    """
    from pydicom.sr.codedict import codes

    said = sorted(codes.SCT.concepts.values(), key=lambda code: (-len(code.meaning), code.meaning))
    return {code.value: code.meaning for code in said}


def region(value: object) -> str:
    """The one region that somebody asks for; a ValueError where it is not one."""
    found = named(str(value))
    if len(found) != 1:
        raise ValueError("names more than one body part" if found else "names no body part")
    return found[0]


@lru_cache(maxsize=4096)
def regions_of(name: str) -> frozenset[str]:
    """A region and all that it lies in: who asks for the limb means the hand too."""
    known = REGIONS.get(name)
    wider = known.lies_in if known is not None else ()
    return frozenset({name}).union(*(regions_of(other) for other in wider))
