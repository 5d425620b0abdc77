"""The model's page, its pictures and the figures on its card, of a made evaluation."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any
from xml.dom.minidom import Document, parseString

import pytest

from models.evaluation import read_index
from models.fracture.measuring.figures import metrics
from models.fracture.measuring.report import main
from models.registry.card import read
from tests.unit.models.making import card

REFUSED = {"value": 0.97, "low": 0.95, "high": 0.99, "count": 300}
CHESTS = {"value": 0.5, "low": 0.1, "high": 0.9, "count": 2}
MEAN = {**CHESTS, "value": 0.74}
KINDS = {"refused": {"skull": REFUSED, "chest": CHESTS}, "mean_refused": MEAN}
MIRRORED = {"median": 0.0123, "p95": 0.2, "verdicts": REFUSED, "to_indeterminate": 3}
BEFORE = "<!-- kept: tried -->\n| twice the resolution | a little |\n<!-- end of tried -->\n"


def judged(label: int, number: int) -> float:
    """A probability that is mostly right."""
    return 0.05 + 0.4 * label + (number * 37 % 53) / 100


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index of two splits, an evaluation of one of them, a card, and the pages of all that."""
    folder = tmp_path_factory.mktemp("report")
    rows = [
        {
            "file": f"{number}.jpg",
            "label": int(number % 5 == 0 or number % 8 == 6),
            "split": "train" if number >= 80 else "val",
            "group": number // 2,
            "ambiguous": int(number == 79),
            "hand": int(number % 2),
            "hardware": int(number % 10 == 0),
            "width": 373 if number % 8 < 6 else 2304,
            "height": 454 if number % 8 < 6 else 2880,
        }
        for number in range(160)
    ]
    with (folder / "index.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    one = card(
        thresholds={"specificity-0.95": 0.5, "strict": 0.9},
        operating_point="specificity-0.95",
        limits=["Not a device."],
    )
    (folder / "card.json").write_text(json.dumps(one.to_dict()))
    told = evaluation(folder, one.digest)
    (folder / "eval.json").write_text(json.dumps(told))
    strange = {**told, "metrics": {**told["metrics"], "refused": REFUSED, "kinds": KINDS}}
    (folder / "strange.json").write_text(json.dumps(strange))
    steady = {"model": told["model"], "pictures": 9, "changes": {"mirrored": MIRRORED}}
    (folder / "steady.json").write_text(json.dumps(steady))
    (folder / "docs" / "models").mkdir(parents=True)
    (folder / "docs" / "models" / "fracture.md").write_text(BEFORE)
    assert run(folder) == 0
    return folder


def evaluation(folder: Path, digest: str) -> dict[str, Any]:
    """What `dicom-node models eval` would write."""
    rows = read_index(folder / "index.csv", "val")
    images = [
        {
            "file": row.file,
            "label": None if row.positive is None else int(row.positive),
            "score": judged(bool(row.positive), number),
            "verdict": "present" if judged(bool(row.positive), number) >= 0.5 else "absent",
            "refused": False,
            "boxes": [{"cx": 0.5, "cy": 0.5, "w": 0.1, "h": 0.1, "score": 0.5}],
        }
        for number, row in enumerate(rows)
    ]
    next(one for one in images if one["verdict"] == "present")["verdict"] = "indeterminate"
    boxes = {row.file: [(0.5, 0.5, 0.1, 0.1)] for row in rows if row.positive}
    model = {"name": "fracture", "version": "1", "digest": digest}
    return {"model": model, "images": images, "metrics": metrics(rows, images, boxes, 0.5)}


def run(folder: Path, **other: str) -> int:
    """The command, with other files where that is asked for."""
    names = {"eval": "eval.json", "index": "index.csv", "docs": "docs", "card": "card.json"}
    names |= {"strange": "strange.json", "steady": "steady.json"} | other
    return main(
        [part for name, file in names.items() for part in (f"--{name}", str(folder / file))]
    )


def drawn(folder: Path, name: str) -> Document:
    """A picture, parsed."""
    text = (folder / "docs" / "pictures" / f"fracture-{name}.svg").read_bytes()
    return parseString(text)  # noqa: S318 - made by ourselves


def words(picture: Document) -> list[str]:
    """Every text of a picture."""
    found = [node.firstChild for node in picture.getElementsByTagName("text")]
    return [str(node.nodeValue) for node in found if node is not None]


def interval(one: dict[str, float]) -> str:
    """A figure as pages have it."""
    return f"{one['value']:.3f} ({one['low']:.3f} to {one['high']:.3f})"


def test_the_page_has_the_figures_of_the_evaluation(made: Path) -> None:
    """Each figure stands beside what was wanted, with its interval and whether it is reached."""
    text = (made / "docs" / "models" / "fracture.md").read_text()
    found = json.loads((made / "eval.json").read_text())["metrics"]
    for name, wanted in (
        ("auroc", "at least 0.92"),
        ("sensitivity_at_specificity_0.95", "at least 0.75"),
        ("localisation", "at least 0.65"),
        ("calibration_error", "at most 0.05"),
        ("refused", "at most 0.02"),
    ):
        assert f"| {wanted} | {interval(found[name])} |" in text, name
    assert f"| at least 0.95 | {interval(REFUSED)} | reached |" in text
    assert f"| at least 0.95 | {interval(MEAN)} | **missed** |" in text
    high = found["refused"]["high"]
    assert (
        f"{interval(found['refused'])} | reached, but the interval goes up to {high:.3f} |" in text
    )
    assert f"| at most 0.05 | {interval(found['calibration_error'])} | **missed** |" in text
    both = f"{interval(found['sensitivity'])} | {interval(found['specificity'])}"
    assert f"| **specificity-0.95** | 0.5 | {both} |" in text
    for name, one in found["strata"].items():
        auroc = interval(one["auroc"]) if one["auroc"] else "-"
        assert f"| {name} | {one['count']} | {one['positive']} | {auroc} |" in text


def test_the_page_says_what_is_delivered(made: Path) -> None:
    """A fracture in doubt is not delivered as one: that stands below what the score alone gives."""
    text = (made / "docs" / "models" / "fracture.md").read_text()
    found = json.loads((made / "eval.json").read_text())["metrics"]
    alone, fewer = found["sensitivity"], found["delivered_sensitivity"]
    assert fewer["value"] == pytest.approx(alone["value"] - 1 / 24)
    assert f"| by the probability alone | {interval(alone)} |" in text
    assert f"| as it is delivered | {interval(fewer)} |" in text
    doubted = found["by_label"]["positive"]["indeterminate"]
    assert f"| indeterminate for any reason | {interval(doubted)} |" in text


def test_the_page_has_other_kinds_and_changes(made: Path) -> None:
    """What is refused of each kind, which kinds are few, and how far a change moves a judgement."""
    text = (made / "docs" / "models" / "fracture.md").read_text()
    assert f"| skull | 300 | {interval(REFUSED)} |" in text
    assert f"| chest | 2 | {interval(CHESTS)} |" in text
    assert "(2 of chest)" in text
    assert f"| mirrored | 0.012 | 0.200 | {interval(REFUSED)} | 3 |" in text


def test_a_weak_region_is_a_limit(made: Path, tmp_path: Path) -> None:
    """A region below what is wanted of all stands under the limits, on the card too, and once."""
    told = json.loads((made / "eval.json").read_text())
    told["metrics"]["strata"]["hand"]["auroc"] |= {"value": 0.81, "low": 0.7}
    (tmp_path / "eval.json").write_text(json.dumps(told))
    for name in ("index.csv", "card.json", "strange.json", "steady.json"):
        (tmp_path / name).write_bytes((made / name).read_bytes())
    for _ in range(2):
        assert run(tmp_path) == 0
        plain, weak = read(tmp_path / "card.json").limits
        assert plain == "Not a device."
        assert "hand (AUROC 0.81, 95 % 0.70 to 1.00, " in weak
        assert f"- {weak}\n" in (tmp_path / "docs/models/fracture.md").read_text()
    assert run(tmp_path, eval=str(made / "eval.json")) == 0
    assert read(tmp_path / "card.json").limits == ("Not a device.",)


def test_the_page_says_what_the_model_is_and_of_what_data(made: Path) -> None:
    """Digest, limits, the credit, and how many pictures each split has."""
    text = (made / "docs" / "models" / "fracture.md").read_text()
    assert read(made / "card.json").digest in text
    assert "- Not a device." in text
    assert "Abedeen" in text
    assert "| train | 80 | 24 | 40 | 0 |" in text
    assert "| val | 79 | 24 | 40 | 1 |" in text


def test_the_card_has_the_figures_too(made: Path) -> None:
    """Rounded, beside what was on it; it is still a card."""
    found = read(made / "card.json")
    told = json.loads((made / "eval.json").read_text())["metrics"]
    assert found.metrics["val"]["auroc"] == {
        name: pytest.approx(value, abs=5e-5) for name, value in told["auroc"].items()
    }
    assert found.metrics["val"]["strata"]["hand"]["count"] == 39
    assert found.metrics["strange"]["refused"] == REFUSED
    assert found.operating_point == "specificity-0.95"


def test_blind_models_stand_beside_ours(made: Path) -> None:
    """Large plates are fractured more often here: the size tells something, ours is not that; and
    so are those with hardware, without which there are figures too."""
    check = read(made / "card.json").metrics["val"]["shortcut"]
    assert 0.6 < check["size_only_auroc"]["value"] < 0.8
    assert 0 < check["score_explained_by_size"] < check["truth_explained_by_size"] < 0.3
    text = (made / "docs" / "models" / "fracture.md").read_text()
    assert (
        f"| a model given only the picture's size | {check['size_only_auroc']['value']:.3f}" in text
    )
    assert "| ours within size 373x454 | " in text
    beyond = check["explained_beyond_truth"]
    assert beyond["low"] < 0 < beyond["high"]
    assert f"The difference ({beyond['value']:+.3f}, 95 % from" in text
    hardware = check["hardware_only_auroc"]
    assert f"| a model given only whether there is hardware | {hardware['value']:.3f}" in text
    assert "**Hardware.** 8 of 8 pictures with it are fractured" in text
    others = read(made / "card.json").metrics["val"]["strata"]["no hardware"]
    assert f"AUROC {interval(others['auroc'])}" in text


def test_the_pictures_are_charts(made: Path) -> None:
    """Each is well-formed and names its axes, its figure and the operating point."""
    roc, pr = words(drawn(made, "roc")), words(drawn(made, "pr"))
    assert {"1 - specificity", "sensitivity"} <= set(roc)
    assert {"recall (sensitivity)", "precision"} <= set(pr)
    assert sum("specificity-0.95: present from" in text for text in (*roc, *pr)) == 2
    assert any("calibration error 0." in text for text in words(drawn(made, "reliability")))
    regions = {"all: 79, 24 fractured", "size 373x454: 60, 12 fractured"}
    assert regions <= set(words(drawn(made, "regions")))
    circles = drawn(made, "roc").getElementsByTagName("circle")
    assert [circle.getAttribute("class") for circle in circles].count("mark") == 2


def test_what_people_wrote_is_kept_and_nothing_else_changes(made: Path) -> None:
    """A second run writes the same bytes."""
    files = [path for path in made.rglob("*") if path.is_file()]
    before = {path: path.read_bytes() for path in files}
    assert b"| twice the resolution | a little |" in before[made / "docs/models/fracture.md"]
    assert run(made) == 0
    assert {path: path.read_bytes() for path in made.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda told: told["model"].update(digest="0" * 64), "is of the weights 000000000000"),
        (lambda told: told["images"][0].update(file="100.jpg"), "not of the split val"),
        (lambda told: told.pop("images"), "is not what"),
        (lambda told: told["metrics"].pop("by_label"), "an earlier version, without by_label"),
    ],
)
def test_an_evaluation_of_something_else_is_refused(
    made: Path, capsys: pytest.CaptureFixture[str], change: Any, why: str
) -> None:
    """Other weights, pictures of the training split, or no evaluation at all."""
    told = json.loads((made / "eval.json").read_text())
    change(told)
    (made.parent / "other.json").write_text(json.dumps(told))
    assert run(made, eval="../other.json") == 1
    assert why in capsys.readouterr().err
