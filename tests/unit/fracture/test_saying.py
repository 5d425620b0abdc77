"""What is said of the views, and what is not said because nobody knows it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from models.opinion import Opinion
from models.registry import Card
from models.registry.card import Calibration
from pipelines.asking import NO_GATE, NOT_A_DEVICE
from pipelines.contract import Findings, Presence, Reference, Severity
from pipelines.fracture.options import Options, rules
from pipelines.fracture.saying import LAYER, OURS, findings
from pipelines.fracture.viewing import View
from pipelines.radiographs import Radiograph
from tests.unit.models.making import card

HAND = Radiograph(
    reference=Reference(SOPClassUID="1.2.3", SOPInstanceUID="1.2.3.4"),
    grey=np.full((20, 20), 100, np.uint8),
    visible=np.ones((20, 20), np.bool_),
    aspect=1,
    body_parts=("HAND",),
    laterality="L",
    view="PA",
    age=40,
    for_presentation=True,
)
THRESHOLDS = {"default": 0.5, "specificity-0.99": 0.6}
VIEWS = Calibration(temperature=2, bias=0.5, views=-0.4)
STRANGE = "The picture is none for the model."
METAL = "Metal seems to be in the picture."


def view(given: float, number: int = 1, **opinion: Any) -> View:
    """A view whose logit the model says is this."""
    told: dict[str, Any] = {"strangeness": 0.0, "logit": given, **opinion}
    made = Opinion(probability=VIEWS.probability(given), **told)
    return View(number=number, radiograph=HAND, opinion=made, threshold=0.5, doubts=made.reasons)


def of(calibration: Calibration | None = VIEWS, **fields: Any) -> Card:
    """A card with that calibration."""
    return replace(card(thresholds=THRESHOLDS, **fields), calibration=calibration)


def said(*views: View, of: Card = of(), unread: int = 0) -> Findings:  # noqa: B008 - frozen
    """What is said of these views."""
    sources = [one.radiograph.reference for one in views]
    return findings(of, rules(Options(), of), views, (), sources, unread)


def test_a_picture_that_is_refused_has_no_probability() -> None:
    """What the model says of a photograph means nothing, so nobody is told a number."""
    made = said(view(8, refused=STRANGE))
    (judgement,) = made.classifications
    assert judgement.value is Presence.INDETERMINATE
    assert (judgement.probability, judgement.threshold) == (None, None)
    assert not judgement.calibrated
    assert made.summary == f"Fracture: indeterminate in left hand, PA, because: {STRANGE}"
    assert made.alert == ""


def test_a_refused_picture_speaks_for_the_study_after_one_in_doubt() -> None:
    """The one with a probability is told of; an absence beside a refusal stays a doubt."""
    doubted = said(view(8, refused=STRANGE), view(3, number=2, doubts=(METAL,)))
    assert METAL in doubted.summary
    beside = said(view(8, refused=STRANGE), view(-3, number=2))
    study, strange, healthy = beside.classifications
    assert (study.value, strange.value) == (Presence.INDETERMINATE, Presence.INDETERMINATE)
    assert STRANGE in study.because
    assert study.probability == healthy.probability
    assert not study.calibrated


def test_an_alert_tells_of_a_doubt() -> None:
    """Report and alert say the same: likely, and not judged because."""
    made = said(view(4, doubts=(METAL,)))
    assert made.alert == (
        f"A fracture is likely: probability 92.4 %. The judgement is in doubt: {METAL}"
    )
    assert said(view(4)).alert == "A fracture is likely: probability 92.4 %."


def test_one_view_has_its_own_calibrated_probability() -> None:
    """A study of one picture is that picture."""
    (judgement,) = said(view(3)).classifications
    assert judgement.probability == round(VIEWS.probability(3), 4)
    assert judgement.calibrated
    assert judgement.threshold == 0.5


def test_the_highest_of_several_is_worth_less() -> None:
    """As the card knows by how much, the study's probability is calibrated like that of each."""
    study, *single = said(view(1, 1), view(3, 2), view(-2, 3)).classifications
    assert study.probability == round(VIEWS.probability(3, views=3), 4)
    assert [one.probability for one in single] == [
        round(VIEWS.probability(logit), 4) for logit in (1, 3, -2)
    ]
    assert study.probability < max(one.probability or 0 for one in single)
    assert all(one.calibrated for one in (study, *single))
    assert study.value is Presence.PRESENT
    assert (study.threshold, {one.threshold for one in single}) == (None, {0.5})


@pytest.mark.parametrize(
    ("calibration", "change"),
    [
        (Calibration(temperature=2, bias=0.5), {}),
        (None, {}),
        (VIEWS, {"logit": None}),
    ],
)
def test_where_the_card_does_not_know_the_highest_stands(
    calibration: Calibration | None, change: dict[str, Any]
) -> None:
    """And nobody calls it calibrated."""
    views = view(1, 1, **change), view(3, 2, **change)
    study, first, _ = said(*views, of=of(calibration)).classifications
    assert study.probability == round(VIEWS.probability(3), 4)
    assert not study.calibrated
    assert first.calibrated is (calibration is not None)


def test_what_was_not_read_is_not_calibrated() -> None:
    """Nobody knows what an image shows that could not be read."""
    study, view_of_it = said(view(-3), unread=1).classifications
    assert (study.value, study.calibrated) == (Presence.INDETERMINATE, False)
    assert view_of_it.calibrated
    several, *_ = said(view(-3, 1), view(-2, 2), unread=1).classifications
    assert not several.calibrated


def test_every_limit_of_the_card_is_told() -> None:
    """Whatever words it has."""
    limits = ("Never tried on portable devices.", "Not for horses.")
    made = said(view(3), of=of(limits=limits))
    assert made.limits == " ".join([NOT_A_DEVICE, *limits])


def test_a_limit_is_told_once() -> None:
    """Also where the card has the very sentence that is told anyway."""
    assert said(view(3), of=of(limits=(NOT_A_DEVICE,))).limits == NOT_A_DEVICE


def test_a_model_that_cannot_tell_strangers_says_so() -> None:
    """A warning that nothing but the header keeps other pictures away."""
    (note,) = said(view(-3, 1, strangeness=None), view(-5, 2, strangeness=None)).notes
    assert (note.code, note.severity, note.text) == ("no-gate", Severity.WARNING, NO_GATE)
    assert len(note.references) == 2
    assert said(view(-3)).notes == ()


def test_only_our_own_layer_is_named() -> None:
    """What a site's model looks at is for its maker to say."""
    hot = view(3, activation=np.ones((4, 4), np.float32))
    assert [one.layer for one in said(hot).heatmaps] == [""]
    assert [one.layer for one in said(hot, of=of(architecture=OURS)).heatmaps] == [LAYER]


def test_the_rules_are_on_record() -> None:
    """Why there is a judgement, or an alert, can be told years later."""
    made, ours = said(view(3)), of()
    assert made.algorithm.parameters == {
        "architecture": "resnet18",
        "meaning_digest": ours.meaning_digest,
        "threshold": "0.5000",
        "operating_point": "default",
        "alert_threshold": "0.6000",
        "unknown_age": "indeterminate",
    }


def test_numbers_are_those_of_every_machine() -> None:
    """What differs in the seventh digit is the same probability on both sides of a threshold."""
    one = replace(view(3), opinion=Opinion(probability=0.49999999))
    other = replace(view(3), opinion=Opinion(probability=0.50000001))
    assert said(one) == said(other)
    assert one.presence is Presence.PRESENT
