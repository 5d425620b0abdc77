"""The measurement of the fracture pipeline, with a small model of a site's own."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bench import __main__ as bench
from bench import judging
from bench.judging import OPTIONS, Incomplete, Set, judge, radiographs, write_sources
from models.registry import Registry, RegistryError, add
from models.timing import synthetic
from tests.real import real
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
    write_sources(tmp_path / "sets", [synthetic(120, 100)] * 2, SMALL)
    found = judge("small", tmp_path / "sets", 3, 2, {**OPTIONS, "model": "theirs"}, site)
    assert (found.what, found.round) == ("small", 3)
    assert found.seconds > 0
    assert found.ratio == pytest.approx(found.rate / found.plain_rate)
    assert found.peak_mb > 0
    assert found.forward_rate is found.forward_ratio is None  # whose networks nobody knows


def test_real_radiographs_go_through_whole(tmp_path: Path) -> None:
    """They are not refused, so that regions and heat maps are made, and networks alone are quicker
    than the whole."""
    real("fracture")
    one = {"one": Set(rows=735, columns=600, studies=1, times=1)}
    write_sources(tmp_path, radiographs(1), one)
    found = judge("one", tmp_path, 0, 1)
    assert found.forward_rate is not None
    assert found.forward_rate > found.rate


def test_a_picture_that_is_refused_is_no_measurement(tmp_path: Path) -> None:
    """Where neither regions nor heat maps are made, too little was done."""
    noise = np.random.default_rng(0).integers(0, 256, (120, 100)).astype(np.uint8)
    write_sources(tmp_path, [noise], {"one": Set(rows=120, columns=100, studies=1, times=1)})
    with pytest.raises(Incomplete, match="no heat map"):
        judge("one", tmp_path, 0, 1)


def test_without_radiographs_it_is_left_out(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A sentence says so where the data are not beside the checkout."""
    monkeypatch.setattr(judging, "RADIOGRAPHS", tmp_path)
    assert "real radiographs" in judging.why_not()
    (tmp_path / "index.csv").touch()
    assert judging.why_not() == ""


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
