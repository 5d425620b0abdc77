"""The list of our own pipelines says of each what its class says."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines import BUILT_IN, Installed, configure
from pipelines.contract import Configurable, Pipeline

README = Path(__file__).parents[2] / "README.md"


@pytest.mark.parametrize("listed", BUILT_IN, ids=lambda one: one.name)
def test_a_listed_pipeline_is_what_the_list_says(listed: Installed, tmp_path: Path) -> None:
    """Name, version and framework are known without importing it, and are true."""
    made = listed.make()
    assert isinstance(made, Pipeline)
    told = (made.name, made.version, made.framework)
    assert told == (listed.name, listed.version, listed.framework)
    assert isinstance(made, Configurable) == bool(listed.options)
    configure(made, {}, tmp_path)


@pytest.mark.parametrize("listed", BUILT_IN, ids=lambda one: one.name)
def test_the_readme_names_every_pipeline(listed: Installed) -> None:
    """Whoever reads only the README knows what there is."""
    assert listed.name in README.read_text(encoding="utf-8")
