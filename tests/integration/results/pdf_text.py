"""Reads what a page of PDF says, by the fonts' own tables from codes to letters.

Only for pages with simple fonts, such as ours; it knows nothing of ours otherwise.
"""

from __future__ import annotations

import base64
import re
import unicodedata
import zlib

_OBJECT = re.compile(rb"(?:^|\n)(\d+) 0 obj\b(.*?)endobj", re.DOTALL)
_STREAM = re.compile(rb"stream\r?\n(.*?)\s*endstream", re.DOTALL)
_SHOWN = re.compile(rb"/(\S+) [\d.]+ Tf|\(((?:\\.|[^\\()])*)\) Tj|\bET\b", re.DOTALL)
_ESCAPE = re.compile(rb"\\([0-7]{3}|.)", re.DOTALL)
_PLAIN = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}


def objects(pdf: bytes) -> dict[int, bytes]:
    """The objects of a file, by their numbers."""
    return {int(number): body for number, body in _OBJECT.findall(pdf)}


def stream(body: bytes) -> bytes:
    """What an object's stream holds."""
    found = _STREAM.search(body)
    assert found
    data = found[1]
    if b"/ASCII85Decode" in body:
        data = base64.a85decode(data.strip().removesuffix(b"~>"))
    return zlib.decompress(data) if b"/FlateDecode" in body else data


def pages(pdf: bytes) -> list[bytes]:
    """Its pages."""
    return [body for body in objects(pdf).values() if re.search(rb"/Type /Page\b", body)]


def texts(pdf: bytes) -> list[str]:
    """Every text on the first page, as drawn: from the left, letters without their joined forms."""
    held = objects(pdf)
    (page,) = pages(pdf)
    fonts = {
        name.decode(): _letters(stream(held[int(table)]))
        for body in held.values()
        for name, table in re.findall(rb"/Name /(\S+).*?/ToUnicode (\d+) 0 R", body, re.DOTALL)
    }
    contents = re.search(rb"/Contents (\d+) 0 R", page)
    assert contents
    found, line, letters = [], "", dict[int, str]()
    for shown in _SHOWN.finditer(stream(held[int(contents[1])])):
        if shown[1] is not None:
            letters = fonts[shown[1].decode()]
        elif shown[2] is not None:
            line += "".join(letters[code] for code in _ESCAPE.sub(_unescaped, shown[2]))
        else:
            found.append(unicodedata.normalize("NFKC", line))
            line = ""
    return found


def _unescaped(found: re.Match[bytes]) -> bytes:
    if found[1].isdigit():
        return bytes([int(found[1], 8)])
    return _PLAIN.get(found[1], found[1])


def _letters(table: bytes) -> dict[int, str]:
    """The letters that a font's codes stand for."""
    pairs = re.findall(rb"<(\w{2})> <(\w{4,})>", table)
    return {
        int(code, 16): bytes.fromhex(letter.decode()).decode("utf-16-be") for code, letter in pairs
    }
