"""What a site may say of the pipeline."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from pipelines.choices import SITE
from pipelines.contract import Presence
from pipelines.thyroid.options import Levels, Options, read, rules
from pipelines.thyroid.words import RISKS, level
from tests.unit.models.making import card

CARD = card(thresholds={"default": 0.5, "strict": 0.9, "specificity-0.99": 0.6})


def test_without_options_the_shipped_model_judges() -> None:
    """The defaults are the shipped model, four levels of risk and a text for each."""
    assert read({}) == Options()
    assert Options().model == "thyroid"
    assert all(getattr(Options().recommendations, name) for name in RISKS)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"treshold": 0.5}, "there is no option treshold; there are model, operating_point"),
        ({"threshold": 1.5}, "threshold"),
        ({"threshold": True}, "threshold: .*true and false are no numbers"),
        ({"risk_levels": {"high": 0.4}}, "risk_levels: high, moderate and borderline have to desc"),
        ({"risk_levels": {"high": 0.5}}, "have to descend"),
        ({"risk_levels": {"top": 0.9}}, "risk_levels.top: there is no such option"),
        ({"recommendations": {"low": 3}}, "recommendations.low"),
        ({"recommend": "perhaps"}, "recommend"),
        ({"most_frames": 0}, "most_frames"),
        ({"most_looks": 10**6}, "most_looks"),
        ({"kept_frames": 0}, "kept_frames"),
        ({"kept_frames": True}, "kept_frames"),
        ({"threads": -1}, "threads"),
    ],
)
def test_a_wrong_option_is_named(options: dict[str, Any], told: str) -> None:
    """A person reads which option is wrong."""
    with pytest.raises(ValueError, match=told):
        read(options)


@pytest.mark.parametrize(
    ("options", "threshold", "point", "alert"),
    [
        ({}, 0.5, "default", 0.6),
        ({"operating_point": "strict"}, 0.9, "strict", 0.6),
        ({"threshold": 0}, 0, SITE, 0.6),
        ({"alert_threshold": 0}, 0.5, "default", 0),
    ],
)
def test_what_holds_comes_from_the_card_and_the_site(
    options: dict[str, Any], threshold: float, point: str, alert: float
) -> None:
    """The site's word goes first, a nought too."""
    made = rules(read(options), CARD)
    assert (made.threshold, made.operating_point, made.alert_from) == (threshold, point, alert)


def test_an_operating_point_that_the_card_lacks_is_named() -> None:
    """The sentence says which there are."""
    with pytest.raises(ValueError, match="no operating point best; it has default, strict"):
        rules(read({"operating_point": "best"}), CARD)


def test_recommendations_can_be_worded_and_switched_off() -> None:
    """A text of the site's own takes the place of one of ours; the others stay."""
    made = rules(read({"recommendations": {"low": "Nothing to do."}}), CARD).recommendations
    assert made is not None
    assert (made.low, made.high) == ("Nothing to do.", Options().recommendations.high)
    assert rules(read({"recommend": False}), CARD).recommendations is None


@pytest.mark.parametrize(
    ("probability", "found"),
    [
        *((1.0, "high"), (0.75, "high"), (0.7499, "moderate"), (0.5, "moderate")),
        *((0.4999, "borderline"), (0.25, "borderline"), (0.2499, "low"), (0.0, "low")),
    ],
)
def test_a_level_begins_at_its_number(probability: float, found: str) -> None:
    """The number itself belongs to the graver level."""
    presence = Presence.PRESENT if probability >= 0.5 else Presence.ABSENT
    assert level(probability, presence, Levels()) == found


def test_a_level_does_not_contradict_the_judgement() -> None:
    """Whatever the threshold: what is suspicious is not of low risk, what is not of no high one."""
    assert level(0.1, Presence.PRESENT, Levels()) == "borderline"
    assert level(0.9, Presence.ABSENT, Levels()) == "moderate"


def test_options_are_read_without_numpy_or_a_framework() -> None:
    """The node reads them before it starts."""
    code = (
        "import sys; from pipelines.thyroid.options import read; read({}); "
        "print([m for m in ('numpy', 'tensorflow', 'keras', 'torch', 'scipy') if m in sys.modules])"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"
