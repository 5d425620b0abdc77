"""The examples of docs/routing.md are true."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from pipelines.router import decide
from tests.unit.router.studies import series, study

PAGE = Path(__file__).parents[3] / "docs" / "routing.md"
EXAMPLE = re.compile(r"^### (\d+)\. .*?\n\n```toml\n(.*?)```\n\n(.*?)(?=^###|\Z)", re.M | re.S)
ROW = re.compile(r"^\| `(.+)` \| (.+) \|$", re.M)


def _examples() -> list[tuple[str, str, str, str]]:
    text = PAGE.read_text(encoding="utf-8")
    return [
        (number, written, what, taken)
        for number, written, rows in EXAMPLE.findall(text)
        for what, taken in ROW.findall(rows)
    ]


def _headers(written: str) -> list[list[dict[str, Any]]]:
    """The instances of each series of a study, what the index would have of the rest empty."""
    return [tomllib.loads(f"x = [{part}]")["x"] for part in written.split(" + ")]


def _asked(written: str) -> set[str]:
    """Every name to the left of a sign of equality, and where it leads into the file."""
    names = re.findall(r'"?\(?([A-Za-z0-9,.]+)\)?"? = ', written)
    return {name.split(".")[0].replace(",", "") for name in names}


@pytest.mark.parametrize(("number", "written", "what", "taken"), _examples())
def test_an_example_is_true(number: str, written: str, what: str, taken: str) -> None:
    """The route takes what the line beneath it says, and nothing else."""
    assert number
    route = tomllib.loads(written)["routes"][0]
    empty = dict.fromkeys(_asked(written))
    parts = [
        series(f"1.2.3.{n}", *(empty | header for header in headers))
        for n, headers in enumerate(_headers(what), 1)
    ]
    outcome = decide(study(*parts), [route], {}).routes[0]
    instances = sum(len(chosen) for chosen in outcome.selected.values() if chosen is not None)
    count = instances if outcome.level == "instance" else len(outcome.selected)
    counted = re.match(r"(\d+) of (\d+) (series|instances)", taken)
    if counted is not None:
        assert (outcome.matched, count) == (True, int(counted[1]))
    else:
        assert outcome.matched is {"yes": True, "no": False}[taken]


def test_there_are_ten_examples() -> None:
    """And each shows something that is taken."""
    taken = {number for number, _, _, taken in _examples() if taken != "no"}
    assert taken == {str(number) for number in range(1, 11)}
