"""What a site may say of the pipeline."""

from __future__ import annotations

from typing import Any

import pytest

from pipelines.fracture.options import Options, read


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
    ],
)
def test_a_wrong_option_is_named(options: dict[str, Any], told: str) -> None:
    """A person reads which option is wrong."""
    with pytest.raises(ValueError, match=told):
        read(options)
