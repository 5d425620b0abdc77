"""Text as our fonts can draw it: which letters they have, and scripts that run from the right.

reportlab sets letters one after the other, from the left. Arabic letters are therefore joined
here, by the forms that Unicode has for them, and what runs from the right is put in the order in
which it is seen. Texts run from the left as a whole, as our labels do.

Letters that our first font lacks are drawn in a second, which has those of East Asia.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Final

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont

UNKNOWN = "?"
"""Stands for a letter that our fonts lack."""

FOLDER = Path(__file__).parent / "fonts"
_FORMS: Final = range(0xFB50, 0xFF00)
_LAM = "\u0644"
_MIRRORED = dict(zip("()[]{}<>«»", ")(][}{><»«", strict=True))
_SHUT = ")]}>»"
_FROM_THE_RIGHT = re.compile("R[RNOM]*[RNM]|R")
_NUMBER = re.compile(r"\d+(?:[.,:/-]\d+)*")


@cache
def font(bold: bool = False) -> TTFont:
    """One of our fonts, made known to reportlab."""
    return _read("DejaVuSans-Bold" if bold else "DejaVuSans")


@cache
def _fallback() -> TTFont:
    """The font of what ours lack, bold or not; read only where there is such a letter."""
    return _read("DroidSansFallback")


def _read(name: str) -> TTFont:
    made = TTFont(name, str(FOLDER / f"{name}.ttf"), shapable=False)
    pdfmetrics.registerFont(made)
    return made


def _is_ours(letter: str) -> bool:
    return ord(letter) in font().face.charToGlyph


def _is_known(letter: str) -> bool:
    return _is_ours(letter) or ord(letter) in _fallback().face.charToGlyph


def runs(text: str, bold: bool = False) -> list[tuple[TTFont, str]]:
    """A text that can be drawn, in parts of one font each."""
    if text.isascii() or all(map(_is_ours, text)):
        return [(font(bold), text)]
    return [
        (font(bold) if ours else _fallback(), "".join(part))
        for ours, part in groupby(text, _is_ours)
    ]


def width(text: str, size: float, bold: bool = False) -> float:
    """How wide a text is, in points."""
    wide: float = sum(each.stringWidth(part, size) for each, part in runs(text, bold))
    return wide


def has_glyphs(text: str) -> bool:
    """Whether each of a text's letters can be drawn."""
    letters = set(unicodedata.normalize("NFC", text))
    return all(_is_known(letter) for letter in _clean("".join(letters)) if letter != "\n")


def lettered(text: str) -> str:
    """The text with a question mark for each letter that cannot be drawn; lines are kept."""
    return "".join(c if c == "\n" or _is_known(c) else UNKNOWN for c in _clean(text))


def _clean(text: str) -> str:
    """The text without what is not seen: characters that control or format."""
    if text.isascii() and text.isprintable():
        return text
    spaced = re.sub(r"[^\S\n]", " ", unicodedata.normalize("NFC", text))
    return "".join(c for c in spaced if c == "\n" or unicodedata.category(c) not in ("Cc", "Cf"))


def person(name: str) -> str:
    """A person's name as people write it, in the forms (PS3.5 6.2.1.1) that our fonts can draw.

    The ideographic form is beside the alphabetic one: 'Yamada, Tarou (山田 太郎)'. The phonetic
    one is shown for want of both, and where no form can be drawn it is the first.
    """
    groups = [group.strip("^ ") for group in name.split("=")]
    filled = [group for group in groups if group] or [""]
    drawable = [group for group in filled if has_glyphs(group)] or filled[:1]
    first, ideographic = drawable[0], "".join(groups[1:2])
    beside = ideographic in drawable[1:] and ideographic != first
    return _written(first) + (f" ({_written(ideographic)})" if beside else "")


def _written(form: str) -> str:
    """One form of a name; there is no comma in those of East Asia."""
    family, *others = form.split("^")
    rest = " ".join(part for part in others if part)
    comma = ", " if all(map(_is_ours, _clean(form))) or not has_glyphs(form) else " "
    return comma.join(part for part in (family, rest) if part)


def seen(line: str) -> str:
    """A line's letters in the order and in the forms in which they are seen."""
    classes = "".join(map(_direction, line))
    if "R" not in classes:
        return line
    made, at = [], 0
    for run in _FROM_THE_RIGHT.finditer(classes):
        start, end = run.span()
        # A bracket that was opened within is closed within.
        while (shut := line[end : end + 1]) in _SHUT and shut and _is_open(line[start:end], shut):
            end += 1
        made += [line[at:start], _turned(_joined(line[start:end]))]
        at = end
    return "".join([*made, line[at:]])


def _is_open(text: str, shut: str) -> bool:
    return text.count(_MIRRORED[shut]) > text.count(shut)


def _direction(character: str) -> str:
    """From the right, from the left, a number, a mark upon a letter, or any other."""
    named = unicodedata.bidirectional(character)
    known = {"R": "R", "AL": "R", "L": "L", "EN": "N", "AN": "N", "NSM": "M"}
    return known.get(named, "O")


def _turned(run: str) -> str:
    """A run from its end: marks stay with their letters, and numbers run from the left."""
    return "".join(_MIRRORED.get(part, part) for part in reversed(list(_parts(run))))


def _parts(run: str) -> Iterator[str]:
    at = 0
    while at < len(run):
        number = _NUMBER.match(run, at)
        end = number.end() if number else at + 1
        while end < len(run) and unicodedata.combining(run[end]):
            end += 1
        yield run[at:end]
        at = end


def _joined(text: str) -> str:
    """Arabic letters in the forms that join them to their neighbours."""
    made = []
    letters = [(at, c) for at, c in enumerate(text) if not unicodedata.combining(c)]
    marks = {at: c for at, c in enumerate(text) if unicodedata.combining(c)}
    before, skip = "", False
    for number, (at, letter) in enumerate(letters):
        after = letters[number + 1][1] if number + 1 < len(letters) else ""
        if skip:
            skip = False
        elif letter == _LAM and _shapes().get(letter + after):
            skip = True
            made.append((at, _form(before, letter + after, "")))
        else:
            made.append((at, _form(before, letter, after)))
        before = letter
    return "".join(c for _, c in sorted([*made, *marks.items()]))


def _form(before: str, letters: str, after: str) -> str:
    shapes = _shapes().get(letters, {})
    left, right = _joins(before, "initial"), _joins(after[:1], "final")
    kind = {(True, True): "medial", (True, False): "final", (False, True): "initial"}.get(
        (left, right), "isolated"
    )
    fallback = "final" if left else "isolated"
    return shapes.get(kind) or shapes.get(fallback) or letters


def _joins(letter: str, how: str) -> bool:
    """Whether a letter joins the next one (it has an initial form) or the one before (a final)."""
    return letter == "\u0640" or how in _shapes().get(letter, {})


@cache
def _shapes() -> Mapping[str, Mapping[str, str]]:
    """For a letter, or a lam with an alef: its forms that our font has."""
    found: dict[str, dict[str, str]] = {}
    known = font().face.charToGlyph
    for code in _FORMS:
        kind, *letters = unicodedata.decomposition(chr(code)).split() or [""]
        plain = "".join(chr(int(letter, 16)) for letter in letters) if "<" in kind else ""
        wanted = len(plain) == 1 or (len(plain) == 2 and plain[0] == _LAM and code >= 0xFEF5)
        if wanted and code in known:
            found.setdefault(plain, {})[kind.strip("<>")] = chr(code)
    return found
