"""Text that fits a report's character set, since that is the source's and may not be ours."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence

from pydicom.charset import convert_encodings, custom_encoders

NOTICE = "AI result, not for diagnosis"
"""What stands in every picture, state and selection of ours."""
Encodable = Callable[[str], str]
"""Makes a text fit; what has no place in the character set is replaced, never an error."""

_DEFAULT = ("", "ISO_IR 6", "ISO 2022 IR 6")


def fitting(character_set: str | Sequence[str] | None) -> Encodable:
    """Make a function that fits texts to a SpecificCharacterSet."""
    values = [character_set] if isinstance(character_set, str) else list(character_set or [""])
    encodings = convert_encodings(values)
    # The default repertoire is ASCII; pydicom takes it for Latin-1, and would write its bytes.
    latin = encodings[0] if values[0] in _DEFAULT else ""

    def fits(character: str) -> bool:
        if latin and _has(latin, character):
            return False
        return any(_has(encoding, character) for encoding in encodings)

    def fit(text: str) -> str:
        clean = "".join(c for c in text if c in "\n\t" or unicodedata.category(c) != "Cc")
        clean = clean.replace("\t", " ").strip()
        if clean.isascii():
            return clean
        return "".join(c if c.isascii() or fits(c) else _plain(c) for c in clean)

    return fit


def _has(encoding: str, character: str) -> bool:
    try:
        if encoding in custom_encoders:
            custom_encoders[encoding](character)
        else:
            character.encode(encoding)
    except (UnicodeError, LookupError):
        return False
    return True


def _plain(character: str) -> str:
    """The nearest ASCII: an accent is dropped, anything else becomes a question mark."""
    simple = unicodedata.normalize("NFKD", character).encode("ascii", "ignore").decode()
    return simple.strip() or "?"


def shortened(text: str, length: int) -> str:
    """The text, cut to a length with dots in place of the rest."""
    return text if len(text) <= length else text[: length - 3].rstrip() + "..."


def line(text: str, length: int) -> str:
    """The text as one line of a value that a backslash would end, cut to a length."""
    return shortened(" ".join(text.replace("\\", "/").split()), length)
