"""What is said of the nodules, and what is not said because nobody knows it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from models.registry.card import Calibration
from pipelines.asking import NOT_A_DEVICE
from pipelines.contract import Findings, Presence, Severity, percent
from pipelines.thyroid.judging import Judged
from pipelines.thyroid.options import Options, rules
from pipelines.thyroid.saying import findings
from tests.unit.intake_check.stored import codes, note
from tests.unit.models.making import card
from tests.unit.thyroid.looks import judge, outline, view

DOUBT = "Something is wrong with the picture."


def said(judged: Judged, **fields: Any) -> Findings:
    """What is said of it under the default options."""
    thresholds = {"default": 0.5, "specificity-0.99": 0.8}
    of = replace(card(thresholds=thresholds, **fields), calibration=Calibration())
    sources = dict.fromkeys(one.reference for one in judged.choice.views)
    return findings(of, rules(Options(), of), judged, (), (), list(sources))


def test_a_nodule_s_probability_is_the_mean_of_its_frames() -> None:
    """Of those that are kept, and not the highest."""
    loop = [view(outline(p), frame=n, frames=60) for n, p in ((10, 0.9), (30, 0.2), (50, 0.7))]
    study, nodule = said(judge(*loop)).classifications
    assert study.probability == nodule.probability == 0.6
    assert not study.calibrated
    assert not nodule.calibrated


def test_a_frame_in_doubt_does_not_spoil_the_others() -> None:
    """It is left out of the mean; where all are in doubt, so is the nodule."""
    frames = [view(outline(0.8), frame=n, frames=60) for n in (10, 30)]
    doubted = view(outline(0.0), frame=50, frames=60, doubts=(DOUBT,))
    made = said(judge(*frames, doubted))
    assert made.classifications[0].probability == 0.8
    assert made.classifications[0].value is Presence.PRESENT
    alone = said(judge(replace(doubted, outlines=(outline(0.9),))))
    assert [one.value for one in alone.classifications] == [Presence.INDETERMINATE] * 2
    assert alone.classifications[0].because == DOUBT
    assert alone.summary == f"Thyroid nodule: indeterminate (probability 90 %), because: {DOUBT}"
    assert alone.risk is None


def test_an_alert_tells_of_a_doubt() -> None:
    """Report and alert say the same: likely, and not judged because."""
    made = said(judge(view(outline(0.9), doubts=(DOUBT,))))
    assert made.alert == (
        "A suspicious thyroid nodule is likely: probability 90 %. The judgement is in doubt: "
        f"{DOUBT}"
    )


def test_a_sure_nodule_outweighs_a_doubtful_one() -> None:
    """What is seen is not hidden by what could not be judged; an absence comes last."""
    sure, unsure = view(outline(0.7), loop=1), view(outline(0.9), loop=2, doubts=(DOUBT,))
    made = said(judge(sure, unsure))
    assert made.classifications[0].value is Presence.PRESENT
    assert made.classifications[0].probability == 0.7
    harmless = said(judge(view(outline(0.1), loop=1), unsure))
    assert harmless.classifications[0].value is Presence.INDETERMINATE


def test_what_was_not_read_is_not_absent() -> None:
    """Nobody knows what an image shows that could not be read."""
    made = said(judge(view(outline(0.1)), unread=2))
    assert made.classifications[0].value is Presence.INDETERMINATE
    assert made.classifications[0].because == "2 images of the study could not be read."
    assert said(judge(view(outline(0.7)), unread=2)).classifications[0].value is Presence.PRESENT


def test_the_summary_never_contradicts_the_risk() -> None:
    """What is just below a level is not rounded up to it."""
    made = said(judge(view(outline(0.7499))))
    assert "(probability 74.9 %, moderate risk" in made.summary


@pytest.mark.parametrize(("chance", "severity"), [(0.9, Severity.WARNING), (0.2, Severity.INFO)])
def test_what_does_not_count_is_told(chance: float, severity: Severity) -> None:
    """An outline on one frame alone is no nodule; a suspicious one is a warning."""
    lasting, flash = outline(0.1, (30, 30)), outline(chance, (75, 75), radius=6)
    loop = [view(lasting, *([flash] if n == 30 else []), frame=n, frames=60) for n in (10, 30, 50)]
    made = said(judge(*loop))
    told = note(made, "seen-once")
    assert told.severity is severity
    assert f"{percent(chance)}" in told.text
    assert [one.tracking for one in made.regions] == ["nodule-1"]


def test_sizes_are_those_of_the_largest_calibrated_frame() -> None:
    """A larger outline without a scale says less."""
    loop = [
        view(outline(0.9, radius=10), frame=10, frames=60),
        view(outline(0.9, radius=14), frame=30, frames=60, spacing=None),
    ]
    made = said(judge(*loop))
    assert {one.unit for one in made.measurements} == {"mm", "mm2", "1"}
    assert "no-scale" not in codes(made)


def test_every_limit_of_the_card_is_told_once() -> None:
    """Also where the card has the very sentence that is told anyway."""
    limits = ("Labels are categories of one centre.", NOT_A_DEVICE)
    made = said(judge(view(outline(0.9))), limits=limits)
    assert made.limits == f"{NOT_A_DEVICE} {limits[0]}"


def test_no_heat_map_has_a_reason() -> None:
    """'Heat map, or why not.'"""
    made = said(judge(view(outline(0.9), activation=None, why_no_activation="It is flat.")))
    assert made.heatmaps == ()
    assert note(made, "no-heat-map").text == "It is flat."


def test_a_heat_map_explains_what_the_model_says() -> None:
    """The model knows the threshold of its card, and not the site's."""
    low = said(judge(view(outline(0.4))), operating_point="specificity-0.99")
    assert low.heatmaps[0].explains.meaning == "Benign looking thyroid nodule"
    high = said(judge(view(outline(0.9))))
    assert high.heatmaps[0].explains.meaning == "Suspicious thyroid nodule"
