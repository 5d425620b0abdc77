"""Where in the body a finding is: what the headers say of part and side, and no more than that."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from models.opinion import Candidate, Opinion
from pipelines.contract import Findings, Reference, Side, Site
from pipelines.fracture.doubts import elsewhere
from pipelines.fracture.options import Options, rules
from pipelines.fracture.saying import findings, shown, site
from pipelines.fracture.viewing import View
from pipelines.radiographs import Radiograph
from tests.unit.models.making import card

WRIST = Radiograph(
    reference=Reference(SOPClassUID="1.2.3", SOPInstanceUID="1.2.3.4"),
    grey=np.zeros((20, 20), np.uint8),
    visible=np.ones((20, 20), np.bool_),
    aspect=1,
    body_parts=("WRIST",),
    laterality="L",
    view="PA",
    age=40,
    for_presentation=True,
)
ELBOW = replace(WRIST, body_parts=("ELBOW",))


def view(number: int, radiograph: Radiograph, probability: float) -> View:
    """A view with a candidate in it."""
    candidate = Candidate(left=2, top=2, right=9, bottom=9, score=probability)
    return View(
        number=number,
        radiograph=radiograph,
        opinion=Opinion(probability=probability, candidates=(candidate,)),
        threshold=0.5,
        doubts=(),
    )


def said(*views: View) -> Findings:
    """What is said of these views."""
    sources = [v.radiograph.reference for v in views]
    return findings(card(), rules(Options(), card()), views, (), sources)


def words(where: Site | None) -> str | None:
    """A site in words."""
    return where.says if where else None


@pytest.mark.parametrize(
    ("parts", "side", "expected"),
    [
        (("WRIST",), "L", "left wrist joint"),
        (("FOREARM",), "R", "right forearm"),
        (("KNEE",), "B", "knee on both sides"),
        (("HAND",), "", "hand"),
        (("HAND", "FOOT"), "L", None),
        (("ODDTHING",), "L", None),
        ((), "L", None),
    ],
)
def test_a_site_is_one_known_part(parts: tuple[str, ...], side: str, expected: str | None) -> None:
    """Of two parts nobody knows which is meant, and what is no code cannot be coded."""
    assert words(site(replace(WRIST, body_parts=parts, laterality=side))) == expected


def test_judgement_and_region_have_the_site() -> None:
    """As code and side, and in the sentence read first."""
    made = said(view(1, WRIST, 0.9))
    (judgement,), (region,) = made.classifications, made.regions
    assert judgement.site is not None
    assert judgement.site == region.site
    assert (judgement.site.anatomy.value, judgement.site.laterality) == ("74670003", Side.LEFT)
    assert made.summary.startswith("Fracture: present in left wrist joint, PA")
    assert shown(replace(WRIST, body_parts=("HAND", "FOOT"))) == " in left hand and left foot, PA"


def test_free_text_of_a_header_is_not_repeated() -> None:
    """Who writes a name where a part of the body should stand finds it in no sentence."""
    assert shown(replace(WRIST, body_parts=("SMITHJOHN",))) == ""
    assert shown(replace(WRIST, body_parts=("SMITHJOHN", "HAND"))) == " in left hand, PA"
    assert "SMITH" not in elsewhere(("SMITHJOHN",))
    assert elsewhere(("SMITHJOHN", "SKULL")).endswith("shows SKULL, which is no extremity")


@pytest.mark.parametrize(
    ("wrist", "elbow", "sites"),
    [
        (0.1, 0.9, ["left elbow joint", "left wrist joint", "left elbow joint"]),
        (0.1, 0.2, [None, "left wrist joint", "left elbow joint"]),
    ],
)
def test_the_study_has_the_site_of_what_was_found(
    wrist: float, elbow: float, sites: list[str | None]
) -> None:
    """That of the leading view; what is absent from two parts is not said of one of them."""
    made = said(view(1, WRIST, wrist), view(2, ELBOW, elbow))
    assert [words(one.site) for one in made.classifications] == sites


def test_what_is_absent_from_all_views_of_one_part_is_absent_there() -> None:
    """'No fracture of the left wrist.'"""
    made = said(view(1, WRIST, 0.1), view(2, WRIST, 0.2))
    assert {words(one.site) for one in made.classifications} == {"left wrist joint"}
