"""What a thyroid model makes of a set, picture by picture."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from models.evaluation import Beside, read_index
from models.opinion import Opinion
from models.thyroid.measuring.evaluate import NO_ECHOES, dice, evaluate, looked
from tests.unit.models.thyroid.scenes import COLUMNS, ROWS, ByBrightness, a_set, picture


class Silent(ByBrightness):
    """The same, without a word of nodules."""

    def look(self, grey: NDArray[np.uint8]) -> Opinion:
        """Judge a picture."""
        return Opinion(probability=super().look(grey).probability)


def told(folder: Path, masks: bool = True) -> dict[str, Any]:
    """What is written of a set."""
    beside = Beside(masks=folder / "masks" if masks else None)
    rows = read_index(folder / "index.csv")
    found = evaluate(ByBrightness(), rows, folder / "images", beside)
    json.dumps(found, allow_nan=False)
    return found


def test_every_picture_is_told(tmp_path: Path) -> None:
    """Score, verdict, Dice and nodules, whose boxes are fractions of the whole picture."""
    a_set(tmp_path, {"a": 90, "b": 40}, label=["1", "0"])
    found = told(tmp_path)
    assert found["model"]["digest"] == ByBrightness.card.digest
    first, second = found["images"]
    assert (first["file"], first["label"], first["case"]) == ("a.png", 1, "a")
    assert first["score"] == pytest.approx(180 / 255, abs=0.02)
    assert (first["verdict"], first["refused"], first["doubts"]) == ("present", False, [])
    assert first["dice"] == pytest.approx(1.0, abs=0.06)
    (nodule,) = first["nodules"]
    assert nodule["cx"] == pytest.approx(60 / COLUMNS, abs=0.02)
    assert nodule["cy"] == pytest.approx(40 / ROWS, abs=0.02)
    assert nodule["w"] == pytest.approx(40 / COLUMNS, abs=0.02)
    assert (nodule["score"], nodule["probability"]) == (0.9, first["score"])
    assert nodule["features"] == {"solid": first["score"], "calcified": 1 - first["score"]}
    assert second["verdict"] == "absent"
    assert found["metrics"]["auroc"]["value"] == 1.0


def test_a_picture_in_doubt_has_a_score_too(tmp_path: Path) -> None:
    """Where nothing is outlined but the mask has a nodule, Dice is 0."""
    a_set(tmp_path, {"a": 22})
    (one,) = told(tmp_path)["images"]
    assert (one["verdict"], one["refused"], one["dice"]) == ("indeterminate", False, 0.0)
    assert one["score"] == pytest.approx(44 / 255, abs=0.02)
    assert one["nodules"] == []


def test_a_model_that_never_outlines_has_no_dice(tmp_path: Path) -> None:
    """It has no doubts either: that it says nothing of nodules is no mistake of it."""
    a_set(tmp_path, {"a": 90})
    beside, rows = Beside(masks=tmp_path / "masks"), read_index(tmp_path / "index.csv")
    found = evaluate(Silent(), rows, tmp_path / "images", beside)
    assert found["images"][0]["dice"] is None
    assert found["metrics"]["dice_mean"] is None


def test_a_picture_without_echoes_is_refused_and_scored(tmp_path: Path) -> None:
    """The model is shown all of it, and what it says is told with the reason."""
    a_set(tmp_path, {"a": 0})
    (one,) = told(tmp_path)["images"]
    assert (one["score"], one["verdict"], one["refused"]) == (0.0, "indeterminate", True)
    assert one["doubts"] == [NO_ECHOES]
    assert looked(ByBrightness(), np.zeros((30, 40, 3), np.uint8)).sight.grey.shape == (30, 40)


def test_without_masks_there_is_no_dice(tmp_path: Path) -> None:
    """No folder, no name in the index, and a mask without a nodule: null, and nothing is wrong."""
    a_set(tmp_path, {"a": 90, "b": 90}, mask=["", "b.png"])
    Image.new("1", (COLUMNS, ROWS)).save(tmp_path / "masks" / "b.png")
    for found in (told(tmp_path), told(tmp_path, masks=False)):
        assert [one["dice"] for one in found["images"]] == [None, None]
        assert not any("mask_error" in one for one in found["images"])
        assert found["metrics"]["dice_mean"] is None


@pytest.mark.parametrize(("mode", "on"), [("1", 1), ("L", 1), ("L", 255), ("RGB", (255,) * 3)])
def test_every_kind_of_mask_is_read(mode: str, on: Any, tmp_path: Path) -> None:
    """One bit, 0 and 1, 0 and 255, and in colour."""
    a_set(tmp_path, {"a": 90})
    mask = Image.new(mode, (COLUMNS, ROWS))
    mask.paste(on, (40, 20, 80, 60))
    mask.save(tmp_path / "masks" / "a.png")
    assert told(tmp_path)["images"][0]["dice"] == pytest.approx(1.0, abs=0.06)


def test_what_is_broken_is_told_and_the_rest_goes_on(tmp_path: Path) -> None:
    """A broken picture has no score; with a broken, missing or smaller mask it has one, no Dice."""
    a_set(tmp_path, {"a": 90, "b": 90, "c": 90, "d": 90, "e": 90})
    (tmp_path / "images" / "a.png").write_bytes(b"no picture")
    (tmp_path / "masks" / "b.png").write_bytes(b"no picture")
    (tmp_path / "masks" / "c.png").unlink()
    Image.new("1", (20, 20), 1).save(tmp_path / "masks" / "d.png")
    broken, *others, whole = told(tmp_path)["images"]
    assert broken["score"] is None
    assert "cannot be read" in broken["error"]
    for one, why in zip(others, ("cannot be read", "no such file", "not as large"), strict=True):
        assert one["dice"] is None
        assert one["score"] is not None
        assert why in one["mask_error"]
    assert whole["dice"] is not None


def test_dice_by_hand() -> None:
    """Twice the shared pixels, of those of each."""
    one, other = np.zeros((4, 4), np.bool_), np.zeros((4, 4), np.bool_)
    one[:2], other[1:3] = True, True
    assert dice(one, other) == 0.5
    assert dice(one, one) == 1.0
    assert dice(np.zeros_like(one), one) == 0.0


def test_what_lies_outside_the_sector_changes_nothing() -> None:
    """The model sees the echoes alone."""
    plain = picture(90)
    marked = plain.copy()
    marked[2:8, 4:20] = (255, 255, 0)
    model = ByBrightness()
    assert looked(model, plain).opinion.probability == looked(model, marked).opinion.probability
