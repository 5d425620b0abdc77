"""What is decided of a study: which series, what is merged, what is not done."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pytest

from pipelines.router import (
    Assignment,
    Decision,
    Route,
    Unprocessed,
    compile_routes,
    decide,
    explain,
    keywords,
)
from pipelines.router.evidence import KEYWORDS
from tests.unit.router.studies import INSTALLED, decided, instance, route, series, single, study

MIXED = study(
    series("1.2.3.1", *({"Modality": "CT", "InstanceNumber": n} for n in (1, 2, 3))),
    series("1.2.3.2", {"Modality": "SR"}, {"Modality": None}),
)


@pytest.mark.parametrize(
    ("level", "when", "selected"),
    [
        ("series", {"Modality": "CT"}, {"1.2.3.1": None}),
        ("series", {"InstanceNumber": 2}, {"1.2.3.1": None}),
        ("series", {"Modality": "SR"}, {"1.2.3.2": None}),
        ("series", {"Modality": {"not": "CT"}}, {"1.2.3.2": None}),
        ("series", {}, {"1.2.3.1": None, "1.2.3.2": None}),
        ("instance", {"InstanceNumber": {"min": 2}}, {"1.2.3.1": ("1.2.3.1.2", "1.2.3.1.3")}),
        ("instance", {"Modality": {"exists": False}}, {"1.2.3.2": ("1.2.3.2.2",)}),
        ("study", {"Modality": "SR", "InstanceNumber": 3}, {"1.2.3.1": None, "1.2.3.2": None}),
        ("study", {"Modality": {"not": "SR"}}, {}),
    ],
)
def test_the_level_says_what_a_condition_is_tested_on(
    level: str, when: dict[str, Any], selected: dict[str, Any]
) -> None:
    """Any value of the subject meets a condition; what is chosen depends on the level."""
    assert decided(MIXED, route(level=level, when=when)).routes[0].selected == selected


def test_routes_come_in_any_form() -> None:
    """A table, a Route, or the settings' own objects say the same."""

    @dataclass(frozen=True)
    class Elsewhere:
        name: str = "a route"
        pipelines: tuple[str, ...] = ("intake-check",)
        send_to: tuple[str, ...] = ("pacs",)

    ours = Route(name="a route", pipelines=("intake-check",), send_to=("pacs",))
    given = [ours, Elsewhere(), route()]
    first, *others = [decide(MIXED, compile_routes([one]), INSTALLED) for one in given]
    assert all(other == first for other in others)


def test_several_routes_to_one_pipeline_are_one_assignment() -> None:
    """Series and destinations are united, the most urgent wins, and who sends is no shadow."""
    decision = decided(
        MIXED,
        route("a", when={"InstanceNumber": 2}, level="instance", results=["sr"], shadow=True),
        route("b", when={"Modality": "CT"}, level="instance", results=["sr", "seg"]),
        route("c", when={"Modality": "SR"}, priority="stat", send_to=["pacs", "archive"]),
        route("d", priority="urgent", when={"Modality": "XA"}),
    )
    assert decision.assignments == (
        Assignment(
            pipeline="intake-check",
            series={
                "1.2.3.1": ("1.2.3.1.1", "1.2.3.1.2", "1.2.3.1.3"),
                "1.2.3.2": ("1.2.3.2.1", "1.2.3.2.2"),
            },
            send_to={"pacs": None, "archive": None},
            besides={"pacs": ("sr", "seg")},
            priority="stat",
            shadow=False,
            routes=("a", "b", "c"),
        ),
    )


def test_named_kinds_are_united_for_each_destination() -> None:
    """Where every route names the kinds, a destination gets those of all."""
    decision = decided(
        MIXED,
        route("a", results=["sr"]),
        route("b", results=["seg", "sr"], send_to=["pacs", "archive"]),
    )
    assert decision.assignments[0].send_to == {"pacs": ("sr", "seg"), "archive": ("seg", "sr")}
    assert decision.assignments[0].besides == {}


def test_a_shadow_adds_no_destination_to_routes_that_send() -> None:
    """It sends nothing; where every route is a shadow, so is the assignment."""
    shadow = route("s", shadow=True, send_to=["research"])
    both = decided(MIXED, shadow, route("live"))
    assert both.assignments[0].send_to == {"pacs": None}
    alone = decided(MIXED, shadow, route("t", shadow=True))
    assert alone.assignments[0].shadow


@dataclass(frozen=True)
class Broken:
    """A pipeline that is there and cannot be imported."""

    error: str = "ImportError: no such thing"


def _because(what: Any, *routes: dict[str, Any], **installed: object) -> tuple[Unprocessed, ...]:
    return decide(what, routes, INSTALLED | installed).unprocessed


def test_what_is_not_done_is_said() -> None:
    """One sentence each: no route, a pipeline that is missing or broken, a route that is off."""
    none = {"Modality": "XA"}
    assert _because(MIXED) == (Unprocessed(what="study", because="No route is configured."),)
    assert _because(MIXED, route(when=none))[0].because == (
        "The only route that is switched on does not match it."
    )
    assert _because(MIXED, route("a", when=none), route("b", when=none))[0].because == (
        "None of the 2 routes that are switched on matches it."
    )
    assert _because(MIXED, route(enabled=False)) == (
        Unprocessed(what="study", because="Every route is switched off (enabled = false)."),
        Unprocessed(
            what="route a route",
            because='The route "a route" matches, but is switched off (enabled = false).',
        ),
    )
    assert _because(MIXED, route("a", pipelines=["nodule"]), route("b", pipelines=["nodule"])) == (
        Unprocessed(
            what="pipeline nodule",
            because='The pipeline nodule, asked for by "a" and "b", is not installed here.',
        ),
    )
    assert _because(MIXED, route(pipelines=["nodule"]), nodule=Broken()) == (
        Unprocessed(
            what="pipeline nodule",
            because='The pipeline nodule, asked for by "a route", is installed but cannot be used.',
        ),
    )
    assert _because(study(), route())[0].what == "study"


def test_a_route_that_is_off_or_cannot_run_is_no_assignment() -> None:
    """And does not keep the others from theirs."""
    decision = decided(
        MIXED, route("off", pipelines=["lung"], enabled=False), route("x", pipelines=["y", "lung"])
    )
    assert [(one.pipeline, one.routes) for one in decision.assignments] == [("lung", ("x",))]


def test_what_cannot_be_evaluated_does_not_match_nor_stop_the_others() -> None:
    """Neither a condition nor its contrary holds of a broken value, and the reason says so."""
    thin = {"SliceThickness": "thin", "Rows": None}
    what = study(series("1.2.3.1", thin), series("1.2.3.2", {"Rows": 1}))
    decision = decided(
        what,
        route("number", when={"SliceThickness": {"max": 2}}),
        route("contrary", when={"not": {"SliceThickness": {"max": 2}}}),
        route("file", when={"(0019,100C)": 5}),
        route("either", when={"any": [{"SliceThickness": 2}, {"Rows": {"exists": False}}]}),
        route("fine"),
    )
    found = {one.name: sorted(one.selected) for one in decision.routes}
    assert found["number"] == found["file"] == []
    assert "1.2.3.1" not in found["contrary"]
    assert found["either"] == ["1.2.3.1"]
    assert found["fine"] == ["1.2.3.1", "1.2.3.2"]
    text = explain(decision)
    assert "? SliceThickness is at most 2 (has a value that is not a number)" in text
    assert "? 0019100C is 5 (cannot be read (FileNotFoundError))" in text


def test_one_value_that_cannot_be_understood_does_not_hide_another() -> None:
    """Any value that meets a condition is enough."""
    what = study(series("1.2.3.1", {"SliceThickness": "thin"}, {"SliceThickness": 1}))
    assert decided(what, route(when={"SliceThickness": {"max": 2}})).routes[0].matched


IDENTITY = {
    "PatientName": "Doe^Jane",
    "PatientID": "4711",
    "PatientBirthDate": "19300101",
    "OtherPatientIDs": "4712",
    "AccessionNumber": "A4713",
    "ReferringPhysicianName": "Roe^Richard",
    "PatientAddress": "Doe street",
}


def test_who_the_patient_is_is_never_said() -> None:
    """Neither the value nor the rule is quoted, in the text or in what is stored."""
    when: dict[str, Any] = dict(IDENTITY)
    decision = decided(single(**IDENTITY), route(when=when), route("b", when={"PatientID": "9*"}))
    stored = json.dumps(decision.to_dict()) + explain(decision)
    assert decision.routes[0].matched
    assert "✓ PatientID is as the rule says: present" in explain(decision)
    assert not any(value in stored for value in (*IDENTITY.values(), "9*", "1930"))
    absent = decided(single(PatientName=None), route(when={"PatientName": {"not": "X"}}))
    assert "✓ PatientName is not as the rule says: absent" in explain(absent)


def test_a_private_text_is_not_shown_but_a_number_is() -> None:
    """Nobody knows what a private text says."""
    what = single(**{"0019100C": 1000, "0019100D": "Doe^Jane"})
    text = explain(decided(what, route(when={"(0019,100C)": 1000, "(0019,100D)": "DOE*"})))
    assert "✓ 0019100C is 1000: 1000" in text
    assert '✓ 0019100D is like "DOE*": present' in text


def test_a_decision_comes_back_from_json_as_it_was() -> None:
    """What is stored with a revision can be explained for ever."""
    decision = decided(
        MIXED,
        route("a", when={"InstanceNumber": 2, "not": {"all": [{"Rows": 5}, {"Columns": 5}]}}),
        route("b", level="instance", when={"Modality": "CT"}, results=["sr"]),
        route("c", pipelines=["nodule"]),
    )
    stored = json.loads(json.dumps(decision.to_dict()))
    assert stored == decision.to_dict()
    assert Decision.from_dict(stored) == decision
    assert explain(Decision.from_dict(stored)) == explain(decision)
    one = decision.assignments[0]
    assert Assignment.from_dict(json.loads(json.dumps(one.to_dict()))) == one


def test_keywords_are_all_that_routes_look_at() -> None:
    """So that the index can keep them and no file is read."""
    found = keywords(
        [
            route(when={"Modality": "CT", "any": [{"Rows": 1}, {"not": {"EchoTime": 2}}]}),
            route(when={"ProcedureCodeSequence.CodeValue": "A", "(0019,100C)": 5}),
            route(when={"(0008,0070)": "ACME"}),
        ]
    )
    assert found == {"Modality", "Rows", "EchoTime", "ProcedureCodeSequence", "Manufacturer"}
    assert keywords(compile_routes([route(when={"BodyPartExamined": "HAND"})])) == KEYWORDS
    assert keywords([]) == frozenset()


def test_a_header_of_another_instance_does_not_speak_for_one() -> None:
    """Instances that were indexed before a route came are read from their files."""
    what = study(series("1.2.3.1", {"Modality": "CT"}))
    old = instance("1.2.3.1.9", Modality="CT")
    object.__setattr__(what.series[0], "instances", (*what.series[0].instances, old))
    object.__setattr__(what.series[0].instances[0], "header", {"Modality": "CT", "Rows": 1})
    outcome = decided(what, route(when={"Rows": 2})).routes[0]
    reason = outcome.cases[0].reason
    assert reason is not None
    assert reason.note == "cannot be read (FileNotFoundError)"
