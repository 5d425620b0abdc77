"""What commands print: tables for people, JSON for machines, the same facts in both."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.table import Table

UIDS = frozenset(("study", "series", "object"))
"""The columns that hold UIDs."""
WIDE = 4000
"""The width of a pipe, in which no UID is ever cut."""


def console(*, stderr: bool = False) -> Console:
    """Where people read: in colour on a terminal, plain and as wide as needed in a pipe."""
    from rich.console import Console

    class _Console(Console):
        def on_broken_pipe(self) -> None:
            raise BrokenPipeError  # main() ends every command the same way

    made = _Console(stderr=stderr, highlight=False, emoji=False, soft_wrap=False)
    if not made.is_terminal:
        made = _Console(stderr=stderr, highlight=False, emoji=False, color_system=None, width=WIDE)
    return made


def table(columns: Sequence[str], rows: Iterable[Sequence[object]], title: str = "") -> Table:
    """A table whose cells are text; columns whose name begins with `#` are numbers.

    UIDs are never broken over lines, so that they can be copied; other columns give way.
    """
    from rich import box
    from rich.table import Table
    from rich.text import Text

    made = Table(box=box.SIMPLE_HEAD, title=title or None, title_justify="left", title_style="bold")
    for name in columns:
        is_number = name.startswith("#")
        made.add_column(
            Text(name.removeprefix("#")),
            justify="right" if is_number else "left",
            overflow="fold",
            no_wrap=is_number or name in UIDS,
        )
    for row in rows:
        made.add_row(*(Text("" if cell is None else str(cell)) for cell in row))
    return made


def show(*parts: RenderableType) -> None:
    """Print tables and plain sentences, without the blanks that pad them in a pipe."""
    out = console()
    if out.is_terminal:
        for part in parts:
            out.print(part, markup=False)
        return
    with out.capture() as caught:
        for part in parts:
            out.print(part, markup=False)
    for line in caught.get().splitlines():
        print(line.rstrip())


def as_json(value: object, *, indent: int | None = 2) -> None:
    """Print JSON; moments (keys that end in `_at` or `until`) also as ISO times."""
    print(json.dumps(with_times(value), indent=indent, ensure_ascii=False, default=str))
    sys.stdout.flush()


def with_times(value: Any) -> Any:
    """The value with an ISO time beside every moment: `received_at` gets `received_at_iso`."""
    if isinstance(value, Mapping):
        found: dict[str, Any] = {}
        for key, inner in value.items():
            found[str(key)] = with_times(inner)
            if str(key) == "at" or str(key).endswith(("_at", "_until", "not_before")):
                found[f"{key}_iso"] = iso(inner) if isinstance(inner, int | float) else None
        return found
    if isinstance(value, list | tuple | set | frozenset):
        return [with_times(inner) for inner in value]
    return value


def iso(moment: float) -> str:
    """A moment in ISO 8601, local time with its offset, to the millisecond."""
    return datetime.fromtimestamp(moment).astimezone().isoformat(timespec="milliseconds")


def when(moment: float | None) -> str:
    """A moment as people write it, local time."""
    if moment is None:
        return ""
    return datetime.fromtimestamp(moment).astimezone().strftime("%Y-%m-%d %H:%M:%S")


def span(seconds: float) -> str:
    """A length of time in its two largest units."""
    if seconds < 0:
        return f"-{span(-seconds)}"
    if seconds < 10:
        return f"{seconds:.1f} s"
    rest = round(seconds)
    if rest < 60:
        return f"{rest} s"
    for size, name, smaller, its_name in (
        (86400, "d", 3600, "h"),
        (3600, "h", 60, "min"),
        (60, "min", 1, "s"),
    ):
        if rest >= size:
            whole, left = divmod(rest, size)
            part = left // smaller
            return f"{whole} {name} {part} {its_name}" if part else f"{whole} {name}"
    return f"{rest} s"


def size(count: float) -> str:
    """A number of bytes in the unit that suits it."""
    for unit in ("B", "kB", "MB", "GB"):
        if abs(count) < 1000:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"


def many(count: int, noun: str, plural: str = "") -> str:
    """A number with its noun: `1 job`, `2 jobs`."""
    return f"{count} {noun if count == 1 else plural or noun + 's'}"
