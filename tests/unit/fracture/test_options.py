"""What a site may say of the pipeline."""

from __future__ import annotations

from typing import Any

import pytest

from pipelines.choices import SITE
from pipelines.fracture.options import Options, read, rules
from tests.unit.models.making import card


def test_without_options_the_shipped_model_judges() -> None:
    """The defaults are the model's own operating point, and doubt where the age is unknown."""
    assert read({}) == Options()
    assert Options().model == "fracture"


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"treshold": 0.5}, "there is no option treshold; there are model, operating_point"),
        ({"threshold": 1.5}, "threshold"),
        ({"threshold": "high"}, "threshold"),
        ({"unknown_age": "guess"}, "unknown_age"),
        ({"threads": -1}, "threads"),
        ({"threshold": float("nan")}, "threshold"),
        ({"threshold": True}, "threshold: .*true and false are no numbers"),
        ({"alert_threshold": False}, "alert_threshold"),
        ({"threads": True}, "threads"),
    ],
)
def test_a_wrong_option_is_named(options: dict[str, Any], told: str) -> None:
    """A person reads which option is wrong."""
    with pytest.raises(ValueError, match=told):
        read(options)


CARD = card(thresholds={"default": 0.5, "strict": 0.9, "specificity-0.99": 0.6})


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


def test_without_that_operating_point_there_are_no_alerts() -> None:
    """A card need not have it, and a report says so."""
    assert rules(Options(), card()).alert_from is None
    assert rules(Options(), card()).to_dict()["alert_threshold"] == "none"
