"""Finishing makes of members a model that says what its parts said when it was calibrated."""

from __future__ import annotations

import csv
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from models.evaluation import read_picture
from models.fracture import finish
from models.fracture.data import HELD_OUT, Case, read
from models.fracture.model import load, seen_by
from models.fracture.picture import prepare
from models.registry.card import read as read_card
from models.registry.entries import Entry
from tests.real import real

EACH = 6
"""Pictures of each kind: fractured or not, held out or not."""


@pytest.fixture(scope="module")
def few(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small part of the training data, laid out as the whole."""
    data = real("fracture")
    folder = tmp_path_factory.mktemp("few")
    (folder / "images").symlink_to(data / "images")
    (folder / "boxes.csv").symlink_to(data / "boxes.csv")
    kinds: dict[tuple[bool, bool], list[str]] = {}
    for case in read(data):
        if case.split == "train" and not case.hardware:
            kinds.setdefault((case.fractured, case.fold == HELD_OUT), []).append(case.file)
    hardware = [c.file for c in read(data) if c.hardware and c.fold == HELD_OUT][:2]
    chosen = {file for files in kinds.values() for file in files[:EACH]} | set(hardware)
    with (data / "index.csv").open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["file"] in chosen]
    with (folder / "index.csv").open("w", newline="") as file:
        out = csv.DictWriter(file, list(rows[0]))
        out.writeheader()
        out.writerows(rows)
    return folder


@pytest.fixture(scope="module")
def shipped(few: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the command makes of two members: the shipped one, and one that differs a little."""
    members, out = tmp_path_factory.mktemp("members"), tmp_path_factory.mktemp("out")
    stored = load_file(finish.SHIPPED / finish.WEIGHTS)
    own = {
        name.removeprefix("member0."): value.float()
        for name, value in stored.items()
        if name.startswith("member0.")
    }
    torch.manual_seed(0)
    save_file(own, members / "member0.safetensors")
    other = {name: value * (1 + 0.01 * torch.randn_like(value)) for name, value in own.items()}
    save_file(other, members / "member1.safetensors")
    backbone = real("backbone") / "mobilenet_v2_imagenet.safetensors"
    command = ["finish", "--data", few, "--backbone", backbone, "--members", members, "--out", out]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", [str(word) for word in command])
        finish.main()
    return out


def _held(few: Path) -> list[Case]:
    return [case for case in read(few) if case.split == "train" and case.fold == HELD_OUT]


def test_what_ships_gives_the_probability_that_was_calibrated(few: Path, shipped: Path) -> None:
    """The stored members together say of a picture what the fit was made on."""
    card = read_card(shipped / "card.json")
    model = load(Entry(card=card, folder=shipped, origin="site"))
    assert len(model.members) == 2
    assert card.calibration is not None
    case = next(case for case in _held(few) if case.fractured)
    picture = read_picture(few / "images" / case.file)
    raw = seen_by(model.members, prepare(picture))
    assert model.look(picture).probability == card.calibration.probability(raw.logit)
    singles = [seen_by([member], prepare(picture)).logit for member in model.members]
    assert raw.logit == pytest.approx(sum(singles) / 2, abs=1e-4)
    assert singles[0] != singles[1]


def test_a_card_with_another_input_is_refused(few: Path, shipped: Path) -> None:
    """Whoever changes how pictures are prepared is told that the network does not do that."""
    card = read_card(shipped / "card.json")
    other = replace(card, input=replace(card.input, longest=512))
    with pytest.raises(ValueError, match="another one than the network's"):
        load(Entry(card=other, folder=shipped, origin="site"))


def test_the_card_says_on_what_it_was_fitted(few: Path, shipped: Path) -> None:
    """Counts of what was held out, and a threshold for every operating point."""
    card = read_card(shipped / "card.json")
    held = _held(few)
    told = card.metrics["held_out"]
    assert told["pictures"] == len(held)
    assert told["fractured"] == sum(case.fractured for case in held)
    assert told["hardware"] == sum(case.hardware for case in held) > 0
    points = card.thresholds
    assert points["specificity-0.90"] <= points["specificity-0.95"] <= points["specificity-0.99"]
    assert points["sensitivity-0.90"] <= points["sensitivity-0.80"]
