"""How moments, statuses and decisions are put."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from config.settings import Route
from gateway import words
from pipelines import installed
from pipelines.contract import Instance, Series, Study
from pipelines.router import compile_routes, decide


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0, "now"), (5, "5 s ago"), (61, "1 min ago"), (7300, "2 h ago"), (200000, "2 d ago")],
)
def test_how_long_ago(seconds: float, said: str) -> None:
    """In the largest unit that fits; a clock that was set back is now."""
    assert words.ago(1000.0, 1000.0 + seconds) == said
    assert words.ago(1000.0, 900.0) == "now"
    assert words.ago(None) == "never"


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (0x0000, "0x0000 (success)"),
        (0xB000, "0xb000 (success with a warning)"),
        (0xA700, "0xa700 (out of resources)"),
        (0x0122, "0x0122 (failure)"),
        (None, "no answer"),
    ],
)
def test_a_dimse_status_has_a_meaning(status: int | None, said: str) -> None:
    """PS3.4 table B.2-1."""
    assert words.dimse_status(status) == said


CHECKED = {
    "pipeline": "intake-check",
    "series": {"1": [], "2": []},
    "send_to": {"pacs": None},
    "priority": "routine",
    "shadow": False,
    "routes": ["everything is checked"],
}


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({}, "results go to pacs."),
        ({"send_to": {}}, "results stay here."),
        ({"shadow": True}, "in shadow, nothing is sent."),
    ],
)
def test_an_assignment_is_a_sentence(changed: dict[str, Any], said: str) -> None:
    """What runs, on how much, why, and where its results go."""
    (sentence,) = words.assignments({"assignments": [CHECKED | changed]})
    assert sentence == (
        "intake-check works on 2 series with priority routine, "
        f"asked by “everything is checked”; {said}"
    )


def _routed(**site: Any) -> dict[str, Any]:
    """What the real router decides about one CT series."""
    study = Study(
        StudyInstanceUID="1.2.3",
        revision=1,
        series=(
            Series(
                SeriesInstanceUID="1.2.3.1",
                instances=(
                    Instance(
                        SOPClassUID="1.2.840.10008.5.1.4.1.1.2",
                        SOPInstanceUID="1.2.3.1.1",
                        TransferSyntaxUID="1.2.840.10008.1.2.1",
                        path=Path("not-there.dcm"),
                        header={"Modality": "CT"},
                    ),
                ),
            ),
        ),
    )
    route = Route(name="X-ray", pipelines=("intake-check",), **site)
    return decide(study, compile_routes([route]), installed()).to_dict()


def test_a_route_that_matched_is_named() -> None:
    """And how much it took."""
    decision = _routed(when={"Modality": "CT"})
    assert words.routes(decision) == ("The route “X-ray” took 1 series.",)
    assert len(words.assignments(decision)) == 1
    assert words.unprocessed(decision) == ()


def test_a_route_that_did_not_match_says_by_which_rule() -> None:
    """With what was found instead, and the study says why nothing is done."""
    decision = _routed(when={"Modality": ["CR", "DX"]})
    (sentence,) = words.routes(decision)
    assert sentence.startswith("The route “X-ray” did not match: Modality")
    assert sentence.endswith("and found was CT.")
    assert words.unprocessed(decision)


def test_a_route_that_is_off_is_said_to_be() -> None:
    """It was not even tried."""
    assert words.routes(_routed(enabled=False)) == ("The route “X-ray” is switched off.",)


@pytest.mark.parametrize("odd", [{"of": "fracture"}, "a sentence", 7])
def test_what_another_version_stored_takes_no_page_down(odd: object) -> None:
    """The study says that its record cannot be read; every other study is shown."""
    decision = {"routes": [odd], "assignments": [odd], "unprocessed": [odd]}
    for say in (words.routes, words.assignments, words.unprocessed):
        (sentence,) = say(decision)
        assert sentence.startswith("Another version of the node")
