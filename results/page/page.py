"""The one page of a report: what a summary tells, with a picture, as PDF."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from io import BytesIO
from typing import TYPE_CHECKING, Any

from PIL import Image
from reportlab.lib.pagesizes import A4
from reportlab.lib.utils import ImageReader

from results.lettering import has_glyphs, lettered, person, seen, width
from results.page.sheet import ACCENT, GREY, INK, LINE, Block, Line, Piece, Sheet, running, wrapped
from results.page.summary import percent

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_WIDTH: float
_HEIGHT: float
_WIDTH, _HEIGHT = A4
_LEFT = 40.0
_ROOM: float = _WIDTH - 2 * _LEFT
_PICTURE = (232.0, 262.0)
"""The room for a picture: across and down."""
_GAP = 16.0
_BESIDE = 282.0
"""How far down what is read first may go: the rest has a right to room as well."""
_MOST_PIXELS = 900
"""Along a picture's longer side: 300 to an inch."""
_WARNED = "#fff3d1"
_WARNING = "#b26a00"
_Row = tuple[str, str, str, str]


def page(
    told: dict[str, Any],
    picture: NDArray[np.uint8] | None = None,
    stretch: float = 1,
) -> bytes:
    """Draw a summary on one page of A4; long texts are cut, and it is said where.

    `stretch` is how high a pixel of the picture is for its width. The same arguments give the
    same bytes, and an even number of them.
    """
    maker = " ".join(part for part in (told["node"]["name"], told["node"]["version"]) if part)
    sheet = Sheet(
        told["title"], maker, told["disclaimer"], datetime.fromisoformat(told["dated"]), A4
    )
    top = _study(sheet, told, _head(sheet, told))
    bottom = _foot(sheet, told)
    below = top
    room = _ROOM
    if picture is not None:
        below = _illustrate(sheet, picture, stretch, told["picture"]["caption"], top)
        room -= _PICTURE[0] + _GAP
    lowest = min(below, top - _BESIDE)
    beside = sheet.blocks(list(_beside(told, room)), _LEFT, room, top, lowest)
    sheet.blocks(list(_under(told)), _LEFT, _ROOM, min(below, beside), bottom)
    return sheet.done()


def _head(sheet: Sheet, told: dict[str, Any]) -> float:
    """Title, when, and what this is not; returns where it ends."""
    y: float = _HEIGHT - 52
    when = datetime.fromisoformat(told["dated"]).strftime("%Y-%m-%d %H:%M")
    across = width(when, 9)
    sheet.put(Piece(x=_LEFT + _ROOM - across, width=across + 1, text=when, size=9, colour=GREY), y)
    room = _ROOM - across - 20
    sheet.put(Piece(x=_LEFT, width=room, text=told["title"], size=17, bold=True), y)
    y -= 34.0
    sheet.canvas.setFillColor(_WARNED)
    sheet.canvas.setStrokeColor(_WARNING)
    sheet.canvas.setLineWidth(0.8)
    sheet.canvas.rect(_LEFT, y, _ROOM, 22, stroke=1, fill=1)
    text = Piece(x=_LEFT + 9, width=_ROOM - 18, text=told["disclaimer"], size=11, bold=True)
    sheet.put(text, y + 7)
    return y


def _study(sheet: Sheet, told: dict[str, Any], y: float) -> float:
    """Whose study it is, in two rows of values under their names; returns where it ends."""
    study = told["study"]
    rows = [
        [
            ("Patient", person(study["PatientName"]), 184),
            ("Patient ID", study["PatientID"], 174),
            ("Birth date", _date(study["PatientBirthDate"]), 82),
            ("Sex", study["PatientSex"], 75),
        ],
        [
            ("Study", study["StudyDescription"], 184),
            ("Accession number", study["AccessionNumber"], 174),
            ("Study date", _date(study["StudyDate"]), 82),
            ("Identity removed", study["PatientIdentityRemoved"], 75),
        ],
    ]
    for row in rows:
        y -= 14
        x = _LEFT
        for name, value, room in row:
            if value or name != "Identity removed":
                sheet.put(Piece(x=x, width=room, text=name, size=6.8, colour=GREY), y)
                _value(sheet, value or "-", x, room - 8, y - 11.5)
            x += room
        y -= 19
    return y


def _value(sheet: Sheet, value: str, x: float, room: float, y: float) -> None:
    """A value on one line, or in smaller letters on two: an identifier should not be cut."""
    for size in (9.5, 8):
        if width(seen(lettered(value)), size, bold=True) <= room:
            sheet.put(Piece(x=x, width=room, text=value, size=size, bold=True), y)
            return
    for size in (6.8, 5.6):
        lines, cut = wrapped(value, room, size, 2)
        if not cut:
            break
    for number, line in enumerate(lines):
        text = line + ("..." if cut and number == 1 else "")
        sheet.put(Piece(x=x, width=room, text=text, size=size), y + 2.5 - 8 * number)


def _date(value: str) -> str:
    """A DICOM date as people write it; anything else as it is."""
    if len(value) == 8 and value.isascii() and value.isdigit():
        return f"{value[:4]}-{value[4:6]}-{value[6:]}"
    return value


def _illustrate(
    sheet: Sheet, picture: NDArray[np.uint8], stretch: float, caption: str, top: float
) -> float:
    """The picture on the right and what it shows under it; returns where it ends."""
    rows, columns = picture.shape[:2]
    scale = min(_PICTURE[0] / columns, _PICTURE[1] / (rows * stretch))
    across, down = columns * scale, rows * stretch * scale
    x = _LEFT + _ROOM - _PICTURE[0]
    y: float = top - 0.7 * LINE - down
    sheet.canvas.setFillColor("#000000")
    sheet.canvas.rect(x, y, _PICTURE[0], down, stroke=0, fill=1)
    reader = ImageReader(BytesIO(_jpeg(picture)))
    sheet.canvas.drawImage(reader, x + (_PICTURE[0] - across) / 2, y, across, down)
    lines, _ = wrapped(caption, _PICTURE[0], 7, 2)
    for line in lines:
        y -= 9.5
        sheet.put(Piece(x=x, width=_PICTURE[0] + 1, text=line, size=7, colour=GREY), y)
    return y


def _jpeg(picture: NDArray[np.uint8]) -> bytes:
    """A picture no larger than print needs; lines of colour keep their colour."""
    made = Image.fromarray(picture)
    made.thumbnail((_MOST_PIXELS, _MOST_PIXELS), Image.Resampling.LANCZOS)
    buffer = BytesIO()
    made.save(buffer, "JPEG", quality=85, subsampling=0)
    return buffer.getvalue()


def _beside(told: dict[str, Any], room: float) -> Iterator[Block]:
    """What goes beside the picture: what to read first."""
    risk = [f"Risk: {told['risk']}"] if told["risk"] else []
    text = told["summary"] or ("" if told["classifications"] or risk else "Nothing was stated.")
    summary = running("Summary", text, _LEFT, room, 9)
    if summary:
        yield summary
    groups: list[list[Line]] = [[(Piece(x=_LEFT + 10, width=room - 10, text=t),)] for t in risk]
    groups += [_classified(item, room) for item in told["classifications"]]
    if groups:
        yield Block(title="Finding", groups=groups, gap=0.3)


def _classified(item: dict[str, Any], room: float) -> list[Line]:
    """A judgement in words, how sure it is, and where and why."""
    there, x, across = item["present"], _LEFT + 10, room - 10
    words = Piece(x=x, width=across, text=item["says"], size=9.5, bold=there)
    lines: list[Line] = [(Piece(x=_LEFT, width=10, text="", dot=there), words)]
    sure, share = item["sureness"], item["probability"]
    if share is not None:
        bar = Piece(x=x, width=52, text="", bar=(share, item["threshold"]))
        lines.append((bar, Piece(x=x + 58, width=across - 58, text=sure, size=7.8)))
    elif sure:
        lines.append((Piece(x=x, width=across, text=sure, size=8),))
    rest = [t for t in (item["because"].rstrip("."), item["region"], item["where"]) if t]
    if rest:
        lines.append((Piece(x=x, width=across, text="; ".join(rest), size=7.5, colour=GREY),))
    return lines


def _under(told: dict[str, Any]) -> Iterator[Block]:
    """What goes under the picture, over the whole width."""
    if told["regions"]:
        yield _table("Regions", ("", "score", "where", "width x height"), _regions(told))
    if told["measurements"]:
        rows = [(m["name"], m["says"], m["where"], m["region"]) for m in told["measurements"]]
        yield _table("Measurements", ("", "value", "where", "of"), rows)
    for name in ("recommendation", "limits"):
        block = running(name.capitalize(), told[name], _LEFT, _ROOM)
        if block:
            yield block
    notes = [note for note in told["notes"] if note["severity"] in ("warning", "error")]
    notes.sort(key=lambda note: note["severity"] != "error")
    texts = [f"{note['severity'].capitalize()}: {note['text'] or note['code']}" for note in notes]
    yield from _sentences("Quality of the study", texts)
    refusals = [
        f"{item['of']}, because {item['because'].rstrip('.')}." for item in told["refusals"]
    ]
    yield from _sentences("Not processed", refusals)


def _regions(told: dict[str, Any]) -> list[_Row]:
    return [
        (
            region["label"] + ("" if region["present"] else " (judged absent)"),
            "" if region["score"] is None else percent(region["score"]),
            region["where"],
            region["extent"],
        )
        for region in told["regions"]
    ]


def _table(title: str, heads: tuple[str, ...], rows: list[_Row]) -> Block:
    columns = ((0.0, 156.0), (164.0, 76.0), (248.0, 130.0), (386.0, 129.0))

    def line(cells: tuple[str, ...], size: float, colour: str) -> Line:
        return tuple(
            Piece(x=_LEFT + x, width=room, text=text, size=size, colour=colour)
            for text, (x, room) in zip(cells, columns, strict=True)
        )

    groups = [[line(row, 8.5, INK)] for row in rows]
    used = [any(cells) for cells in zip(*rows, strict=True)]
    named = tuple(head if there else "" for head, there in zip(heads, used, strict=True))
    return Block(title=title, groups=groups, heads=line(named, 7, GREY)[1:])


def _sentences(title: str, texts: list[str]) -> Iterator[Block]:
    """Sentences, each on lines of its own, of which there are seldom more than two."""
    groups = []
    for text in texts:
        lines, cut = wrapped(text, _ROOM, 8.5, 2)
        ends = ["..." if cut and line is lines[-1] else "" for line in lines]
        groups.append(
            [
                (Piece(x=_LEFT, width=_ROOM, text=line + end),)
                for line, end in zip(lines, ends, strict=True)
            ]
        )
    if groups:
        yield Block(title=title, groups=groups)


def _foot(sheet: Sheet, told: dict[str, Any]) -> float:
    """What made this, on the last lines of the page; returns how far down there is room."""
    algorithm, pipeline, node = told["algorithm"], told["pipeline"], told["node"]
    about = [f"{algorithm['name']} {algorithm['version']}"]
    about += [algorithm["vendor"]] if algorithm["vendor"] else []
    made = " ".join(part for part in (node["name"], node["version"]) if part)
    station = f" ({node['station']})" if node["station"] else ""
    run = f"pipeline {pipeline['name']} {pipeline['version']}, revision {pipeline['revision']}"
    lines = [("Algorithm", ", ".join(about))]
    lines += [
        (name, text)
        for name, text in (("Weights", algorithm["digest"]), ("Model card", algorithm["card"]))
        if text
    ]
    lines.append(("Made by", f"{made}{station}, {run}, {told['dated']}"))
    if not all(map(has_glyphs, _texts(told))):
        lines.append(("Letters", "? stands for a letter that this page's font lacks"))
    y = bottom = 32 + 9.5 * len(lines)
    sheet.rule(_LEFT, bottom, _ROOM)
    for name, text in lines:
        y -= 9.5
        sheet.put(Piece(x=_LEFT, width=50, text=name, size=7, colour=GREY), y)
        link = name == "Model card" and text.startswith(("https://", "http://"))
        colour = ACCENT if link else INK
        piece = Piece(x=_LEFT + 54, width=_ROOM - 54, text=text, size=7, colour=colour)
        end = sheet.put(piece, y)
        if link:
            sheet.canvas.linkURL(text, (piece.x, y - 2, end, y + 7), relative=0)
    return bottom + 8


def _texts(told: Any) -> Iterator[str]:
    """Every text in a summary; of a person's name only what is drawn of it."""
    if isinstance(told, str):
        yield told
    elif isinstance(told, dict):
        for key, value in told.items():
            alone = isinstance(value, str) and key == "PatientName"
            yield from [person(value)] if alone else _texts(value)
    elif isinstance(told, list):
        for value in told:
            yield from _texts(value)
