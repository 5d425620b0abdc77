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
from results.page.blocks import LEFT, ROOM, beside, under
from results.page.sheet import ACCENT, GREY, INK, LINE, Piece, Sheet, wrapped

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_HEIGHT: float = A4[1]
_PICTURE = (232.0, 262.0)
"""The room for a picture: across and down."""
_GAP = 16.0
_BESIDE = 282.0
"""How far down what is read first may go: the rest has a right to room as well."""
_MOST_PIXELS = 900
"""Along a picture's longer side: 300 to an inch."""
_WARNED = "#fff3d1"
_WARNING = "#b26a00"


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
    room = ROOM
    if picture is not None:
        below = _illustrate(sheet, picture, stretch, told["picture"]["caption"], top)
        room -= _PICTURE[0] + _GAP
    lowest = min(below, top - _BESIDE)
    ends = sheet.blocks(list(beside(told, room)), LEFT, room, top, lowest)
    sheet.blocks(list(under(told)), LEFT, ROOM, min(below, ends), bottom)
    return sheet.done()


def _head(sheet: Sheet, told: dict[str, Any]) -> float:
    """Title, when, and what this is not; returns where it ends."""
    y: float = _HEIGHT - 52
    when = datetime.fromisoformat(told["dated"]).strftime("%Y-%m-%d %H:%M")
    across = width(when, 9)
    sheet.put(Piece(x=LEFT + ROOM - across, width=across + 1, text=when, size=9, colour=GREY), y)
    room = ROOM - across - 20
    sheet.put(Piece(x=LEFT, width=room, text=told["title"], size=17, bold=True), y)
    y -= 34.0
    sheet.canvas.setFillColor(_WARNED)
    sheet.canvas.setStrokeColor(_WARNING)
    sheet.canvas.setLineWidth(0.8)
    sheet.canvas.rect(LEFT, y, ROOM, 22, stroke=1, fill=1)
    text = Piece(x=LEFT + 9, width=ROOM - 18, text=told["disclaimer"], size=11, bold=True)
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
        x = LEFT
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
    x = LEFT + ROOM - _PICTURE[0]
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
    sheet.rule(LEFT, bottom, ROOM)
    for name, text in lines:
        y -= 9.5
        sheet.put(Piece(x=LEFT, width=50, text=name, size=7, colour=GREY), y)
        link = name == "Model card" and text.startswith(("https://", "http://"))
        colour = ACCENT if link else INK
        piece = Piece(x=LEFT + 54, width=ROOM - 54, text=text, size=7, colour=colour)
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
