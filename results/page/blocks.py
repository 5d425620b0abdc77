"""What a page says of its summary, in blocks: what to read first, and the rest."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reportlab.lib.pagesizes import A4

from pipelines.contract import percent
from results.page.sheet import GREY, INK, Block, Line, Piece, running, wrapped

LEFT = 40.0
"""Where the page's texts begin; they end as far from its other edge."""
ROOM: float = A4[0] - 2 * LEFT
_MOST_OF_JUDGEMENT = 4
"""Lines that a judgement takes: what is long is not to hide whether it is there."""
_Row = tuple[str, str, str, str]


def beside(told: dict[str, Any], room: float) -> Iterator[Block]:
    """What goes beside the picture: what to read first."""
    risk = [f"Risk: {told['risk']}"] if told["risk"] else []
    text = told["summary"] or ("" if told["classifications"] or risk else "Nothing was stated.")
    summary = running("Summary", text, LEFT, room, 9)
    if summary:
        yield summary
    groups: list[list[Line]] = [[(Piece(x=LEFT + 10, width=room - 10, text=t),)] for t in risk]
    groups += [_classified(item, room) for item in told["classifications"]]
    if groups:
        yield Block(title="Finding", groups=groups, gap=0.3)


def _classified(item: dict[str, Any], room: float) -> list[Line]:
    """A judgement in words, how sure it is, and where and why."""
    there, x, across = item["present"], LEFT + 10, room - 10
    parts, cut = wrapped(item["says"], across, 9.5, _MOST_OF_JUDGEMENT, there)
    parts[-1] += "..." if cut else ""
    words = [Piece(x=x, width=across, text=text, size=9.5, bold=there) for text in parts]
    lines: list[Line] = [(Piece(x=LEFT, width=10, text="", dot=there), words[0])]
    lines += [(more,) for more in words[1:]]
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


def under(told: dict[str, Any]) -> Iterator[Block]:
    """What goes under the picture, over the whole width."""
    if told["regions"]:
        yield _table("Regions", ("", "score", "where", "width x height"), _regions(told))
    if told["measurements"]:
        rows = [(m["name"], m["says"], m["where"], m["region"]) for m in told["measurements"]]
        yield _table("Measurements", ("", "value", "where", "of"), rows)
    for name in ("recommendation", "limits"):
        block = running(name.capitalize(), told[name], LEFT, ROOM)
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
            _named(region),
            "" if region["score"] is None else percent(region["score"]),
            region["where"],
            region["extent"],
        )
        for region in told["regions"]
    ]


def _named(region: dict[str, Any]) -> str:
    """What a region is called, and where in the body it is."""
    denied = "" if region["present"] else " (judged absent)"
    where = f", {region['site']['says']}" if region["site"] else ""
    return f"{region['label']}{denied}{where}"


def _table(title: str, heads: tuple[str, ...], rows: list[_Row]) -> Block:
    columns = ((0.0, 156.0), (164.0, 76.0), (248.0, 130.0), (386.0, 129.0))

    def line(cells: tuple[str, ...], size: float, colour: str) -> Line:
        return tuple(
            Piece(x=LEFT + x, width=room, text=text, size=size, colour=colour)
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
        lines, cut = wrapped(text, ROOM, 8.5, 2)
        ends = ["..." if cut and line is lines[-1] else "" for line in lines]
        groups.append(
            [
                (Piece(x=LEFT, width=ROOM, text=line + end),)
                for line, end in zip(lines, ends, strict=True)
            ]
        )
    if groups:
        yield Block(title=title, groups=groups)
