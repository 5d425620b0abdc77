"""`dicom-node models`: from a file that a site brings to figures of how good it is."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from dicom_node.cli import main
from tests.node import Node
from tests.unit.models.making import PLAIN, onnx_file

Said = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the site's own models, not there yet."""
    monkeypatch.setenv("DICOM_NODE_MODELS__FOLDER", str(tmp_path / "models"))
    monkeypatch.setenv("DICOM_NODE_NODE__DATA_DIR", str(tmp_path / "data"))
    return tmp_path / "models"


@pytest.fixture
def mean(tmp_path: Path) -> Path:
    """An ONNX model of the mean of its input."""
    return onnx_file(tmp_path / "mean.onnx")


def adding(source: Path, *more: str) -> list[str]:
    """A command that adds the mean."""
    return [
        *("models", "add", "mean", "--from", str(source), "--labels", "fractured,not-fractured"),
        *("--positive", "fractured", "--licence", "MIT", "--architecture", "a mean"),
        *more,
    ]


@pytest.fixture
def added(mean: Path, tmp_path: Path, capsys: Said) -> None:
    """The mean, registered."""
    card = tmp_path / "more.json"
    shape = {"aspect": "padded", "width": 32, "height": 32, **PLAIN}
    card.write_text(json.dumps({"input": shape, "limits": ["It knows brightness only."]}))
    assert main(adding(mean, "--card", str(card), "--threshold", "0.7")) == 0
    capsys.readouterr()


def told(capsys: Said, *words: str, status: int = 0) -> Any:
    """What a command says as JSON."""
    assert main(["models", *words, "--json"]) == status
    return json.loads(capsys.readouterr().out)


def test_what_was_added_is_listed_and_shown(added: None, folder: Path, capsys: Said) -> None:
    """A model is in the list, and its card says what was said when it was added."""
    (listed,) = (one for one in told(capsys, "list")["models"] if one["name"] == "mean")
    shown = told(capsys, "show", "mean")
    assert listed == shown
    assert shown["folder"] == str(folder / "mean")
    assert (shown["from"], shown["framework"]) == ("site", "onnx")
    assert shown["limits"] == ["It knows brightness only."]
    assert shown["thresholds"] == {"default": 0.7}
    assert shown["source"]["address"] == "mean.onnx"
    assert main(["models", "list"]) == 0
    assert main(["models", "show", "mean"]) == 0
    said = capsys.readouterr().out
    assert shown["digest"][:12] in said
    assert shown["meaning_digest"] in said
    assert "It knows brightness only." in said


def test_models_of_a_node_are_in_its_data(tmp_path: Path, mean: Path) -> None:
    """Without a setting they lie beside the database, and the program itself takes them."""
    node = Node(tmp_path / "node")
    done = node.cli(*adding(mean), env={"DICOM_NODE_MODELS__FOLDER": ""})
    assert done.returncode == 0, done.stderr
    assert (node.data_dir / "models" / "mean" / "model.onnx").exists()


def test_verify_notices_a_change(added: None, folder: Path, capsys: Said) -> None:
    """Weights that were changed are named, and the status says so."""
    found = told(capsys, "verify", "mean")
    shown = told(capsys, "show", "mean")
    assert found["ok"]
    assert found["models"][0]["meaning_digest"] == shown["meaning_digest"]
    assert main(["models", "verify"]) == 0
    said = capsys.readouterr().out
    assert "mean: its weights are what its card says." in said
    assert shown["digest"] in said
    assert shown["meaning_digest"] in said
    with (folder / "mean" / "model.onnx").open("ab") as file:
        file.write(b" ")
    found = told(capsys, "verify", status=1)
    (mean,) = (one for one in found["models"] if one["name"] == "mean")
    assert not mean["ok"]
    assert "is not what its card says" in mean["problems"][0]
    assert main(["models", "bench", "mean"]) == 1
    assert "is not what its card says" in capsys.readouterr().err


def test_a_broken_entry_is_listed(added: None, folder: Path, capsys: Said) -> None:
    """A folder that is no model is named, and the status says so."""
    (folder / "other").mkdir()
    found = told(capsys, "list", status=1)
    assert [one["name"] for one in found["broken"]] == ["other"]
    assert main(["models", "list"]) == 1
    assert "Cannot be used: other" in capsys.readouterr().out
    assert main(["models", "verify"]) == 1


def test_wrong_words_are_sentences(mean: Path, tmp_path: Path, capsys: Said) -> None:
    """Unknown names, cards that are none and missing fields end with what is wrong."""
    (tmp_path / "list.json").write_text("[]")
    (tmp_path / "text.json").write_text("hello")
    card = ("--card", str(tmp_path / "none.json"))
    for words, status, words_said in (
        (["models", "show", "nobody"], 1, "There is no model nobody"),
        (["models", "verify", "nobody"], 1, "There is no model nobody"),
        (["models", "bench", "nobody"], 1, "There is no model nobody"),
        (adding(mean, "--positive", "broken"), 1, "none of the labels"),
        (adding(mean, "--sha256", "0" * 64), 1, "is wanted"),
        (["models", "add", "mean", "--from", str(mean)], 1, "labels: "),
        (adding(mean, *card), 2, "cannot be read"),
        (adding(mean, "--card", str(tmp_path / "list.json")), 2, "no fields"),
        (adding(mean, "--card", str(tmp_path / "text.json")), 2, "no JSON"),
    ):
        assert main(words) == status, words
        assert words_said in capsys.readouterr().err


def test_bench_says_how_long_it_takes(added: None, capsys: Said) -> None:
    """The time of a picture, in words and as JSON."""
    found = told(capsys, "bench", "mean", "--pictures", "5", "--threads", "1")
    assert (found["pictures"], found["threads"], found["model"]["name"]) == (5, 1, "mean")
    assert 0 < found["median"] <= found["p95"]
    assert main(["models", "bench", "mean", "--pictures", "2"]) == 0
    assert "pictures a second" in capsys.readouterr().out


# ---------------------------------------------------------------- eval


@pytest.fixture
def index(tmp_path: Path) -> Path:
    """A set of 20 pictures: the fractured ones are brighter; every other one is for validation."""
    images = tmp_path / "images"
    images.mkdir()
    with (tmp_path / "index.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["file", "label", "split"])
        for number in range(20):
            value = 150 + number if number % 4 < 2 else 40 + number
            Image.fromarray(np.full((48, 48), value, np.uint8)).save(images / f"{number}.png")
            split = "val" if number % 2 else "train"
            writer.writerow([f"{number}.png", int(number % 4 < 2), split])
    return tmp_path / "index.csv"


def judging(index: Path, *more: str) -> list[str]:
    """A command that evaluates the mean."""
    images, out = index.with_name("images"), index.with_name("out.json")
    return [
        *("models", "eval", "mean", "--index", str(index), "--images", str(images)),
        *("--json", str(out), *more),
    ]


def test_a_set_is_scored(added: None, index: Path, capsys: Said) -> None:
    """Every picture has a score and the figures have intervals; people read them too."""
    assert main(judging(index)) == 0
    said = capsys.readouterr().out
    found = json.loads(index.with_name("out.json").read_text())
    assert len(found["images"]) == 20
    assert all(0 <= one["score"] <= 1 for one in found["images"])
    assert found["metrics"]["auroc"] == {"value": 1.0, "low": 1.0, "high": 1.0, "count": 20}
    assert found["metrics"]["localisation"] is None
    assert found["model"]["name"] == "mean"
    assert "auroc: 1.000 (1.000 to 1.000) of 20" in said
    assert sorted(path.name for path in index.parent.glob("*out.json*")) == ["out.json"]


def test_a_split_and_the_boxes_beside_the_index(added: None, index: Path) -> None:
    """Only the split is scored, and boxes beside the index are taken without being named."""
    index.with_name("boxes.csv").write_text("file,cx,cy,w,h\n1.png,.5,.5,.1,.1\n")
    assert main(judging(index, "--split", "val")) == 0
    found = json.loads(index.with_name("out.json").read_text())
    assert len(found["images"]) == 10
    assert found["metrics"]["localisation"]["count"] == 1


def test_pictures_and_masks_beside_the_index_need_not_be_named(
    mean: Path, index: Path, capsys: Said
) -> None:
    """A model of the thyroid is shown frames in colour; its outlines are held against masks."""
    card = index.with_name("more.json")
    shape = {"aspect": "padded", "width": 32, "height": 32, **PLAIN}
    card.write_text(json.dumps({"input": shape, "task": "thyroid"}))
    assert main(adding(mean, "--card", str(card))) == 0
    masks = index.with_name("masks")
    masks.mkdir()
    Image.new("1", (48, 48), 1).save(masks / "1.png")
    index.write_text("file,mask,case,label\n1.png,1.png,a,1\n2.png,,a,0\n3.png,3.png,b,0\n")
    out = index.with_name("out.json")
    plain = ["models", "eval", "mean", "--index", str(index), "--json", str(out)]
    assert main(plain) == 1
    assert "Without Dice: 3.png: there is no such file." in capsys.readouterr().out
    found = json.loads(out.read_text())
    assert [one["dice"] for one in found["images"]] == [0.0, None, None]
    assert (found["metrics"]["cases"], found["metrics"]["scored"]) == (2, 3)
    masks.rename(index.with_name("outlines"))
    assert main(plain) == 0
    assert json.loads(out.read_text())["metrics"]["dice_mean"] is None
    assert main([*plain, "--masks", str(masks)]) == 2
    assert "is no folder" in capsys.readouterr().err


def test_two_runs_write_the_same(added: None, index: Path) -> None:
    """The same set gives the same file, to the last digit."""
    out = index.with_name("out.json")
    main(judging(index))
    first = out.read_bytes()
    main(judging(index, "--threads", "2"))
    assert out.read_bytes() == first


def test_broken_pictures_do_not_stop_it(added: None, index: Path, capsys: Said) -> None:
    """A missing and a broken picture are in the file and in the status, the others are scored."""
    (index.with_name("images") / "3.png").unlink()
    (index.with_name("images") / "4.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    assert main(judging(index)) == 1
    found = json.loads(index.with_name("out.json").read_text())
    errors = {one["file"] for one in found["images"] if "error" in one}
    assert errors == {"3.png", "4.png"}
    assert found["metrics"]["scored"] == 18
    assert "Not scored: 3.png: there is no such file." in capsys.readouterr().out


def test_what_cannot_be_evaluated(added: None, index: Path, capsys: Said) -> None:
    """No folder, no such split, an index that is none and a place that cannot be written."""
    for more, status, said in (
        (("--images", str(index)), 2, "is no folder"),
        (("--split", "test"), 2, "no picture of the split"),
        (("--index", str(index.with_name("mean.onnx"))), 2, "no CSV file"),
        (("--json", str(index.with_name("none") / "out.json")), 1, "cannot be written"),
    ):
        assert main(judging(index, *more)) == status
        assert said in capsys.readouterr().err
