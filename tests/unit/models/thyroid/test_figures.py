"""The figures of ultrasound frames, by hand."""

from __future__ import annotations

from typing import Any

import pytest

from models.evaluation import Row
from models.thyroid.measuring.figures import metrics, risk


def a_row(number: int, positive: bool | None = None, **more: str) -> Row:
    """A line of an index; two frames are a case."""
    columns: dict[str, str] = {"case": str(number // 2), **more}
    return Row(file=f"{number}.png", positive=positive, more=columns)


def scored(*scores: float, **more: list[Any]) -> list[dict[str, Any]]:
    """What networks told of as many frames, and nothing beside it."""
    return [
        {"score": score, **{name: values[number] for name, values in more.items()}}
        for number, score in enumerate(scores)
    ]


def test_frames_of_a_case_are_drawn_together() -> None:
    """Frames of a case that score alike say less than their number: intervals are wider."""
    rows = [a_row(number, number < 40, case=str(number // 5)) for number in range(80)]
    told = scored(*(0.05 * (number // 5 * 7 % 16) + 0.1 * (number < 40) for number in range(80)))
    alone = [Row(file=row.file, positive=row.positive) for row in rows]
    by_case, single = metrics(rows, told, 0.5), metrics(alone, told, 0.5)
    assert (by_case["cases"], single["cases"], by_case["scored"]) == (16, 80, 80)
    for name in ("auroc", "brier"):
        assert by_case[name]["value"] == single[name]["value"]
        widths = [found[name]["high"] - found[name]["low"] for found in (by_case, single)]
        assert widths[0] > 1.5 * widths[1], name


def test_rows_of_folds_need_no_more_than_a_score() -> None:
    """Out-of-fold rows have no verdict; what is not there is null, and the rest is told."""
    found = metrics(
        [a_row(number, number > 2) for number in range(6)],
        scored(0.1, 0.6, 0.3, 0.4, 0.7, 0.8, fold=[0, 1, 2, 3, 4, 0]),
        0.5,
    )
    assert found["auroc"]["value"] == pytest.approx(8 / 9)
    assert found["sensitivity_at_specificity_0.5"]["value"] == 1.0
    assert (found["sensitivity"]["value"], found["specificity"]["value"]) == (
        pytest.approx(2 / 3),
        pytest.approx(2 / 3),
    )
    assert found["dice_mean"] is found["refused"] is found["tirads"] is found["kinds"] is None
    assert found["features"]["solid"] == {"count": 0, "positive": 0, "auroc": None}


def test_a_set_without_labels_has_outlines() -> None:
    """Dice is of every frame that has a mask; a frame without is in none of its figures."""
    rows = [a_row(number) for number in range(4)]
    found = metrics(rows, scored(0.1, 0.2, 0.3, 0.4, dice=[0.9, 0.0, None, 0.6]), 0.5)
    assert found["auroc"] is found["sensitivity"] is None
    assert found["dice_mean"]["value"] == pytest.approx(0.5)
    assert found["dice_mean"]["low"] < 0.5 < found["dice_mean"]["high"]
    assert found["dice_median"]["value"] == 0.6
    assert (found["dice_above_0.5"]["value"], found["dice_above_0.5"]["count"]) == (
        pytest.approx(2 / 3),
        3,
    )


def test_risks_have_their_limits() -> None:
    """A probability at a limit is the higher risk."""
    assert [risk(score) for score in (1.0, 0.75, 0.74, 0.5, 0.25, 0.2499, 0.0)] == [
        *("High", "High", "Moderate", "Moderate", "Borderline", "Low", "Low")
    ]
    rows = [a_row(0, True), a_row(1, False), a_row(2, True), a_row(3)]
    found = metrics(rows, scored(0.8, 0.75, 0.1, 0.9), 0.5)["risks"]
    assert {name: one["count"] for name, one in found.items()} == {
        "High": 2,
        "Moderate": 0,
        "Borderline": 0,
        "Low": 1,
    }
    assert found["High"]["suspicious"]["value"] == 0.5
    assert found["Moderate"]["suspicious"] is None


def test_higher_categories_are_to_have_higher_scores() -> None:
    """The mean of each TI-RADS category, and their rank correlation with the score."""
    names = ["2", "2", "3", "4a", "5", "5", "", "6"]
    rows = [a_row(number, tirads=name) for number, name in enumerate(names)]
    found = metrics(rows, scored(0.1, 0.3, 0.4, 0.5, 0.8, 0.9, 0.1, 0.1), 0.5)["tirads"]
    assert list(found["categories"]) == ["2", "3", "4a", "5"]
    assert found["categories"]["2"]["count"] == 2
    assert found["categories"]["2"]["mean_score"]["value"] == pytest.approx(0.2)
    assert found["spearman"]["value"] == pytest.approx(0.97, abs=0.01)
    same = metrics(rows[:2], scored(0.1, 0.3), 0.5)["tirads"]
    assert same["spearman"]["value"] == 0.0
    turned = metrics(rows[:6], scored(0.9, 0.8, 0.5, 0.4, 0.3, 0.1), 0.5)["tirads"]
    assert -1 <= turned["spearman"]["low"] <= turned["spearman"]["value"] < -0.9


def test_features_are_those_of_the_largest_nodule_or_of_the_frame() -> None:
    """Each is compared where the index says something of it, in the words of the data."""
    said = ["solid", "predominantly cystic", "", "dense"]
    rows = [
        a_row(
            number, composition=words, calcifications="non" if number % 2 else "microcalcifications"
        )
        for number, words in enumerate(said)
    ]
    told = scored(0.5, 0.5, 0.5, 0.5)
    told[0]["nodules"] = [{"features": {"solid": 0.9, "calcified": 0.8}}, {"features": {}}]
    told[1]["features"] = {"solid": 0.2, "calcified": 0.1}
    told[2]["nodules"] = []
    told[3]["features"] = {"solid": 0.1}
    found = metrics(rows, told, 0.5)["features"]
    assert (found["solid"]["count"], found["solid"]["positive"]) == (3, 2)
    assert found["solid"]["auroc"]["value"] == 0.5
    assert (found["calcified"]["count"], found["calcified"]["auroc"]["value"]) == (2, 1.0)
    assert found["irregular"]["count"] == 0


def test_what_is_refused_is_told_by_kind() -> None:
    """Pictures of other kinds have no label, and are counted by what they are."""
    rows = [a_row(number, kind="chest X-ray" if number else "photograph") for number in range(3)]
    told = scored(0.1, 0.2, 0.3, refused=[True, True, False], verdict=["indeterminate"] * 3)
    found = metrics(rows, told, 0.5)
    assert found["kinds"]["refused"]["chest X-ray"]["value"] == 0.5
    assert found["refused"]["value"] == pytest.approx(2 / 3)
    assert found["indeterminate"]["value"] == 1.0


def test_what_could_not_be_read_is_in_no_figure() -> None:
    """It is counted as broken."""
    told: list[dict[str, Any]] = [*scored(0.1, 0.9), {"score": None, "error": "it is broken"}]
    found = metrics([a_row(0, False), a_row(1, True), a_row(2, True)], told, 0.5)
    assert (found["pictures"], found["broken"], found["scored"]) == (3, 1, 2)
