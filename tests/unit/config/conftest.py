"""What the tests of the configuration share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from config.errors import ConfigError
from config.loader import Loaded, load_layers

Site = Callable[..., Loaded]


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """Load a site's file from its text, with variables given by their short names."""

    def load_text(text: str = "", variables: Mapping[str, str] | None = None) -> Loaded:
        path = tmp_path / "site.toml"
        path.write_text(text, encoding="utf-8")
        named = {f"DICOM_NODE_{name}": value for name, value in (variables or {}).items()}
        return load_layers({"DICOM_NODE_CONFIG": str(path), **named})

    return load_text


@pytest.fixture
def problems(site: Site, tmp_path: Path) -> Callable[..., list[str]]:
    """What is wrong with a site's file, without the folder it is in."""

    def refused(text: str = "", variables: Mapping[str, str] | None = None) -> list[str]:
        with pytest.raises(ConfigError) as caught:
            site(text, variables)
        return [problem.replace(f"{tmp_path}/", "") for problem in caught.value.problems]

    return refused
