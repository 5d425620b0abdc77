"""The training data are checked before they are believed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from models.fracture.data import FOLDS, BadData, Case, check, read

FRACTURED = Case(
    file="a.jpg",
    fractured=True,
    split="train",
    group="1",
    width=373,
    height=454,
    regions=(True, False, False, False, False),
    hardware=False,
    boxes=((0.5, 0.5, 0.1, 0.2),),
)
HEALTHY = replace(FRACTURED, file="b.jpg", fractured=False, boxes=(), group="2")


def test_good_data_pass() -> None:
    """Cases that agree with themselves are taken."""
    check([FRACTURED, HEALTHY])


@pytest.mark.parametrize(
    ("cases", "because"),
    [
        ([FRACTURED, FRACTURED], "listed twice"),
        ([FRACTURED, replace(HEALTHY, group="1", split="val")], "both sides"),
        ([replace(HEALTHY, fractured=True)], "boxes contradict"),
        ([replace(FRACTURED, fractured=False)], "boxes contradict"),
        ([replace(FRACTURED, boxes=((1.2, 0.5, 0.1, 0.1),))], "outside its picture"),
    ],
)
def test_data_that_would_mislead_are_refused(cases: list[Case], because: str) -> None:
    """A leak, a contradiction or nonsense ends the training before it begins."""
    with pytest.raises(BadData, match=because):
        check(cases)


def test_ambiguous_pictures_are_dropped_and_boxes_found(tmp_path: Path) -> None:
    """The index is read with its boxes, and without what nobody could label."""
    columns = "file,label,split,group,width,height,ambiguous,hand,leg,hip,shoulder,mixed,hardware"
    (tmp_path / "index.csv").write_text(
        f"{columns}\na.jpg,1,train,7,373,454,0,1,0,0,0,0,0\nb.jpg,0,val,8,9,9,1,0,1,0,0,0,0\n"
    )
    (tmp_path / "boxes.csv").write_text("file,cx,cy,w,h\na.jpg,0.5,0.25,0.1,0.2\n")
    (case,) = read(tmp_path)
    assert case.boxes == ((0.5, 0.25, 0.1, 0.2),)
    assert case.regions == (True, False, False, False, False)
    assert case.stratum == "small plates"


def test_near_duplicates_are_in_one_fold() -> None:
    """The fold is the group's, the same every time, and all folds are used."""
    assert FRACTURED.fold == replace(HEALTHY, group="1").fold
    assert {replace(HEALTHY, group=str(n)).fold for n in range(60)} == set(range(FOLDS))
