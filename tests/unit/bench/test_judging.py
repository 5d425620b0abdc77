"""The measurement of the fracture pipeline, with a small model of a site's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench import __main__ as bench
from bench import judging
from bench.judging import OPTIONS, Set, judge, write_sources
from models.registry import Registry, RegistryError, add
from tests.unit.models.making import FIELDS, onnx_file

SMALL = {"small": Set(rows=120, columns=100, studies=2, times=1)}


def test_studies_are_measured_through_the_pipeline_and_by_the_model_alone(tmp_path: Path) -> None:
    """Both throughputs are of one process, and their ratio is what the pipeline keeps."""
    site = tmp_path / "models"
    add(
        Registry(site=site),
        {**FIELDS, "architecture": "a mean"},
        str(onnx_file(tmp_path / "m.onnx")),
    )
    write_sources(tmp_path / "sets", SMALL)
    found = judge("small", tmp_path / "sets", 3, 2, {**OPTIONS, "model": "theirs"}, site)
    assert (found.what, found.round) == ("small", 3)
    assert found.seconds > 0
    assert found.ratio == pytest.approx(found.rate / found.plain_rate)
    assert found.peak_mb > 0


def test_without_the_model_nothing_is_measured(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The command ends with a sentence and status 1 before it measures anything."""
    monkeypatch.setattr(judging, "Registry", lambda: Registry(shipped=tmp_path))
    monkeypatch.setattr("sys.argv", ["bench", "--only", "fracture"])
    assert bench.main() == 1
    assert "There is no model fracture" in capsys.readouterr().err
    with pytest.raises(RegistryError, match="There is no model fracture"):
        judging.check()
