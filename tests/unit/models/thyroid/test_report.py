"""Networks compared, and the page of made measurements."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any
from xml.dom.minidom import parseString

import pytest

from models.registry.card import read
from models.thyroid.measuring import crossed as comparison
from models.thyroid.measuring.report import main
from tests.unit.models.making import card

MOVED = {"count": 9, "max": 0.0312, "p95": 0.02, "mean": 0.004, "dice_mean": -0.01}
WORDS = {
    "pictures": 9,
    "without_echoes": 0,
    "changes": {
        "outside the sector black": {**MOVED, "max": 0.001, "dice_worst": 0.0},
        "every text": {**MOVED, "dice_worst": -0.25},
        "TIRADS 5, in the corner": {**MOVED, "dice_mean": None, "dice_worst": None},
    },
}
REFUSED = {"value": 0.97, "low": 0.95, "high": 0.99, "count": 300}
CHANCE = {"value": 0.53, "low": 0.43, "high": 0.62, "count": 255}
BEFORE = "<!-- kept: tried -->\n| a larger network | nothing |\n<!-- end of tried -->\n"


def rows_of(folder: Path, name: str, noise: int, *, outlines: bool = True) -> None:
    """What training would write of a network."""
    with (folder / "index.csv").open(newline="") as file:
        index = list(csv.DictReader(file))
    images = [
        {
            "file": row["file"],
            "fold": number % 5,
            "score": 0.2 + 0.1 * (row["label"] == "1") + (number * noise % 50) / 100,
            "dice": 0.5 + (number * 7 % 45) / 100 if outlines else None,
            "features": {"solid": (number * 3 % 10) / 10},
        }
        for number, row in enumerate(index)
    ]
    told = {"images": images, "other_divisions": [0.81, 0.72, 0.75]}
    (folder / f"{name}.json").write_text(json.dumps(told))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index, two networks compared on it, other measurements, a card, and the page of that."""
    folder = tmp_path_factory.mktemp("thyroid")
    with (folder / "index.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("file", "label", "case", "tirads", "composition"))
        for number in range(60):
            label = "" if number % 10 == 9 else str(int(number % 3 > 0))
            tirads = {"": "", "0": "3", "1": "4b"}[label]
            solid = "solid" if number % 2 else "spongiform"
            writer.writerow((f"{number}.jpg", label, number // 2, tirads, solid))
    rows_of(folder, "ours", 17)
    rows_of(folder, "seed", 31, outlines=False)
    assert compare(folder) == 0
    one = card(limits=["Proxy labels."])
    (folder / "card.json").write_text(json.dumps(one.to_dict()))
    model = {"name": "thyroid", "version": "1", "digest": one.digest}
    kinds = {"refused": {"photograph": REFUSED}, "mean_refused": REFUSED}
    measured: dict[str, dict[str, Any]] = {
        "words": WORDS,
        "strange": {"images": [], "metrics": {"kinds": kinds}},
        "published": {"images": [], "metrics": {"auroc": CHANCE}},
        "bench": {"median": 0.12, "threads": 2},
    }
    for name, told in measured.items():
        (folder / f"{name}.json").write_text(json.dumps({"model": model, **told}))
    (folder / "docs" / "models").mkdir(parents=True)
    (folder / "docs" / "models" / "thyroid.md").write_text(BEFORE)
    assert report(folder, *GIVEN) == 0
    return folder


GIVEN = ("crossed", "words", "strange", "published", "bench")


def compare(folder: Path, *names: str) -> int:
    """The comparison of networks, by its command."""
    networks = [
        word for name in names or ("ours", "seed") for word in ("--rows", told(folder, name))
    ]
    index, out = folder / "index.csv", folder / "crossed.json"
    return comparison.main(["--index", str(index), *networks, "--json", str(out)])


def told(folder: Path, name: str) -> str:
    """A network as the command takes it."""
    return f"{name}={folder / name}.json"


def report(folder: Path, *names: str, docs: str = "docs", card: str = "card.json") -> int:
    """The command, with some of the files."""
    given = [word for name in names for word in (f"--{name}", str(folder / f"{name}.json"))]
    return main(["--docs", str(folder / docs), "--card", str(folder / card), *given])


def page(folder: Path, docs: str = "docs") -> str:
    """The page as it was written."""
    return (folder / docs / "models" / "thyroid.md").read_text()


def interval(one: dict[str, float]) -> str:
    """A figure as pages have it."""
    return f"{one['value']:.3f} ({one['low']:.3f} to {one['high']:.3f})"


# ---------------------------------------------------------------- networks compared


def test_networks_are_compared_on_the_same_frames(made: Path) -> None:
    """Each has its figures, and the difference has an interval of its own, narrower than theirs."""
    found = json.loads((made / "crossed.json").read_text())
    ours, seed = (found["networks"][name]["metrics"] for name in ("ours", "seed"))
    assert (found["first"], ours["scored"], ours["cases"]) == ("ours", 54, 30)
    assert seed["dice_mean"] is None
    difference = found["auroc_differences"]["seed"]
    assert difference["value"] == pytest.approx(ours["auroc"]["value"] - seed["auroc"]["value"])
    assert difference["low"] <= difference["value"] <= difference["high"]
    assert ours["features"]["solid"]["count"] == 60
    assert found["networks"]["ours"]["images"][3]["case"] == "1"


def test_a_network_beside_itself_is_no_better(made: Path, tmp_path: Path) -> None:
    """The frames are drawn together, so that the difference is 0 in every drawing."""
    for name in ("ours.json", "index.csv"):
        (tmp_path / name).write_bytes((made / name).read_bytes())
    (tmp_path / "same.json").write_bytes((made / "ours.json").read_bytes())
    assert compare(tmp_path, "ours", "same") == 0
    found = json.loads((tmp_path / "crossed.json").read_text())["auroc_differences"]["same"]
    assert (found["value"], found["low"], found["high"]) == (0.0, 0.0, 0.0)


def test_frames_that_a_network_lacks_are_counted(made: Path, tmp_path: Path) -> None:
    """They are left out of the difference; rows of another set are none at all."""
    (tmp_path / "index.csv").write_bytes((made / "index.csv").read_bytes())
    (tmp_path / "ours.json").write_bytes((made / "ours.json").read_bytes())
    images = json.loads((made / "seed.json").read_text())["images"]
    (tmp_path / "seed.json").write_text(json.dumps({"images": images[:40]}))
    assert compare(tmp_path) == 0
    found = json.loads((tmp_path / "crossed.json").read_text())
    assert found["networks"]["seed"]["missing"] == 20
    assert found["auroc_differences"]["seed"]["count"] == 36
    (tmp_path / "seed.json").write_text(json.dumps({"images": [{"file": "x", "score": 1.0}]}))
    assert compare(tmp_path) == 1
    with pytest.raises(SystemExit):
        comparison.main(["--index", "i", "--json", "o", "--rows", "nothing"])


# ---------------------------------------------------------------- the page


def test_the_page_has_the_figures(made: Path) -> None:
    """Each beside what was to be reached, and whether it is."""
    text = page(made)
    networks = json.loads((made / "crossed.json").read_text())["networks"]
    ours, seed = (networks[name]["metrics"] for name in ("ours", "seed"))
    for name, wanted in (
        ("auroc", "at least 0.78"),
        ("dice_mean", "at least 0.78"),
        ("sensitivity_at_specificity_0.5", "at least 0.9"),
    ):
        assert f"| {wanted} | {interval(ours[name])} |" in text, name
    assert "AUROC of 0.760 on average, from 0.720 to 0.810" in " ".join(text.split())
    assert "| at most 0.02 | 0.031 | **missed** |" in text
    assert "2 threads | seed: 1 to 3 | under 0.3 | 0.120 | reached |" in text
    assert f"| **ours** | {interval(ours['auroc'])} |" in text
    assert f"| seed | {interval(seed['auroc'])} |" in text
    assert "AUROC of ours less that of seed: " in text
    assert "AUROC 0.530 (0.430 to 0.620), which is chance." in text
    assert f"| 4b | {ours['tirads']['categories']['4b']['count']} |" in text
    assert f"| solid | 60 | 30 | {interval(ours['features']['solid']['auroc'])} |" in text
    assert "| every text | 0.031 | 0.020 | 0.004 | -0.010 | -0.250 |" in text
    assert "| TIRADS 5, in the corner | 0.031 | 0.020 | 0.004 | - | - |" in text
    assert f"| photograph | 300 | {interval(REFUSED)} |" in text
    assert "Left out" not in text


def test_the_page_says_plainly_what_it_is_worth(made: Path) -> None:
    """Proxy labels, one centre, small, for research only, and terms that nobody stated."""
    text = " ".join(page(made).split())
    for said in ("For research only", "proxies", "No pathology", "One centre, and small"):
        assert said in text
    assert "- Proxy labels." in text
    assert "Pedraza" in text


def test_the_pictures_are_charts(made: Path) -> None:
    """Each is well-formed, and its figure is in it."""
    for name, said in {
        "roc": "AUROC 0.",
        "reliability": "calibration error",
        "dice": "60 frames",
    }.items():
        text = (made / "docs" / "pictures" / f"thyroid-{name}.svg").read_text()
        parseString(text)  # noqa: S318 - made by ourselves
        assert said in text
        assert f"(../pictures/thyroid-{name}.svg)" in page(made)


def test_the_card_has_the_figures_too(made: Path) -> None:
    """Rounded; the images are not on it."""
    found = read(made / "card.json").metrics
    ours = found["crossed"]["networks"]["ours"]
    assert ours["cases"] == 30
    assert "images" not in ours
    assert found["words"]["changes"]["every text"]["max"] == 0.0312


def test_what_people_wrote_is_kept_and_nothing_else_changes(made: Path) -> None:
    """A second run writes the same bytes."""
    files = [path for path in made.rglob("*") if path.is_file()]
    before = {path: path.read_bytes() for path in files}
    assert "| a larger network | nothing |" in page(made)
    assert report(made, *GIVEN) == 0
    assert {path: path.read_bytes() for path in made.rglob("*") if path.is_file()} == before


def test_what_was_not_measured_is_left_out_and_said_so(made: Path) -> None:
    """Without any file there is a page, and it claims nothing but that the weights are chance."""
    assert report(made, docs="empty", card="none.json") == 0
    text = page(made, "empty")
    assert text.count("Left out: networks were not compared") == 5
    assert "Left out: it was not measured (`measuring.words`)." in text
    assert text.count("not measured |") == 5
    assert "AUROC 0.53, which is chance (not measured again for this page)" in text
    assert "](../pictures" not in text
    assert not list((made / "empty" / "pictures").iterdir())


@pytest.mark.parametrize(
    ("name", "change", "why"),
    [
        ("words", {"model": {"digest": "0" * 64}}, "is of the weights 000000000000"),
        ("words", {"changes": None}, "is not what `measuring.words` writes"),
        ("crossed", {"first": None}, "is not what `measuring.crossed` writes"),
    ],
)
def test_measurements_of_something_else_are_refused(
    made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, change: Any, why: str
) -> None:
    """Other weights than the card's, or another file."""
    told: dict[str, Any] = json.loads((made / f"{name}.json").read_text()) | change
    told = {key: value for key, value in told.items() if value is not None}
    (tmp_path / f"{name}.json").write_text(json.dumps(told))
    (tmp_path / "card.json").write_bytes((made / "card.json").read_bytes())
    assert report(tmp_path, name) == 1
    assert why in capsys.readouterr().err
