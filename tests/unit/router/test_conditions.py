"""What each form of a condition says of a value."""

from __future__ import annotations

import tomllib
from datetime import date, time
from typing import Any

import pytest
from pydicom import Dataset
from pydicom.dataelem import DataElement
from pydicom.sequence import Sequence
from pydicom.valuerep import PersonName

from pipelines.contract import Instance
from tests.unit.router.studies import NOWHERE, decided, instance, matches, route, series, study

MOMENT = "AcquisitionDateTime"
CODED = {"ProcedureCodeSequence": [{"CodeValue": "A1"}]}
POST = {"SeriesDescription": "T1 post"}
TABLE: list[tuple[str, dict[str, Any], bool]] = [
    # what is written, what the study says, whether it matches
    ('Modality = "CT"', {"Modality": "CT"}, True),
    ('Modality = "ct"', {"Modality": "CT "}, True),
    ('Modality = "CT"', {"Modality": "MR"}, False),
    ('Modality = "CT"', {"Modality": None}, False),
    ('Modality = ["CR", "DX"]', {"Modality": "DX"}, True),
    ('Modality = ["CR", "DX"]', {"Modality": "MG"}, False),
    ('Modality = ["C*", "DX"]', {"Modality": "CT"}, True),
    ('SeriesDescription = "T1*"', {"SeriesDescription": "t1_tse_sag"}, True),
    ('SeriesDescription = "*t1?tse*"', {"SeriesDescription": "SAG T1 TSE"}, True),
    ('SeriesDescription = "T[12]*"', {"SeriesDescription": "T3"}, False),
    ('SeriesDescription = "lung  soft"', {"SeriesDescription": "Lung Soft"}, True),
    ('SeriesDescription = { equals = "T1 [post]" }', {"SeriesDescription": "t1 [POST]"}, True),
    ('SeriesDescription = { glob = "T1*", not = "*post*" }', {"SeriesDescription": "T1 pre"}, True),
    ('SeriesDescription = { glob = "T1*", not = "*post*" }', POST, False),
    ('SeriesDescription = { in = ["a", "b*"] }', {"SeriesDescription": "bc"}, True),
    ('Modality = { not = "CT" }', {"Modality": "MR"}, True),
    ('Modality = { not = "CT" }', {"Modality": None}, True),
    ('Modality = { not = ["CT", "MR"] }', {"Modality": "MR"}, False),
    ('Modality = { not = { glob = "C*" } }', {"Modality": "CT"}, False),
    ('Modality = { any = ["CT", { glob = "M*" }] }', {"Modality": "MR"}, True),
    ('Modality = { all = [{ glob = "M*" }, { not = "MG" }] }', {"Modality": "MG"}, False),
    ("Rows = 512", {"Rows": 512}, True),
    ('Rows = "512"', {"Rows": 512}, True),
    ("SliceThickness = 1", {"SliceThickness": "1.00"}, True),
    ("EchoTime = 0.1", {"EchoTime": 0.10000000149011612}, True),
    ("Rows = { min = 512 }", {"Rows": 511}, False),
    ("Rows = { min = 512, max = 1024 }", {"Rows": 1024}, True),
    ("Rows = { range = [512, 1024] }", {"Rows": 1025}, False),
    ('Rows = { range = ["", 1024] }', {"Rows": 12}, True),
    ("Rows = { range = [512, 1024] }", {"Rows": None}, False),
    ('StudyDate = { min = "2024-01-31" }', {"StudyDate": "20240131"}, True),
    ('StudyDate = { range = ["20240101", "20241231"] }', {"StudyDate": "20250101"}, False),
    ("StudyDate = { max = 2024-01-31 }", {"StudyDate": "20240201"}, False),
    ('StudyDate = "2024-01-31"', {"StudyDate": "20240131"}, True),
    ('StudyDate = "2024*"', {"StudyDate": "20240131"}, True),
    ('StudyTime = { range = ["08:00", "17:00"] }', {"StudyTime": "170000.000"}, True),
    ('StudyTime = { range = ["08:00", "17:00"] }', {"StudyTime": "1701"}, False),
    ("StudyTime = { min = 22:00:00 }", {"StudyTime": "223000"}, True),
    ('AcquisitionDateTime = { min = "2024-01-31 08:30" }', {MOMENT: "2024013109"}, True),
    ('AcquisitionDateTime = { max = "2024" }', {MOMENT: "20240131083000.5+0100"}, False),
    ("PatientAge = { min = 18 }", {"PatientAge": "018Y"}, True),
    ("PatientAge = { min = 18 }", {"PatientAge": "011M"}, False),
    ('PatientAge = { max = "006M" }', {"PatientAge": "010W"}, True),
    ("PatientAge = 1", {"PatientAge": "012M"}, True),
    ("ContrastBolusAgent = { exists = true }", {"ContrastBolusAgent": " "}, False),
    ("ContrastBolusAgent = { exists = false }", {"ContrastBolusAgent": ""}, True),
    ('ImageType = "ORIGINAL"', {"ImageType": ["ORIGINAL", "PRIMARY", "AXIAL"]}, True),
    ('ImageType = { not = "DERIVED" }', {"ImageType": ["DERIVED", "PRIMARY"]}, False),
    (r"ImageType = 'ORIGINAL\PRIMARY*'", {"ImageType": ["ORIGINAL", "PRIMARY", "AXIAL"]}, True),
    (r"ImageType = 'PRIMARY\ORIGINAL*'", {"ImageType": ["ORIGINAL", "PRIMARY", "AXIAL"]}, False),
    ('SOPClassUID = "1.2.840.10008.5.1.4.1.1.2"', {}, True),
    ('SOPClassUID = "1.2.840.10008.5.1.4.1.1.4*"', {}, False),
    ('SeriesInstanceUID = "1.2.3.1"', {}, True),
    ('StudyInstanceUID = "1.2.3"', {}, True),
    ('TransferSyntaxUID = "1.2.840.10008.1.2.1"', {}, True),
    ('"(0008,0060)" = "CT"', {"Modality": "CT"}, True),
    ('"00080060" = "CT"', {"Modality": "CT"}, True),
    ('"(0019,100C)" = { min = 500 }', {"0019100C": "1000"}, True),
    ('"0019100c" = "1000"', {"0019100C": 1000}, True),
    ('"(0019,100C)" = "yes*"', {"0019100C": "YES, it is"}, True),
    ('"ProcedureCodeSequence.CodeValue" = "A1"', CODED, True),
    ('"ProcedureCodeSequence.CodeValue" = "A1"', {"ProcedureCodeSequence": None}, False),
    ("ProcedureCodeSequence = { exists = true }", CODED, True),
    ('any = [{ Modality = "CT" }, { Rows = 1 }]', {"Modality": "MR", "Rows": 1}, True),
    ('all = [{ Modality = "CT" }, { Rows = 1 }]', {"Modality": "CT", "Rows": 2}, False),
    ('not = { Modality = "CT", Rows = 1 }', {"Modality": "CT", "Rows": 2}, True),
    ('not = { any = [{ Modality = "CT" }, { Rows = 1 }] }', {"Modality": "CT", "Rows": 2}, False),
    ('Modality = "CT"\nRows = 1', {"Modality": "CT", "Rows": 2}, False),
]  # fmt: skip


@pytest.mark.parametrize(("written", "header", "expected"), TABLE)
def test_a_condition_says_what_it_reads_like(
    written: str, header: dict[str, Any], expected: bool
) -> None:
    """Each operator holds exactly where its name says."""
    assert matches(tomllib.loads(written), **header) is expected


def test_python_dates_and_times_are_taken() -> None:
    """A date of TOML or JSON-less Python is as good as one in quotes."""
    assert matches({"StudyDate": date(2024, 1, 31)}, StudyDate="20240131")
    assert matches({"StudyTime": {"max": time(8)}}, StudyTime="075959")


def test_null_is_an_open_end() -> None:
    """A bound of None is none."""
    assert matches({"Rows": {"range": [None, 5]}}, Rows=5)
    assert not matches({"Rows": {"range": [6, None]}}, Rows=5)


def _with(ds: Dataset, **header: Any) -> Instance:
    """An instance whose file holds this; reading any other file would fail."""
    held = instance(**header)
    held.__dict__["dataset"] = ds
    return held


def _takes(held: Instance, when: dict[str, Any]) -> bool:
    part = study(series("1.2.3.1"))
    object.__setattr__(part.series[0], "instances", (held,))
    return decided(part, route(when=when)).routes[0].matched


def test_what_the_index_lacks_is_read_from_the_file() -> None:
    """Private attributes, sequences and values of pydicom's own types compare as plain ones do."""
    ds = Dataset()
    ds.add(DataElement(0x0019100C, "IS", "1000"))
    ds.add(DataElement(0x00191010, "UN", b"Fast spin \0"))
    item = Dataset()
    item.CodeValue = "A1"
    ds.ProcedureCodeSequence = Sequence([item])
    ds.ImageType = ["ORIGINAL", "PRIMARY"]
    ds.SliceThickness = "1.5"
    held = _with(ds, Modality="CT")
    assert _takes(held, {"(0019,100C)": {"range": [900, 1100]}})
    assert _takes(held, {"(0019,1010)": "fast spin"})
    assert _takes(held, {"ProcedureCodeSequence.CodeValue": ["A1", "B2"]})
    assert _takes(held, {"ProcedureCodeSequence": {"exists": True}})
    assert _takes(held, {"ImageType": "PRIMARY"})
    assert _takes(held, {"SliceThickness": 1.5})
    assert _takes(held, {"(0019,10FF)": {"exists": False}})


def test_a_person_name_of_the_file_compares_as_text() -> None:
    """Names are compared without regard to capital letters, whoever made the object."""
    ds = Dataset()
    ds.PatientName = PersonName("Doe^Jane")
    assert _takes(_with(ds), {"PatientName": "doe^*"})


def test_no_file_is_read_where_the_index_settles_it() -> None:
    """Here the file does not exist, and nobody notices."""
    outcome = decided(
        study(series("1.2.3.1", {"Modality": "MR"})),
        route(when={"(0019,100C)": 1, "Modality": "CT", "EchoTime": 4}),
        route("either", when={"any": [{"EchoTime": 4}, {"Modality": "MR"}]}),
    ).routes
    assert not NOWHERE.exists()
    assert (outcome[0].matched, outcome[1].matched) == (False, True)
    reason = outcome[0].cases[0].reason
    assert reason is not None
    assert [part.note for part in reason.parts] == [
        "not looked at, the rest decides",
        "",
        "not looked at, the rest decides",
    ]
