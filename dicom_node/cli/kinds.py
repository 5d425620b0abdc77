"""Names for argparse's types that it keeps to itself."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError, _SubParsersAction
from typing import TypeAlias

Commands: TypeAlias = "_SubParsersAction[ArgumentParser]"


def positive(text: str) -> int:
    """A whole number of at least 1."""
    try:
        found = int(text)
    except ValueError:
        found = 0
    if found < 1:
        raise ArgumentTypeError(f"{text} is not a whole number of at least 1")
    return found


def with_json(command: ArgumentParser) -> None:
    """Give a command that reads its `--json`."""
    command.add_argument("--json", action="store_true", help="print JSON instead of tables")
