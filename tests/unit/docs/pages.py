"""The documents of this repository, and the code that stands in them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
_NOT_OURS = {"build", "data", "node_modules"}

_FENCED = re.compile(r"^( *)```(\w*)\n(.*?)^\1```$", re.DOTALL | re.MULTILINE)
_INLINE = re.compile(r"`([^`\n]+)`")


def documents() -> list[Path]:
    """Every Markdown file that is ours."""
    folders = [
        path
        for path in ROOT.iterdir()
        if path.is_dir() and not path.name.startswith(".") and path.name not in _NOT_OURS
    ]
    found = [*ROOT.glob("*.md"), *(file for folder in folders for file in folder.rglob("*.md"))]
    return sorted(found)


def name(path: Path) -> str:
    """A document as people call it."""
    return path.relative_to(ROOT).as_posix()


def text(path: Path) -> str:
    """A document's text."""
    return path.read_text(encoding="utf-8")


def blocks(path: Path, language: str) -> list[str]:
    """The fenced blocks in a language, without the indentation they have in a list."""
    return [
        "\n".join(line.removeprefix(indent) for line in body.splitlines())
        for indent, found, body in _FENCED.findall(text(path))
        if found == language
    ]


def spans(path: Path) -> list[str]:
    """What stands between backticks within a line."""
    return _INLINE.findall(_FENCED.sub("", text(path)))


def code(path: Path) -> Iterator[str]:
    """Every line of code: fenced, indented, or between backticks; comments left out."""
    whole = text(path)
    lines = [line for _, _, body in _FENCED.findall(whole) for line in body.splitlines()]
    lines += [line for line in whole.splitlines() if line.startswith("    ")]
    for line in (*lines, *spans(path)):
        yield re.split(r"\s#", line)[0].strip()
