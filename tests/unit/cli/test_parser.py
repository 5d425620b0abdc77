"""The parser: what help costs, and what is a command."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from argparse import ArgumentParser, _SubParsersAction
from collections.abc import Iterator
from pathlib import Path

import pytest

from dicom_node.cli.exits import MEANING
from dicom_node.cli.parser import make

ROOT = Path(__file__).parents[3]
DOCS = ROOT / "docs" / "cli.md"
HEAVY = ("pydantic", "pydicom", "pynetdicom", "rich", "sqlalchemy", "numpy", "pipelines", "asyncio")


def commands(parser: ArgumentParser, words: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Every command with its sub-commands, as words."""
    for action in parser._actions:
        if isinstance(action, _SubParsersAction):
            for name, inner in action.choices.items():
                yield (*words, name)
                yield from commands(inner, (*words, name))


EVERY = [(), *commands(make())]


@pytest.mark.parametrize("words", EVERY, ids=" ".join)
def test_every_help_ends_with_the_exit_statuses(
    words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    """--help of each command says what its exit status means, and what it does."""
    with pytest.raises(SystemExit) as ended:
        make().parse_args([*words, "--help"])
    assert ended.value.code == 0
    told = " ".join(capsys.readouterr().out.split())
    assert "exit status: 0 done; 1 it ran" in told


def test_help_imports_nothing_heavy() -> None:
    """Making the parser brings no library that takes its time."""
    code = (
        "import sys; from dicom_node.cli.parser import make; make();"
        f"sys.exit(', '.join(m for m in {HEAVY!r} if m in sys.modules) or 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_help_is_there_at_once() -> None:
    """`dicom-node --help` takes less than 0.3 s; the best of several tries, as others work too."""
    tries = []
    for _ in range(8):
        began = time.monotonic()
        subprocess.run(
            [sys.executable, "-m", "dicom_node.cli", "--help"],
            cwd=ROOT,
            env={**os.environ, "COLUMNS": "100"},
            stdout=subprocess.DEVNULL,
            check=True,
        )
        tries.append(time.monotonic() - began)
        if tries[-1] < 0.3:
            return
    pytest.fail(f"the best of {len(tries)} tries took {min(tries):.2f} s")


def test_every_command_is_documented() -> None:
    """docs/cli.md has a line for each command and for each exit status."""
    documented = DOCS.read_text()
    for words in EVERY[1:]:
        assert f"dicom-node {' '.join(words)}" in documented, words
    for status, meaning in MEANING.items():
        assert f"| {status} | {meaning} |" in documented
