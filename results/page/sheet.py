"""A page in the making: pieces of text on lines, and blocks of lines that share what room is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from io import BytesIO
from itertools import islice

from reportlab.pdfgen.canvas import Canvas

from results.lettering import font, lettered, runs, seen, width

LINE = 11.5
CONTINUED = "continued in the structured report"

INK, GREY, RULE, ACCENT = "#14202b", "#5b6670", "#c9d0d6", "#0b4f6c"
_DOTS = "..."
_OPENING = 1.7
"""Lines that a block's title and the room above it take."""


@dataclass(frozen=True, kw_only=True)
class Piece:
    """A text in its place on a line; what is too long for it is cut."""

    x: float
    width: float
    text: str
    size: float = 8.5
    bold: bool = False
    colour: str = INK
    bar: tuple[float, float | None] | None = None
    """In place of text: a probability, and the threshold that it is held against."""
    dot: bool | None = None
    """In place of text: a full dot or an empty one."""


Line = tuple[Piece, ...]


@dataclass(frozen=True, kw_only=True)
class Block:
    """A title and what is under it: groups of lines, each shown whole or not at all."""

    title: str
    groups: Sequence[Sequence[Line]]
    heads: Line = ()
    """What the columns are, beside the title."""
    gap: float = 0
    """Lines of room under each group."""
    running: bool = False
    """Whether the groups are the lines of one text."""
    cut: bool = False
    """Whether there was more than these groups."""


def wrapped(
    text: str, room: float, size: float, most: int, bold: bool = False
) -> tuple[list[str], bool]:
    """A text in lines of a width, at most so many, and whether that left anything out."""
    more = most * _most_letters(room, size)
    lines = list(islice(_lines(lettered(text[:more]), room, size, bold), most + 1))
    return lines[:most], len(lines) > most or len(text) > more


def _most_letters(room: float, size: float) -> int:
    """More letters than a line has room for: what is longer need not be measured."""
    return int(8 * room / size)


def _fits(text: str, room: float, size: float, bold: bool = False) -> bool:
    return len(text) <= _most_letters(room, size) and width(seen(text), size, bold) <= room


def _lines(text: str, room: float, size: float, bold: bool) -> Iterator[str]:
    for paragraph in text.split("\n"):
        line = ""
        for word in paragraph.split():
            tried = f"{line} {word}" if line else word
            if _fits(tried, room, size, bold):
                line = tried
                continue
            if line:
                yield line
            line = word
            while len(line) > 1 and not _fits(line, room, size, bold):
                part = shortened_to(line, room, size, bold, dots="")
                yield part
                line = line[len(part) :]
        if line:
            yield line


def shortened_to(text: str, room: float, size: float, bold: bool = False, dots: str = _DOTS) -> str:
    """As much of a text as a width has room for, with dots where it was cut."""
    if _fits(text, room, size, bold):
        return text
    low, high = 1, min(len(text), _most_letters(room, size))
    while low < high:
        middle = (low + high + 1) // 2
        fits = _fits(text[:middle].rstrip() + dots, room, size, bold)
        low, high = (middle, high) if fits else (low, middle - 1)
    return text[:low].rstrip() + dots


def running(title: str, text: str, x: float, room: float, size: float = 8.5) -> Block | None:
    """A block of one text; none where there is no text."""
    lines, cut = wrapped(text, room, size, 40)
    if not lines:
        return None
    groups = [[(Piece(x=x, width=room, text=line, size=size),)] for line in lines]
    return Block(title=title, groups=groups, running=True, cut=cut)


@dataclass
class Sheet:
    """A page of PDF; y runs up from its lower edge, as PDF has it."""

    title: str
    author: str
    subject: str
    dated: datetime
    page: tuple[float, float]
    _out: BytesIO = field(default_factory=BytesIO)

    def __post_init__(self) -> None:
        font(), font(bold=True)
        self.canvas = Canvas(
            self._out,
            pagesize=self.page,
            pageCompression=1,
            invariant=1,
            lang="en",
            initialFontName="DejaVuSans",
        )
        self.canvas.setTitle(self.title)
        self.canvas.setSubject(self.subject)
        self.canvas.setAuthor(self.author)
        self.canvas.setCreator(self.author)
        self.canvas.setProducer(self.author)
        self.canvas.setDateFormatter(lambda *_: _pdf_date(self.dated))

    def done(self) -> bytes:
        """The page's bytes, an even number of them, so that DICOM adds none."""
        self.canvas.showPage()
        self.canvas.save()
        made = self._out.getvalue()
        return made if len(made) % 2 == 0 else made + b"\n"

    def put(self, piece: Piece, y: float) -> float:
        """Draw a piece on a line; returns where it ends."""
        canvas = self.canvas
        if piece.dot is not None:
            canvas.setStrokeColor(ACCENT)
            canvas.setFillColor(ACCENT)
            canvas.setLineWidth(0.9)
            canvas.circle(piece.x + 2.5, y + 3, 2.4, stroke=1, fill=int(piece.dot))
            return piece.x + 5
        if piece.bar is not None:
            self._bar(piece, y, *piece.bar)
            return piece.x + piece.width
        text = shortened_to(lettered(piece.text), piece.width, piece.size, piece.bold)
        canvas.setFillColor(piece.colour)
        line = canvas.beginText(piece.x, y)
        for each, part in runs(seen(text), piece.bold):
            line.setFont(each.fontName, piece.size)
            line.textOut(part)
        canvas.drawText(line)
        return piece.x + width(seen(text), piece.size, piece.bold)

    def _bar(self, piece: Piece, y: float, share: float, threshold: float | None) -> None:
        canvas = self.canvas
        canvas.setFillColor("#e6eaed")
        canvas.rect(piece.x, y + 0.5, piece.width, 5, stroke=0, fill=1)
        canvas.setFillColor(ACCENT)
        canvas.rect(piece.x, y + 0.5, piece.width * share, 5, stroke=0, fill=1)
        if threshold is not None:
            at = piece.x + piece.width * threshold
            canvas.setStrokeColor(INK)
            canvas.setLineWidth(0.8)
            canvas.line(at, y - 1, at, y + 7)

    def rule(self, x: float, y: float, room: float) -> None:
        """A thin line across."""
        self.canvas.setStrokeColor(RULE)
        self.canvas.setLineWidth(0.6)
        self.canvas.line(x, y, x + room, y)

    def blocks(
        self, blocks: Sequence[Block], x: float, room: float, top: float, bottom: float
    ) -> float:
        """Draw blocks one under the other between two heights; returns where they end."""
        y = top
        for block, shown in zip(blocks, share(blocks, (top - bottom) / LINE), strict=True):
            y -= 0.7 * LINE
            self.rule(x, y + 0.15 * LINE, room)
            y -= LINE
            end = self.put(Piece(x=x, width=room, text=block.title, bold=True, colour=ACCENT), y)
            for head in block.heads:
                if head.x > end:
                    self.put(head, y)
            for group in _shown(block, shown, x, room):
                for line in group:
                    y -= LINE
                    for piece in line:
                        self.put(piece, y)
                y -= block.gap * LINE
        return y


def _pdf_date(moment: datetime) -> str:
    offset = moment.strftime("%z")
    return moment.strftime("D:%Y%m%d%H%M%S") + (f"{offset[:3]}'{offset[3:5]}'" if offset else "")


def share(blocks: Sequence[Block], lines: float) -> list[int]:
    """How many groups of each block are shown: in turn each gets one more while there is room."""
    shown = [0] * len(blocks)
    left = lines - _OPENING * len(blocks)
    open_ones = list(range(len(blocks)))
    while open_ones:
        for number in list(open_ones):
            block = blocks[number]
            rest = block.groups[shown[number] :]
            if not rest or len(rest[0]) + block.gap > left:
                open_ones.remove(number)
                continue
            left -= len(rest[0]) + block.gap
            shown[number] += 1
    return shown


def _shown(block: Block, shown: int, x: float, room: float) -> Iterator[Sequence[Line]]:
    """A block's groups; in place of the last that fits, that there are more, where there are."""
    if shown == len(block.groups) and not block.cut:
        yield from block.groups
        return
    yield from block.groups[: max(0, shown - 1)]
    if not block.running:
        missing = len(block.groups) - max(0, shown - 1)
        yield [(Piece(x=x, width=room, text=f"{missing} more, {CONTINUED}", colour=GREY),)]
    elif shown:
        ((piece,),) = block.groups[shown - 1]
        ending = f" {_DOTS} {CONTINUED}"
        space = room - width(ending, piece.size)
        text = shortened_to(piece.text, space, piece.size, dots="")
        if text != piece.text and " " in text:
            text = text.rsplit(" ", 1)[0]
        yield [(replace(piece, text=text + ending, width=room + 1),)]
