"""What a model makes of a set, and the figures of that."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from models.evaluation import Beside, Row
from models.fracture.measuring.evaluate import evaluate
from models.fracture.measuring.figures import hit, metrics
from models.opinion import Candidate, Opinion
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
    told = evaluate(ByBrightness(), rows(a=True, b=False, c=True, d=None), tmp_path, Beside())
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
    told = evaluate(
        ByBrightness(), rows(a=True, b=True, c=False), tmp_path, Beside(), progress.append
    )
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
    told = evaluate(
        ByBrightness(), rows(a=True, b=True, c=True, d=False), tmp_path, Beside(boxes=boxes)
    )
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
    return [
        {"score": score, "verdict": "present", "refused": False, "boxes": []} for score in scores
    ]


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


def test_what_is_delivered_counts_no_doubt_as_an_answer() -> None:
    """A likely fracture in doubt is not called, a healthy picture in doubt is not called either."""
    told = judged(0.9, 0.9, 0.1, 0.9)
    told[1] |= {"verdict": "indeterminate", "refused": True}
    told[2] |= {"verdict": "absent"}
    told[3] |= {"verdict": "indeterminate"}
    found = metrics(rows(a=True, b=True, c=False, d=False), told, {}, 0.5)
    assert (found["sensitivity"]["value"], found["specificity"]["value"]) == (1.0, 0.5)
    assert found["delivered_sensitivity"]["value"] == 0.5
    assert found["delivered_specificity"]["value"] == 1.0
    assert (found["indeterminate"]["value"], found["refused"]["value"]) == (0.5, 0.25)
    labels = found["by_label"]
    assert labels["positive"]["refused"]["value"] == 0.5
    assert labels["negative"]["indeterminate"]["value"] == 0.5
    assert labels["negative"]["refused"]["value"] == 0.0


def test_kinds_count_the_same_however_many_pictures_they_have() -> None:
    """What is refused of each kind that the index names, and the mean of that."""
    kinds = ["skull"] * 8 + ["chest"] * 2
    lines = [Row(file=str(n), positive=None, more={"kind": kind}) for n, kind in enumerate(kinds)]
    told = judged(*[0.1] * 10)
    for one in told[:9]:
        one["refused"] = True
    found = metrics(lines, told, {}, 0.5)
    assert found["refused"]["value"] == 0.9
    refused = {kind: one["value"] for kind, one in found["kinds"]["refused"].items()}
    assert refused == {"skull": 1.0, "chest": 0.5}
    mean = found["kinds"]["mean_refused"]
    assert (mean["value"], mean["count"]) == (0.75, 10)
    assert mean["low"] < 0.6 < 0.9 < mean["high"]
    assert metrics(rows(a=None), judged(0.1), {}, 0.5)["kinds"] is None


def test_studies_are_judged_by_their_highest_picture() -> None:
    """As a card's calibration says of so many views; a study without a known label has none."""
    studies: dict[str, list[tuple[bool | None, float]]] = {
        "one": [(True, 0.8), (False, 0.3)],
        "two": [(False, 0.5), (False, 0.1)],
        "three": [(False, 0.2)],
        "four": [(None, 0.9), (False, 0.1)],
        "five": [(None, 0.3), (True, 0.6)],
        "": [(True, 0.1)],
    }
    lines = [
        Row(file=f"{study} {number}", positive=positive, more={"study": study})
        for study, pictures in studies.items()
        for number, (positive, _) in enumerate(pictures)
    ]
    told = judged(*(score for pictures in studies.values() for _, score in pictures))
    found = metrics(lines, told, {}, 0.5)["studies"]
    assert (found["count"], found["positive"], found["several_pictures"]) == (4, 2, 3)
    assert (found["auroc"]["value"], found["specificity"]["value"]) == (1.0, 0.5)
    # Two views have half the odds: 0.8 becomes 2/3, 0.5 and 0.6 become 1/3 and 3/7.
    halved = metrics(lines, told, {}, 0.5, views=-1.0)["studies"]
    assert (halved["specificity"]["value"], halved["sensitivity"]["value"]) == (1.0, 0.5)
    gaps = [1 - 2 / 3, 1 / 3, 0.2, 1 - 3 / 7]
    assert halved["calibration_error"]["value"] == pytest.approx(sum(gaps) / 4)
    assert metrics(rows(a=True), judged(0.1), {}, 0.5)["studies"] is None


def test_regions_and_sizes_are_strata() -> None:
    """A picture counts in each of its regions; a size counts either way up; rare ones together."""
    sizes = [("373", "454"), ("454", "373")] * 6 + [("100", "200")]
    lines = [
        Row(
            file=str(number),
            positive=number % 4 < 2,
            more={
                "hand": "1",
                "leg": str(number % 2),
                "hardware": str(int(number == 0)),
                "width": width,
                "height": height,
            },
        )
        for number, (width, height) in enumerate(sizes)
    ]
    told = judged(*(0.9 if line.positive else 0.1 for line in lines))
    told[0]["verdict"] = "indeterminate"
    found = metrics(lines, told, {}, 0.5)
    counts = {name: (one["count"], one["positive"]) for name, one in found["strata"].items()}
    assert counts == {
        "hand": (13, 7),
        "hardware": (1, 1),
        "leg": (6, 3),
        "no hardware": (12, 6),
        "other sizes": (1, 1),
        "size 373x454": (12, 6),
    }
    assert found["strata"]["hand"]["auroc"]["value"] == 1.0
    assert found["strata"]["hand"]["sensitivity"]["value"] == 1.0
    assert found["strata"]["hardware"]["indeterminate"]["value"] == 1.0
    assert found["strata"]["no hardware"]["indeterminate"]["value"] == 0.0
    assert found["strata"]["other sizes"]["auroc"] is None
