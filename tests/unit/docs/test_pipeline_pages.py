"""The pages of the pipelines that judge pictures show their options and their model as they are."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from typing import Any

import pytest

from models.registry import Registry
from pipelines.fracture import options as fracture
from pipelines.thyroid import options as thyroid
from tests.unit.docs.pages import ROOT, blocks, text

READERS: dict[str, Callable[[Mapping[str, Any]], Any]] = {
    "fracture": fracture.read,
    "thyroid": thyroid.read,
}


def _commented(page: str) -> list[str]:
    """What stands behind the mark of a comment at the beginning of a line."""
    return [line[2:] for line in page.splitlines() if line.startswith("# ")]


@pytest.mark.parametrize("name", READERS)
def test_the_options_of_a_page_are_the_defaults(name: str) -> None:
    """Each option stands in the example, with its default, or in a comment where it has none."""
    page = next(one for one in blocks(ROOT / "docs" / f"{name}.md", "toml") if ".options]" in one)
    told = tomllib.loads(page)["pipelines"][name]["options"]
    defaults = READERS[name]({})
    assert READERS[name](told) == defaults
    commented = tomllib.loads("\n".join(_commented(page)))
    unset = {key for key, value in asdict(defaults).items() if value is None}
    assert set(commented) == unset
    assert set(told) == set(asdict(defaults)) - unset
    assert replace(defaults, **commented) == READERS[name](commented)


def test_the_thyroid_s_page_says_that_its_model_raises_no_alerts() -> None:
    """As long as the card has no operating point for them, and no longer."""
    silent = "specificity-0.99" not in Registry().find("thyroid").card.thresholds
    assert ("The\nshipped one is such" in text(ROOT / "docs" / "thyroid.md")) == silent
