"""The pipeline with the shipped model, loaded once, and real frames."""

from __future__ import annotations

import pytest

from pipelines.thyroid.pipeline import Thyroid
from tests.integration.thyroid.studies import Picture, loaded
from tests.real import ultrasounds


@pytest.fixture(scope="session")
def pipeline(tmp_path_factory: pytest.TempPathFactory) -> Thyroid:
    """The pipeline with the shipped model."""
    return loaded(tmp_path_factory.mktemp("none"))


@pytest.fixture(scope="session")
def pictures() -> list[Picture]:
    """A suspicious nodule and a benign one."""
    return [*ultrasounds("1", 1), *ultrasounds("0", 1)]
