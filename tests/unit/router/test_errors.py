"""What is said of routes that are written wrongly."""

from __future__ import annotations

from typing import Any

import pytest

from pipelines.router import RouteError, compile_routes
from tests.unit.router.studies import route

SPELLING = (
    "allowed is a keyword of the DICOM data dictionary, or a number such as (0019,100C) "
    "for a private attribute."
)
OPERATORS = "allowed is equals, in, glob, not, range, min, max, exists, any and all."
BOUNDS = 'allowed is a list of two bounds, null or "" for none, such as [0, 1.5] or ["", 3].'
ORDER = "allowed is this for numbers, dates, times and ages only."
EXISTS = (
    "allowed is exists = true or false, or for a sequence the name of what is inside it, "
    "after a dot."
)

CONDITIONS: list[tuple[dict[str, Any], str]] = [
    (
        {"Modalty": "CT"},
        f"when.Modalty names no attribute of the standard (did you mean Modality?); {SPELLING}",
    ),
    (
        {"body part examined": "CT"},
        "when.body part examined names no attribute of the standard "
        f"(did you mean BodyPartExamined?); {SPELLING}",
    ),
    (
        {"Xyzzyqqq": "CT"},
        f"when.Xyzzyqqq names no attribute of the standard; {SPELLING}",
    ),
    (
        {"any": [{"Modality": "CT"}, {"Rowz": 1}]},
        f"when.any[1].Rowz names no attribute of the standard (did you mean Rows?); {SPELLING}",
    ),
    (
        {"Modality.CodeValue": "CT"},
        "when.Modality.CodeValue names something inside Modality, which is no sequence; allowed "
        "is a dot after a sequence only, as in ProcedureCodeSequence.CodeValue.",
    ),
    (
        {"Modality": {"is": "CT"}},
        f'when.Modality has the unknown operator "is"; {OPERATORS}',
    ),
    ({"Modality": {}}, f"when.Modality is an empty table; {OPERATORS}"),
    ({"Modality": []}, "when.Modality is an empty list; allowed is at least one value."),
    ({"Modality": {"in": "CT"}}, "when.Modality.in is text; allowed is a list of values."),
    ({"Modality": True}, "when.Modality is true; allowed is text."),
    ({"Modality": [["CT"]]}, "when.Modality[0] is a list of 1; allowed is text."),
    (
        {"Modality": ""},
        "when.Modality is empty; allowed is { exists = false } for an attribute without a value.",
    ),
    (
        {"Modality": {"range": ["A", "B"]}},
        f"when.Modality.range asks for an order of Modality, which is text; {ORDER}",
    ),
    (
        {"BodyPartExamined": {"min": 3}},
        f"when.BodyPartExamined.min asks for an order of BodyPartExamined, which is a body part; "
        f"{ORDER}",
    ),
    ({"Rows": "many"}, 'when.Rows is "many"; allowed is a number.'),
    ({"Rows": {"range": [1]}}, f"when.Rows.range is a list of 1; {BOUNDS}"),
    ({"Rows": {"range": 5}}, f"when.Rows.range is a number; {BOUNDS}"),
    ({"Rows": {"range": [None, ""]}}, f"when.Rows.range has no bound; {BOUNDS}"),
    (
        {"Rows": {"range": [5, 1]}},
        "when.Rows.range has a lower bound over the upper one; allowed is the lower one first.",
    ),
    (
        {"Rows": {"glob": "5*"}},
        "when.Rows.glob is a pattern for Rows, which is a number; allowed is equals, in, not, "
        "range, min, max or exists for a number.",
    ),
    (
        {"Modality": {"glob": 5}},
        'when.Modality.glob is a number; allowed is text with * ? or [ ], such as "T1*".',
    ),
    (
        {"Modality": {"exists": "yes"}},
        "when.Modality.exists is text; allowed is true or false.",
    ),
    (
        {"StudyDate": "31.1.24"},
        'when.StudyDate is "31.1.24"; allowed is a date, such as "2024-01-31" or "20240131".',
    ),
    (
        {"StudyTime": {"max": "25:00"}},
        'when.StudyTime.max is "25:00"; allowed is a time, such as "08:30" or "083000".',
    ),
    (
        {"AcquisitionDateTime": {"min": "soon"}},
        'when.AcquisitionDateTime.min is "soon"; allowed is a date and time, such as '
        '"2024-01-31 08:30" or "202401310830".',
    ),
    (
        {"PatientAge": {"min": "old"}},
        'when.PatientAge.min is "old"; allowed is an age: a number of years, or "006M", "10W", '
        '"3D", "018Y".',
    ),
    (
        {"SOPClassUID": "CT Image Storage"},
        'when.SOPClassUID is "CT Image Storage"; allowed is a UID, such as '
        "1.2.840.10008.5.1.4.1.1.2, or a pattern of one.",
    ),
    (
        {"BodyPartExamined": "hand or foot"},
        'when.BodyPartExamined is "hand or foot"; allowed is one body part.',
    ),
    (
        {"ProcedureCodeSequence": "A1"},
        "when.ProcedureCodeSequence compares ProcedureCodeSequence, which is a sequence; " + EXISTS,
    ),
    (
        {"(0019,100C)": {"min": "a"}},
        "when.(0019,100C).min has a bound that is no number; allowed is numbers for a private "
        "attribute.",
    ),
    ({"any": []}, "when.any is an empty list; allowed is at least one condition."),
    ({"any": {"Rows": 1}}, "when.any is a table; allowed is a list of conditions."),
    ({"not": ["CT"]}, "when.not is a list of 1; allowed is a table of conditions."),
    ({"all": [{}]}, "when.all[0] is an empty table; allowed is at least one condition."),
]

FIELDS: list[tuple[dict[str, Any], str]] = [
    ({"level": "patient"}, 'level is "patient"; allowed is "study" or "series" or "instance".'),
    ({"priority": "high"}, 'priority is "high"; allowed is "stat" or "urgent" or "routine".'),
    ({"shadow": "no"}, 'shadow is "no"; allowed is true or false.'),
    ({"when": []}, "when is not a table; allowed is a table of conditions."),
    ({"pipelines": []}, "pipelines names none; allowed is a list of at least one pipeline."),
    ({"pipelines": "a"}, "pipelines is not a list of names; allowed is a list of names."),
    ({"send_to": None}, "send_to is not a list of names; allowed is a list of names."),
    (
        {"piplines": ["a"]},
        "piplines is no setting of a route; allowed is name, when, level, pipelines, send_to, "
        "results, priority, shadow, enabled.",
    ),
]


@pytest.mark.parametrize(("when", "message"), CONDITIONS)
def test_a_wrong_condition_is_named(when: dict[str, Any], message: str) -> None:
    """The error names the route, the place, what was found and what is allowed."""
    with pytest.raises(RouteError) as raised:
        compile_routes([route(), route("wrong", when=when)])
    assert str(raised.value) == f'route "wrong": {message}'
    assert raised.value.route == "wrong"


@pytest.mark.parametrize(("fields", "message"), FIELDS)
def test_a_wrong_field_is_named(fields: dict[str, Any], message: str) -> None:
    """So does that of any other setting of a route."""
    with pytest.raises(RouteError) as raised:
        compile_routes([route("wrong", **fields)])
    assert str(raised.value) == f'route "wrong": {message}'


def test_a_route_without_a_name_is_an_error() -> None:
    """Nothing could be said about it later."""
    with pytest.raises(RouteError, match="name is missing or empty"):
        compile_routes([{"pipelines": ["a"]}])


def test_what_may_be_about_a_patient_is_not_quoted() -> None:
    """An error ends in a log, where no identifier belongs."""
    with pytest.raises(RouteError) as raised:
        compile_routes([route(when={"PatientBirthDate": "Doe, 1930"})])
    assert "Doe" not in str(raised.value)
    assert "is text; allowed is a date" in str(raised.value)
