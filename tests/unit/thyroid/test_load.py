"""The pipeline with a model from a site's own folder: an ONNX file that judges brightness."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from models.registry import Registry, add
from pipelines.contract import Retryable
from pipelines.thyroid.pipeline import Thyroid
from tests.unit.intake_check.stored import codes
from tests.unit.models.making import FIELDS, onnx_file
from tests.unit.thyroid.drawn import neck, run, spot


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of models with that one."""
    folder = tmp_path_factory.mktemp("site")
    fields = {
        **FIELDS,
        "task": "thyroid",
        "architecture": "a mean",
        "thresholds": {"default": 0.5, "strict": 0.9},
    }
    add(Registry(site=folder / "models"), fields, str(onnx_file(folder / "mean.onnx")))
    return folder / "models"


def made(site: Path, **options: Any) -> Thyroid:
    """The pipeline with that model and options, not loaded yet."""
    thyroid = Thyroid()
    thyroid.configure({"model": "theirs", **options}, site)
    return thyroid


def test_a_model_of_the_site_s_judges(site: Path, tmp_path: Path) -> None:
    """Whole pictures, as it outlines nothing."""
    thyroid = made(site)
    assert list(thyroid.problems()) == []
    thyroid.load("cpu")
    found = run(thyroid, tmp_path, neck([spot(0.9)]))
    assert len(found.classifications) == 1
    assert found.alert == ""
    assert {"no-gate", "no-nodule"} <= codes(found)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"model": "mine"}, "no model mine"),
        ({"model": "fracture"}, "The model fracture is for fracture, and not for thyroid"),
        ({"operating_point": "best"}, "no operating point best; it has default, strict"),
        ({"grad_cam_layer": "last"}, "The layer that the model theirs looks at cannot be chosen"),
    ],
)
def test_what_cannot_be_loaded_may_be_mended(
    site: Path, options: dict[str, Any], told: str
) -> None:
    """The job waits, and the sentence says for what."""
    with pytest.raises(Retryable, match=told):
        made(site, **options).load("cpu")


def test_a_model_of_another_task_is_known_beforehand(site: Path) -> None:
    """It would judge something, and nobody would know what."""
    (problem,) = made(site, model="fracture").problems()
    assert problem == "The model fracture is for fracture, and not for thyroid."


def test_a_wrong_operating_point_is_known_beforehand(site: Path) -> None:
    """Nobody has to send a study to find it."""
    (problem,) = made(site, operating_point="best").problems()
    assert "no operating point best" in problem
