"""Blocks of text for pictures: wrapped, in our own fonts, light on a darkened ground."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from results.drawing.colours import RGB, WHITE, heat
from results.lettering import FOLDER, lettered, runs, seen

if TYPE_CHECKING:
    from numpy.typing import NDArray

_GROUND = 0.25
"""How much of the image shows through under text."""
_SMALLEST = 7


@dataclass(frozen=True)
class Line:
    """A line of text, or, without any, the scale of a heat map."""

    text: str
    bold: bool = False
    colour: RGB = WHITE


@dataclass(frozen=True)
class Block:
    """Lines that are wrapped already, and the room that they take."""

    lines: Sequence[Line]
    size: int
    width: int
    height: int
    bar: RGB | None = None
    """The colour of a bar at the left: that of the region which the text is about."""
    cut: bool = False
    """Whether something had no room."""


def letter_size(rows: int, columns: int) -> int:
    """The size of letters for a picture, in pixels: small pictures are shown enlarged."""
    shorter = min(rows, columns)
    return max(round(0.02 * shorter), min(10, max(_SMALLEST, round(0.04 * shorter))))


def block(lines: Sequence[Line], size: int, room: tuple[int, int], bar: RGB | None = None) -> Block:
    """Lay lines out in a room of so many rows and columns; what has no room is left out."""
    pad = _pad(size)
    rows, columns = room
    wide = max(1, columns - 2 * pad - (2 * pad if bar else 0))
    wrapped = [
        Line(part, line.bold, line.colour)
        for line in lines
        for part in _wrapped(line.text, line.bold, size, wide)
    ]
    most = max(1, (rows - 2 * pad) // _line_height(size))
    cut = len(wrapped) > most
    if cut:
        wrapped = wrapped[:most]
        last = wrapped[-1]
        wrapped[-1] = Line(_cut(last.text + "...", last.bold, size, wide), last.bold, last.colour)
    width = max(_width(line, size) for line in wrapped) + 2 * pad + (2 * pad if bar else 0)
    height = len(wrapped) * _line_height(size) + 2 * pad
    return Block(wrapped, size, min(width, columns), min(height, rows), bar, cut)


def stamp(picture: NDArray[np.uint8], made: Block, top: int, left: int) -> None:
    """Draw a block into a picture."""
    part = picture[top : top + made.height, left : left + made.width]
    image = Image.fromarray((part * _GROUND).astype(np.uint8))
    draw = ImageDraw.Draw(image)
    pad, y = _pad(made.size), _pad(made.size)
    x = pad
    if made.bar:
        draw.rectangle((0, 0, pad, made.height), fill=made.bar)
        x += 2 * pad
    for line in made.lines:
        if line.text:
            _letter(draw, line, made.size, x, y)
        else:
            _scale(image, x, y, made.size)
        y += _line_height(made.size)
    part[:] = np.asarray(image)


def _letter(draw: ImageDraw.ImageDraw, line: Line, size: int, x: float, y: int) -> None:
    """Draw a line's text on one base line, whatever fonts it takes."""
    parts = _parts(seen(line.text), line.bold, size)
    base = y + _font(size, "DejaVuSans-Bold" if line.bold else "DejaVuSans").getmetrics()[0]
    for font, part in parts:
        draw.text((x, base), part, line.colour, font, anchor="ls")
        x += font.getlength(part)


def _scale(image: Image.Image, x: int, y: int, size: int) -> None:
    """The colours of a heat map, from nothing to the most."""
    width, height = _scale_width(size), max(2, round(0.7 * size))
    steps = heat()[np.linspace(0, 255, width).astype(int)]
    image.paste(Image.fromarray(np.repeat(steps[None], height, axis=0)), (x, y + size // 5))


def _scale_width(size: int) -> int:
    return 6 * size


def _pad(size: int) -> int:
    return max(1, size // 4)


def _line_height(size: int) -> int:
    return round(1.25 * size)


def _width(line: Line, size: int) -> int:
    return _length(line.text, line.bold, size) if line.text else _scale_width(size)


def _length(text: str, bold: bool, size: int) -> int:
    return int(np.ceil(sum(font.getlength(part) for font, part in _parts(text, bold, size))))


def _parts(text: str, bold: bool, size: int) -> list[tuple[ImageFont.FreeTypeFont, str]]:
    return [(_font(size, font.fontName), part) for font, part in runs(text, bold)]


def _wrapped(text: str, bold: bool, size: int, wide: int) -> Iterator[str]:
    """The text in parts that are not too wide, between words where that can be."""
    line = ""
    for word in lettered(text).split():
        longer = f"{line} {word}".strip()
        if _length(longer, bold, size) <= wide:
            line = longer
            continue
        if line:
            yield line
        while len(word) > 1 and _length(word, bold, size) > wide:
            part = word
            while len(part) > 1 and _length(part, bold, size) > wide:
                part = part[:-1]
            yield part
            word = word[len(part) :]
        line = word
    if line or not text:
        yield line


def _cut(text: str, bold: bool, size: int, wide: int) -> str:
    """The text with letters before its closing dots left out until it fits."""
    while len(text) > 4 and _length(text, bold, size) > wide:
        text = text[:-4].rstrip() + "..."
    return text


@lru_cache(maxsize=16)
def _font(size: int, name: str) -> ImageFont.FreeTypeFont:
    # Basic layout draws the same wherever it runs; other layouts depend on what is installed.
    return ImageFont.truetype(FOLDER / f"{name}.ttf", size, layout_engine=ImageFont.Layout.BASIC)
