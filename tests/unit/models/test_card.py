"""The card of a model: every field is checked."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from models.registry import Card, RegistryError
from models.registry.card import Calibration, Input, made, read
from models.registry.known import ARCHITECTURES, FRAMEWORKS, TASKS, imported
from tests.unit.models.making import FIELDS, FILES, PLAIN, card

KEPT = {"aspect": "kept", "longest": 640, **PLAIN}


def test_a_card_survives_writing(tmp_path: Path) -> None:
    """What is written of a card is read as the same card."""
    before = card(metrics={"auroc": {"value": 0.9}}, calibration={"temperature": 2, "bias": -1})
    path = tmp_path / "card.json"
    path.write_text(json.dumps(before.to_dict()), encoding="utf-8")
    assert read(path) == before


def test_a_card_is_frozen() -> None:
    """Nothing of a card changes after it was read."""
    with pytest.raises(dataclasses.FrozenInstanceError):
        card().version = "2"  # type: ignore[misc]


def test_the_positive_label_has_the_place_that_the_card_says() -> None:
    """Which output is the finding follows from the card alone."""
    labels = ["not-fractured", "fractured"]
    assert card().index == 0
    assert card(labels=labels).index == 1


def test_the_operating_point_chooses_the_threshold() -> None:
    """Of several thresholds the named one holds."""
    points = {"sensitive": 0.2, "specific": 0.8}
    assert card(thresholds=points, operating_point="specific").threshold == 0.8


def test_the_digest_is_over_all_files() -> None:
    """The digest does not depend on the order, and changes with any file."""
    files = [{"name": name, "sha256": digit * 64} for name, digit in (("b.bin", "1"), ("a", "2"))]
    told = f"{'2' * 64}  a\n{'1' * 64}  b.bin\n"
    assert card(files=files).digest == hashlib.sha256(told.encode()).hexdigest()
    assert card(files=files).digest == card(files=files[::-1]).digest
    assert card(files=files).digest != card(files=files[:1]).digest


def test_a_study_of_several_views_is_worth_less() -> None:
    """The highest logit of several views is judged by how many there were."""
    calibration = Calibration(temperature=2.0, bias=-1.0, views=-0.5)
    assert calibration.probability(2.0) == calibration.probability(2.0, 1) == 0.5
    assert calibration.probability(2.0, 4) == pytest.approx(1 / (1 + 4**0.5))
    assert Calibration(temperature=2.0, bias=-1.0).probability(2.0, 4) == 0.5
    assert Calibration(views=-0.5).probability(-5000.0, 9) == 0.0


@pytest.mark.parametrize(
    "fields",
    [
        {"input": {**FIELDS["input"], "range": "quantiles"}},
        {"output": "probabilities"},
        {"labels": ["not-fractured", "fractured"]},
        {"positive": "not-fractured"},
        {"thresholds": {"default": 0.6}},
        {"thresholds": {"default": 0.5, "other": 0.6}, "operating_point": "other"},
        {"calibration": {"bias": 0.1}},
        {"settings": {"limit": 2}},
    ],
)
def test_the_meaning_has_a_digest_of_its_own(fields: dict[str, Any]) -> None:
    """Whatever decides what an output means changes the one digest, and not that of the weights."""
    assert card(**fields).meaning_digest != card().meaning_digest
    assert card(**fields).digest == card().digest


def test_the_meaning_is_not_how_it_is_written() -> None:
    """Remarks, defaults that are written out, and the order of fields change no digest."""
    remarks = {"version": "2", "limits": ["Untried."], "metrics": {"auroc": 0.9}, "licence": "MIT"}
    shown = {"range": "depth", **dict(reversed(FIELDS["input"].items())), "channels": 3}
    written = card(input=shown, output="logits", thresholds={"default": 0.5}, **remarks)
    assert written.meaning_digest == card().meaning_digest
    assert made(written.to_dict()).meaning_digest == card().meaning_digest


def test_the_digest_of_the_meaning_stays() -> None:
    """Results carry it for years: no version of the program computes another one."""
    known = "e43f363add3a017cc09d822a4ea0dccb3373d9ed2d5e9285dd9b221f8ae00261"
    assert card().meaning_digest == known


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"colour": "red"}, "colour: there is no such field"),
        ({"name": "Theirs"}, "name: "),
        ({"name": "../theirs"}, "name: "),
        ({"version": 1}, "version: Input should be a valid string"),
        ({"task": "horoscope"}, "task: horoscope is not known; known are fracture"),
        ({"framework": "tea-leaves"}, "framework: tea-leaves is not known; known are keras, "),
        ({"input": {**KEPT, "range": "mood"}}, "input.range: "),
        ({"licence": ""}, "licence: "),
        ({"labels": ["a", "a"]}, "labels: a label is there twice"),
        ({"labels": []}, "labels: "),
        ({"positive": "broken"}, "positive is broken, which is none of the labels"),
        ({"thresholds": {}}, "thresholds: "),
        ({"thresholds": {"default": 1.5}}, "thresholds.default: "),
        ({"operating_point": "best"}, "operating_point is best, which has no threshold"),
        ({"files": []}, "files: "),
        ({"files": [{**FILES[0], "sha256": "abc"}]}, "files.0.sha256: "),
        ({"files": [{**FILES[0], "name": "../w"}]}, "files.0.name: "),
        ({"files": [*FILES, *FILES]}, "files names a file twice"),
        ({"files": [{**FILES[0], "name": "card.json"}]}, "or the card itself"),
        ({"input": {"aspect": "squeezed", **PLAIN}}, "input.aspect: "),
        ({"input": {"aspect": "stretched", **PLAIN}}, "needs width and height"),
        ({"input": {"aspect": "padded", **PLAIN}}, "needs width and height"),
        ({"input": {**KEPT, "width": 64}}, "needs longest, and neither"),
        ({"input": {**KEPT, "channels": 1}}, "mean and std need 1 values"),
        ({"input": {**KEPT, "std": [1, 0, 1]}}, "input.std.1: "),
        ({"calibration": {"temperature": 0}}, "calibration.temperature: "),
    ],
)
def test_a_wrong_field_is_named(fields: dict[str, Any], told: str) -> None:
    """Each wrong field is refused in a sentence that names it."""
    with pytest.raises(RegistryError) as error:
        card(**fields)
    assert told in str(error.value)


@pytest.mark.parametrize("name", [*FIELDS, "framework", "files"])
def test_a_missing_field_is_named(name: str) -> None:
    """Nothing that a model cannot be used without is guessed."""
    fields = {**FIELDS, "framework": "torch", "files": FILES}
    with pytest.raises(RegistryError, match=f"{name}: "):
        made({key: value for key, value in fields.items() if key != name})


def test_all_that_is_wrong_is_said_at_once() -> None:
    """Two wrong fields are both in the message."""
    with pytest.raises(RegistryError, match=r"(?s)version: .*; .*licence: "):
        card(version="", licence="")


@pytest.mark.parametrize("text", [b"", b"[]", b'{"name":', b"\xff"])
def test_what_is_no_card_is_refused(text: bytes, tmp_path: Path) -> None:
    """A file that holds something else is named with what is wrong with it."""
    path = tmp_path / "card.json"
    path.write_bytes(text)
    with pytest.raises(RegistryError, match=r"card\.json: "):
        read(path)


def test_every_row_leads_somewhere() -> None:
    """What the tables of networks and tasks name is there to be called."""
    assert all(callable(imported(place)) for place in (*ARCHITECTURES.values(), *TASKS.values()))


def test_every_field_is_documented() -> None:
    """docs/models.md has a row for each field of a card and its parts, and names what is known."""
    page = (Path(__file__).parents[3] / "docs" / "models.md").read_text(encoding="utf-8")
    names = [field.name for kind in (Card, Input) for field in dataclasses.fields(kind)]
    rows = [line.split("|")[1] for line in page.splitlines() if line.startswith("| `")]
    assert [name for name in names if not any(f"`{name}`" in row for row in rows)] == []
    parts = [field.name for field in dataclasses.fields(Calibration)]
    known = [*parts, *FRAMEWORKS, *TASKS, *(name for _, name in ARCHITECTURES)]
    assert [name for name in known if f"`{name}`" not in page] == []
