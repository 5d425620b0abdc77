"""The common names of our packages mean ours."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize(
    "name",
    ["config", "models", "storage", "results", "pipelines", "gateway", "dicom_node", "bench"],
)
def test_a_common_name_is_ours(name: str) -> None:
    """A package of the same name that something else installed does not take our place."""
    spec = find_spec(name)
    assert spec is not None
    assert spec.origin is not None, f"{name} has no __init__.py, so any other {name} would win"
    assert Path(spec.origin).resolve() == REPOSITORY / name / "__init__.py"
