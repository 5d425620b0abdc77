"""The coded words of our own scheme, and those of the standard."""

from __future__ import annotations

import pytest

from pipelines.contract import Concept, Side, Site
from results import codes


def test_the_code_of_a_capture_is_listed() -> None:
    """It is among our own codes, which the conformance statement has a table of."""
    assert codes.private("Findings drawn") in codes.OWN


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("Grad-CAM", "130403"),
        ("GRADCAM", "130403"),
        ("Grad-CAM++", "130403"),
        ("saliency", "130404"),
        ("SHAP", "heat-map"),
        ("Eigen-CAM", "heat-map"),
    ],
)
def test_the_method_of_a_heat_map(name: str, code: str) -> None:
    """The standard's word where it has one; another method is never called by it."""
    assert codes.method(name).value == code


@pytest.mark.parametrize(
    ("side", "meaning"),
    [(Side.LEFT, "Left"), (Side.RIGHT, "Right"), (Side.BOTH, "Bilateral"), (None, None)],
)
def test_the_side_of_a_site(side: Side | None, meaning: str | None) -> None:
    """In the standard's words; none where it is not known."""
    wrist = Concept(value="74670003", scheme="SCT", meaning="Wrist joint")
    code = codes.side(Site(anatomy=wrist, laterality=side))
    assert (code.meaning if code else None) == meaning
