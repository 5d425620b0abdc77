"""Body parts are known by many spellings, codes and descriptions, and are one thing."""

from __future__ import annotations

from typing import Any

import pytest
from pydicom import Dataset
from pydicom.sr._cid_dict import cid_concepts
from pydicom.sr.codedict import codes

from pipelines.bodyparts import REGIONS, coded, concept, find, named, region, regions_of
from pipelines.router.evidence import body_parts
from tests.unit.router.studies import decided, matches, route, series, study

VALUES = [
    ("HAND", "HAND"),
    ("Hand, left", "HAND"),
    ("LHAND", "HAND"),
    ("HAND_R", "HAND"),
    ("Knie rechts", "KNEE"),
    ("KNEE_L", "KNEE"),
    ("C SPINE", "CSPINE"),
    ("C-Spine", "CSPINE"),
    ("L-SPINE", "LSPINE"),
    ("LSPINE", "LSPINE"),
    ("Lumbar spine", "LSPINE"),
    ("THORACIC SPINE", "TSPINE"),
    ("ABD", "ABDOMEN"),
    ("THORAX", "CHEST"),
    ("CHEST_TO_PELVIS", "CHESTABDPELVIS"),
    ("CHEST, ABDOMEN", "CHESTABDOMEN"),
    ("Kopf/Hals", "HEADNECK"),
    ("Head and Neck", "HEADNECK"),
    ("Brain/Head", "BRAIN"),
    ("SKULL AP", "SKULL"),
    ("Extremities", "EXTREMITY"),
    ("LEFT LOWER EXTREMITY", "LOWERLIMB"),
    ("ELBOW JOINT", "ELBOW"),
    ("odd thing", "ODDTHING"),
]
TEXTS = [
    ("Schädel", "SKULL"),
    ("Schaedeluebersicht", "SKULL"),
    ("Röntgen Schädel in 2 Ebenen", "SKULL"),
    ("cCT nativ, Kopf", "BRAIN"),
    ("Thorax pa", "CHEST"),
    ("ThoraxPA", "CHEST"),
    ("Thorax face", "CHEST"),
    ("RX tórax AP y lateral", "CHEST"),
    ("CXR portable", "CHEST"),
    ("CT Thorax/Abdomen/Becken", "CHESTABDPELVIS"),
    ("TDM thorax abdomen", "CHESTABDOMEN"),
    ("HWS seitl.", "CSPINE"),
    ("BWS ap", "TSPINE"),
    ("LWS in 2 Ebenen", "LSPINE"),
    ("Rachis cervical de profil", "CSPINE"),
    ("Columna lumbar", "LSPINE"),
    ("Handgelenk li dp", "WRIST"),
    ("Poignet gauche F/P", "WRIST"),
    ("Muñeca derecha", "WRIST"),
    ("RX MAIN GAUCHE", "HAND"),
    ("Hand re. dorsal", "HAND"),
    ("avant-bras droit", "FOREARM"),
    ("Unterarm", "FOREARM"),
    ("dedo del pie", "TOE"),
    ("XR FOOT 3 VIEWS LEFT", "FOOT"),
    ("Fußwurzel", "FOOT"),
    ("OSG links", "ANKLE"),
    ("Cheville gauche", "ANKLE"),
    ("t1_tse_sag_Knie", "KNEE"),
    ("Rodilla", "KNEE"),
    ("Genou face", "KNEE"),
    ("Beckenübersicht", "PELVIS"),
    ("Bassin", "PELVIS"),
    ("neck of femur", "HIP"),
    ("Hüfte axial", "HIP"),
    ("hombro", "SHOULDER"),
    ("Mammographie", "BREAST"),
    ("Oberbauch", "ABDOMEN"),
    ("Lower extremities", "LOWERLIMB"),
]
SILENT = ["Main series", "Head First Supine", "C-arm", "MPR 3mm", "Scout", "", "1", "Localizer"]


@pytest.mark.parametrize(("value", "name"), VALUES)
def test_a_value_has_one_name(value: str, name: str) -> None:
    """Spelling, side and view make no difference; what is unknown stands for itself."""
    assert named(value) == (name,)


@pytest.mark.parametrize("value", ["", "  ", "UNKNOWN", "n/a", "None", "Default"])
def test_a_value_that_says_nothing_is_none(value: str) -> None:
    """Fillers of modalities are no body parts."""
    assert named(value) == ()


@pytest.mark.parametrize(("text", "name"), TEXTS)
def test_a_description_names_a_part(text: str, name: str) -> None:
    """In English, German, French and Spanish."""
    assert named(text) == (name,)
    assert find(text)


@pytest.mark.parametrize("text", SILENT)
def test_a_description_that_names_none(text: str) -> None:
    """Words of positions, devices and series are no body parts."""
    assert find(text) == ()


def test_regions_lie_in_regions() -> None:
    """Whoever asks for the limb means the hand too, and not the other way round."""
    assert regions_of("FINGER") == {"FINGER", "HAND", "UPPERLIMB", "EXTREMITY"}
    assert regions_of("CHESTABDPELVIS") == {"CHESTABDPELVIS", "CHEST", "ABDOMEN", "PELVIS"}
    assert "HAND" not in regions_of("EXTREMITY")
    assert {other for one in REGIONS.values() for other in one.lies_in} <= set(REGIONS)


def test_a_condition_names_one_part() -> None:
    """Two are two values of a list."""
    assert region("Schädel") == "SKULL"
    with pytest.raises(ValueError, match="more than one"):
        region("hand or foot")


def test_codes_mean_what_their_meaning_says() -> None:
    """Every anatomic region of CID 4031 that our table has by code, it has by its words too."""
    known = 0
    for name in cid_concepts[4031]["SCT"]:
        code = getattr(codes.SCT, name)
        by_code = coded("SCT", code.value, "")
        if by_code and name != "TarsalJoint":  # a joint of the foot, by its code only
            assert by_code == named(code.meaning), name
            known += 1
    assert known > 95


@pytest.mark.parametrize(
    ("name", "meaning"),
    [
        ("WRIST", "Wrist joint"),
        ("HAND", "Hand"),
        ("KIDNEY", "Kidney"),
        ("CHEST", "Chest"),
        ("CSPINE", "Cervical spine"),
        ("TIBIA", "Tibia"),
        ("SELLA", "Sella turcica"),
    ],
)
def test_a_region_is_called_what_people_call_it(name: str, meaning: str) -> None:
    """By its code, with the short one of the standard's meanings."""
    said = concept(name)
    assert said is not None
    assert (said.value, said.scheme, said.meaning) == (REGIONS[name].codes[0], "SCT", meaning)


def test_every_region_has_a_concept() -> None:
    """That means the region again, by its code; what is no region of ours has none."""
    for name in REGIONS:
        said = concept(name)
        assert said is not None
        assert "structure)" not in said.meaning
        assert coded(said.scheme, said.value, "") == (name,)
    assert concept("ODDTHING") is None


def test_a_code_of_another_scheme_goes_by_its_meaning() -> None:
    """SNOMED RT and private schemes are read by the words beside the code."""
    assert coded("SRT", "T-D1100", "Head") == ("HEAD",)
    assert coded("99HOSPITAL", "17", "Kniegelenk") == ("KNEE",)


NOT_HEAD = {"BodyPartExamined": {"not": ["SKULL", "HEAD", "CHEST"]}}


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ({}, True),
        ({"BodyPartExamined": ""}, True),
        ({"BodyPartExamined": "UNKNOWN", "SeriesDescription": "Schädel"}, False),
        ({"SeriesDescription": "Schädel"}, False),
        ({"StudyDescription": "Thorax pa"}, False),
        ({"ProtocolName": "Hand ap"}, True),
        ({"BodyPartExamined": "HAND", "StudyDescription": "Thorax pa"}, True),
        ({"BodyPartExamined": "LUNG"}, False),
        ({"BodyPartExamined": "BRAIN"}, False),
        ({"BodyPartExamined": "CHESTABDPELVIS"}, False),
        ({"BodyPartExamined": "RIB"}, True),
    ],
)
def test_not_does_what_a_person_expects(header: dict[str, Any], expected: bool) -> None:
    """A study without a body part is none of them, unless its descriptions name one."""
    assert matches(NOT_HEAD, **header) is expected


@pytest.mark.parametrize(
    ("when", "value", "expected"),
    [
        ("Thorax", "CHEST", True),
        ("EXTREMITY", "Hand, left", True),
        ("HAND", "EXTREMITY", False),
        ("*SPINE", "C-Spine", True),
        ("odd thing", "ODD THING", True),
        (["KNEE", "ANKLE"], "OSG", True),
        ({"exists": True}, "HAND", True),
        ({"exists": False}, "UNKNOWN", True),
        ({"exists": True}, None, False),
    ],
)
def test_both_sides_are_normalised(when: object, value: str | None, expected: bool) -> None:
    """What is written in a rule is understood as what modalities send is."""
    assert matches({"BodyPartExamined": when}, BodyPartExamined=value) is expected


def _evidence(**values: Any) -> tuple[tuple[str, ...], str]:
    return body_parts(lambda keyword: values.get(keyword, []))


def _item(scheme: str, value: str, meaning: str) -> Dataset:
    ds = Dataset()
    ds.CodingSchemeDesignator, ds.CodeValue, ds.CodeMeaning = scheme, value, meaning
    return ds


def test_the_best_evidence_counts_and_is_named() -> None:
    """The modality's own value, then a code, then the descriptions in their order."""
    code = [_item("SCT", "72696002", "Knee")]
    said = {"SeriesDescription": ["MPR"], "StudyDescription": ["CT Schädelbasis"]}
    assert _evidence(BodyPartExamined=["HAND"], AnatomicRegionSequence=code, **said) == (
        ("HAND",),
        "",
    )
    assert _evidence(BodyPartExamined=["Hand, left"]) == (
        ("HAND",),
        'BodyPartExamined says "Hand, left"',
    )
    assert _evidence(AnatomicRegionSequence=code, **said) == (
        ("KNEE",),
        "by the code in AnatomicRegionSequence",
    )
    assert _evidence(**said) == (("SKULL",), 'StudyDescription has "schädel"')
    assert _evidence() == ((), "no attribute and no description names a body part")


def test_each_series_of_a_study_has_evidence_of_its_own() -> None:
    """At the level of the study, a series without the attribute is known by its description."""
    what = study(
        series("1.2.3.1", {"BodyPartExamined": "HAND"}),
        series("1.2.3.2", {"SeriesDescription": "Schädel"}),
    )
    when = {"BodyPartExamined": "HEAD"}
    assert decided(what, route(when=when, level="study")).routes[0].matched
    assert decided(what, route(when=when)).routes[0].selected == {"1.2.3.2": None}
