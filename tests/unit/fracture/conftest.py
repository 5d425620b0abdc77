"""The pipeline with a small model of a site's own: it calls bright pictures fractured."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from models.registry import Registry, add
from pipelines.fracture.pipeline import Fracture
from tests.unit.models.making import FIELDS, onnx_file

Made = Callable[..., Fracture]


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of models with that one."""
    folder = tmp_path_factory.mktemp("site")
    thresholds = {"default": 0.5, "strict": 0.9, "specificity-0.99": 0.6}
    fields = {**FIELDS, "architecture": "a mean", "thresholds": thresholds}
    add(Registry(site=folder / "models"), fields, str(onnx_file(folder / "mean.onnx")))
    return folder / "models"


@pytest.fixture
def pipeline(site: Path) -> Made:
    """Make the pipeline with options, loaded."""

    def made(**options: Any) -> Fracture:
        pipeline = Fracture()
        pipeline.configure({"model": "theirs", **options}, site)
        pipeline.load("cpu")
        return pipeline

    return made
