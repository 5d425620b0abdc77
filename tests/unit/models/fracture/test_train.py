"""Training goes on where it was stopped, and never sees what is held out."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file

from models.fracture import train
from models.fracture.data import HELD_OUT, Case, read
from models.vision import torchvision

SHORT = (
    train.Stage(name="windows", epochs=2, batch=4, rate=8e-4, healthy=1.0),
    train.Stage(name="whole", epochs=1, batch=4, rate=2e-4, healthy=1.0),
)
PICTURES = 24


class Killed(Exception):
    """Stands for the end of the process."""


class Mortal(train.Run):
    """A run that ends after its first epoch, once its state is written."""

    def _save(self, stage: train.Stage, optimizer: torch.optim.Optimizer) -> None:
        super()._save(stage, optimizer)
        raise Killed


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Small pictures of noise; every third one has a bright square, which is its fracture."""
    made = tmp_path_factory.mktemp("data")
    (made / "images").mkdir()
    rng = np.random.default_rng(0)
    index, boxes = [], []
    for number in range(PICTURES):
        grey = rng.integers(0, 120, (72, 60), np.uint8)
        fractured = number % 3 == 0
        if fractured:
            grey[20:40, 15:35] = 255
            boxes.append([f"{number}.png", 25 / 60, 30 / 72, 20 / 60, 20 / 72])
        Image.fromarray(grey).save(made / "images" / f"{number}.png")
        index.append(
            [f"{number}.png", int(fractured), "train", f"g{number}", 60, 72, 0, 1, 0, 0, 0, 0, 0]
        )
    names = "file label split group width height hand leg hip shoulder mixed hardware ambiguous"
    _write(made / "index.csv", names.split(), index)
    _write(made / "boxes.csv", ["file", "cx", "cy", "w", "h"], boxes)
    backbone = torchvision().models.mobilenet_v2(num_classes=1001)
    save_file(backbone.state_dict(), made / "backbone.safetensors")
    return made


def _write(path: Path, names: list[str], rows: list[list[object]]) -> None:
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([names, *rows])


@pytest.fixture(autouse=True)
def _short(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Three epochs of very small views, made in this process."""
    monkeypatch.setattr(train, "SCHEDULE", SHORT)
    monkeypatch.setattr(train, "WINDOW", 64)
    monkeypatch.setattr(train, "LONGEST", 96)
    monkeypatch.setattr(train, "WORKERS", 0)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def _run(kind: type[train.Run], folder: Path, out: Path, cases: list[Case]) -> train.Run:
    out.mkdir(exist_ok=True)
    return kind(cases, folder / "images", folder / "backbone.safetensors", out, 0)


def test_a_run_that_was_stopped_ends_where_an_unbroken_one_does(
    folder: Path, tmp_path: Path
) -> None:
    """Stopped after the first epoch and after the second, the weights come out the same."""
    cases = read(folder)
    unbroken = _run(train.Run, folder, tmp_path / "unbroken", cases).train()
    for _ in range(2):
        with pytest.raises(Killed):
            _run(Mortal, folder, tmp_path / "broken", cases).train()
    broken = _run(train.Run, folder, tmp_path / "broken", cases).train()
    first, second = load_file(unbroken), load_file(broken)
    assert first.keys() == second.keys()
    assert all(torch.allclose(first[name], second[name], atol=1e-6) for name in first)


def test_no_member_sees_what_is_held_out(folder: Path, tmp_path: Path) -> None:
    """The fold for the calibration is in no run, and everything else is in all of them."""
    cases = read(folder)
    run = _run(train.Run, folder, tmp_path, cases)
    assert {case.file for case in run.cases} == {c.file for c in cases if c.fold != HELD_OUT}
    assert any(case.fold == HELD_OUT for case in cases)


def test_what_is_trained_is_not_trained_again(folder: Path, tmp_path: Path) -> None:
    """Weights that are there are taken as they are: the command can be given again."""
    run = _run(train.Run, folder, tmp_path, read(folder))
    (tmp_path / "member0.safetensors").write_bytes(b"as they are")
    assert run.train().read_bytes() == b"as they are"
