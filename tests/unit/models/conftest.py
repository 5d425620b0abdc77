"""An empty registry."""

from __future__ import annotations

from pathlib import Path

import pytest

from models.registry import Registry


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    """A registry with nothing in it; its folder is not there yet."""
    return Registry(site=tmp_path / "data" / "models", shipped=tmp_path / "ours")
