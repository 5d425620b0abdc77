"""What a model makes of a set, and the figures of that."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from models.evaluation import Row
from models.fracture.evaluate import evaluate, hit, metrics
from models.fracture.opinion import Candidate, Opinion
from models.registry import Card
from tests.unit.models.making import card


class ByBrightness:
    """A model that takes the mean for a probability, and looks at the left upper quarter."""

    card: Card = card()

    def look(self, grey: NDArray[np.uint8]) -> Opinion:
        """Judge a picture."""
        rows, columns = grey.shape
        return Opinion(
            probability=float(grey.mean()) / 255,
            candidates=(
                Candidate(columns / 2, rows / 2, columns, rows, 0.1),
                Candidate(0, 0, columns / 2, rows / 2, 0.9),
            ),
            refused="This is no X-ray." if grey.max() == 0 else "",
            doubts=("Metal is in the picture.",) if grey.max() == 255 else (),
            strangeness=0.5,
        )


def a_set(folder: Path, values: dict[str, int]) -> None:
    """Plain pictures of 40 by 20."""
    for name, value in values.items():
        Image.fromarray(np.full((20, 40), value, np.uint8)).save(folder / name)


def rows(**labels: bool | None) -> list[Row]:
    """Lines of an index of PNG files."""
    return [Row(file=f"{name}.png", positive=positive) for name, positive in labels.items()]


def test_every_picture_is_told(tmp_path: Path) -> None:
    """Each picture has its score, verdict, doubts and boxes, best box first; the model is named."""
    a_set(tmp_path, {"a.png": 204, "b.png": 51, "c.png": 255, "d.png": 0})
    told = evaluate(ByBrightness(), rows(a=True, b=False, c=True, d=None), tmp_path, {})
    assert told["model"]["digest"] == ByBrightness.card.digest
    found = {one["file"]: one for one in told["images"]}
    assert found["a.png"] == {
        "file": "a.png",
        "label": 1,
        "score": 0.8,
        "verdict": "present",
        "refused": False,
        "doubts": [],
        "strangeness": 0.5,
        "boxes": [
            {"cx": 0.25, "cy": 0.25, "w": 0.5, "h": 0.5, "score": 0.9},
            {"cx": 0.75, "cy": 0.75, "w": 0.5, "h": 0.5, "score": 0.1},
        ],
    }
    assert found["b.png"]["verdict"] == "absent"
    assert (found["c.png"]["verdict"], found["c.png"]["refused"]) == ("indeterminate", False)
    assert (found["d.png"]["verdict"], found["d.png"]["refused"]) == ("indeterminate", True)
    assert found["d.png"]["doubts"] == ["This is no X-ray."]
    assert found["d.png"]["label"] is None
    assert told["metrics"]["refused"]["value"] == 0.25
    json.dumps(told, allow_nan=False)


def test_a_broken_picture_is_told_and_the_rest_goes_on(tmp_path: Path) -> None:
    """What cannot be read stands in its place with the reason, and in no figure."""
    a_set(tmp_path, {"a.png": 200, "c.png": 10})
    (tmp_path / "b.png").write_text("no picture")
    progress: list[int] = []
    told = evaluate(ByBrightness(), rows(a=True, b=True, c=False), tmp_path, {}, progress.append)
    assert "cannot be read" in told["images"][1]["error"]
    assert told["images"][1]["score"] is None
    assert (told["metrics"]["broken"], told["metrics"]["scored"]) == (1, 2)
    assert told["metrics"]["auroc"]["value"] == 1.0
    assert progress == [1, 2, 3]


def test_localisation_counts_fractured_pictures_with_boxes(tmp_path: Path) -> None:
    """Only the best candidate counts, and only where it is known where the fracture is."""
    a_set(tmp_path, {"a.png": 200, "b.png": 200, "c.png": 200, "d.png": 10})
    boxes = {
        "a.png": [(0.9, 0.9, 0.1, 0.1), (0.3, 0.3, 0.2, 0.2)],
        "b.png": [(0.75, 0.75, 0.5, 0.5)],
        "d.png": [(0.25, 0.25, 0.5, 0.5)],
    }
    told = evaluate(ByBrightness(), rows(a=True, b=True, c=True, d=False), tmp_path, boxes)
    found = told["metrics"]["localisation"]
    assert (found["value"], found["count"]) == (0.5, 2)


@pytest.mark.parametrize(
    ("box", "is_hit"),
    [
        ((0.5, 0.5, 0.2, 0.2), True),  # the same
        ((0.59, 0.5, 0.2, 0.2), True),  # the centre inside
        ((0.62, 0.5, 0.22, 0.2), False),  # IoU 0.27 and the centre outside
        ((0.5, 0.605, 0.2, 0.2), True),  # IoU 0.31
        ((0.5, 0.5, 0.01, 0.01), True),  # small, around the centre
        ((0.57, 0.57, 0.05, 0.05), False),  # small, off the centre
        ((0.9, 0.9, 0.1, 0.1), False),
    ],
)
def test_a_hit(box: tuple[float, float, float, float], is_hit: bool) -> None:
    """A candidate hits with its centre inside or an IoU of 0.3."""
    candidate = {"cx": 0.5, "cy": 0.5, "w": 0.2, "h": 0.2}
    assert hit(candidate, box) is is_hit


def judged(*scores: float) -> list[dict[str, Any]]:
    """What a model told of as many pictures."""
    return [{"score": score, "refused": False, "boxes": []} for score in scores]


def test_the_threshold_is_where_present_begins() -> None:
    """A score at the threshold is called present."""
    found = metrics(rows(a=True, b=True, c=False), judged(0.3, 0.29, 0.1), {}, 0.3)
    assert (found["sensitivity"]["value"], found["specificity"]["value"]) == (0.5, 1.0)
    assert found["threshold"] == 0.3


def test_a_set_without_labels_has_scores_and_no_figures() -> None:
    """What cannot be known is null, and nothing fails."""
    found = metrics(rows(a=None, b=None), judged(0.3, 0.2), {}, 0.5)
    assert found["auroc"] is found["sensitivity"] is found["localisation"] is None
    assert found["refused"]["count"] == 2


def test_regions_and_sizes_are_strata() -> None:
    """A picture counts in each of its regions; a size counts either way up; rare ones together."""
    sizes = [("373", "454"), ("454", "373")] * 6 + [("100", "200")]
    lines = [
        Row(
            file=str(number),
            positive=number % 4 < 2,
            more={"hand": "1", "leg": str(number % 2), "width": width, "height": height},
        )
        for number, (width, height) in enumerate(sizes)
    ]
    found = metrics(lines, judged(*(0.9 if line.positive else 0.1 for line in lines)), {}, 0.5)
    counts = {name: (one["count"], one["positive"]) for name, one in found["strata"].items()}
    assert counts == {
        "hand": (13, 7),
        "leg": (6, 3),
        "other sizes": (1, 1),
        "size 373x454": (12, 6),
    }
    assert found["strata"]["hand"]["auroc"]["value"] == 1.0
    assert found["strata"]["other sizes"]["auroc"] is None
