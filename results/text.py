"""Text that fits a report's character set, since that is the source's and may not be ours."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence

from pydicom.charset import convert_encodings, encode_string

Encodable = Callable[[str], str]
"""Makes a text fit; what has no place in the character set is replaced, never an error."""


def fitting(character_set: str | Sequence[str] | None) -> Encodable:
    """Make a function that fits texts to a SpecificCharacterSet."""
    values = [character_set] if isinstance(character_set, str) else list(character_set or [""])
    encodings = convert_encodings(values)
    with_escapes = len(encodings) > 1

    def fits(character: str) -> bool:
        try:
            if with_escapes:
                return encode_string(character, encodings) != b"?"
            character.encode(encodings[0] if values[0] else "ascii")
        except (UnicodeEncodeError, LookupError):
            return False
        return True

    def fit(text: str) -> str:
        clean = "".join(c for c in text if c in "\n\t" or unicodedata.category(c) != "Cc")
        clean = clean.replace("\t", " ").strip()
        if clean.isascii():
            return clean
        return "".join(c if c.isascii() or fits(c) else _plain(c) for c in clean)

    return fit


def _plain(character: str) -> str:
    """The nearest ASCII: an accent is dropped, anything else becomes a question mark."""
    simple = unicodedata.normalize("NFKD", character).encode("ascii", "ignore").decode()
    return simple or "?"
