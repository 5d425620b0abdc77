"""The commands in the documents are those of the command line."""

from __future__ import annotations

import argparse
import re
from pathlib import Path

import pytest

from dicom_node.cli.parser import make
from tests.unit.docs.pages import code, documents, name

_COMMAND = re.compile(r"(?:^|(?<=\s)|(?<=bin/))dicom-node +([a-z][^|;&]*)")


def commands_of(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    """The commands below a parser, by name."""
    below = [a for a in parser._actions if isinstance(a, argparse._SubParsersAction)]
    return dict(below[0].choices) if below else {}


def wrong_in(line: str) -> list[str]:
    """What of the commands in a line of code the command line does not know."""
    wrong = []
    for told in _COMMAND.findall(line):
        parser, words = make(), told.split()
        while words and (below := commands_of(parser)):
            if words[0] not in below:
                wrong.append(f"dicom-node {told}")
                break
            parser = below[words.pop(0)]
        else:
            options = re.findall(r"--[a-z][a-z0-9-]*", " ".join(words))
            wrong += [f"{o} of dicom-node {told}" for o in options if not knows(parser, o)]
    return wrong


def knows(parser: argparse.ArgumentParser, option: str) -> bool:
    """Whether a command takes an option."""
    return option in parser._option_string_actions


@pytest.mark.parametrize("path", documents(), ids=name)
def test_commands_exist(path: Path) -> None:
    """Every `dicom-node COMMAND` and its options are what the parser takes."""
    assert [wrong for line in code(path) for wrong in wrong_in(line)] == []


def test_every_command_is_documented() -> None:
    """Each command stands in the documents."""
    told = {line for path in documents() for line in code(path)}
    words = {match.split()[0] for line in told for match in _COMMAND.findall(line)}
    assert set(commands_of(make())) <= words


@pytest.mark.parametrize(
    "line", ["dicom-node frobnicate", "dicom-node jobs frob", "dicom-node send --frob PATH"]
)
def test_a_wrong_command_is_seen(line: str) -> None:
    """A command or an option that does not exist is noticed."""
    assert wrong_in(line) != []
