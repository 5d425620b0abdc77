"""The statement lists every code of our own scheme, and none that nobody writes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from pydicom import Dataset

from dicom_node.conformance import PAGE
from dicom_node.own_codes import KIND, MEASURED, PIPELINES, PLACES, own_codes, written
from models.opinion import Opinion
from models.registry import Card
from pipelines import BUILT_IN
from pipelines.contract import Findings, Study
from pipelines.fracture.options import Options, rules
from pipelines.fracture.pipeline import Fracture
from pipelines.thyroid.options import Options as ThyroidOptions
from pipelines.thyroid.options import rules as thyroid_rules
from pipelines.thyroid.pipeline import Thyroid
from pipelines.thyroid.words import FEATURES
from results.build import build_results
from results.codes import PRIVATE_SCHEME
from results.context import KINDS
from tests.integration.results.sources import CONTEXT
from tests.unit.fracture.test_pipeline import BRIGHT, plain
from tests.unit.models.making import card
from tests.unit.radiographs.stored import study_of
from tests.unit.thyroid.conftest import CALIBRATED, Dark
from tests.unit.thyroid.drawn import neck, spot

LISTED = {one.value for one in own_codes()}
DATASETS: dict[str, Callable[[], list[Dataset]]] = {
    "fracture": lambda: [plain(BRIGHT, PatientAge="010Y")],
    "thyroid": lambda: [
        neck([spot(0.9)], [spot(0.9)], [spot(0.9)], colour=(1,), SequenceOfUltrasoundRegions=None),
        neck([spot(0.1, column=70, radius=35), spot(0.9, column=190, radius=20)]),
    ],
}


class Sure:
    """It finds every picture fractured, and does not say why."""

    def __init__(self, card: Card) -> None:
        self.card = card

    def look(self, grey: NDArray[np.uint8]) -> Opinion:
        """Very likely."""
        return Opinion(probability=0.9, why_no_activation="It gives no gradients.")


def findings(name: str, study: Study) -> Findings:
    """What a pipeline says with a small model that makes it say much."""
    if name == "fracture":
        fracture = Fracture()
        fracture.model = Sure(card())
        fracture.rules = rules(Options(), fracture.model.card)
        return fracture.run(study, lambda fraction, doing: None)
    thyroid, cuts = Thyroid(), dict.fromkeys(FEATURES, 0.5)
    thyroid.model = Dark(card(calibration=CALIBRATED, settings={"features": cuts}))
    thyroid.rules = thyroid_rules(ThyroidOptions(), thyroid.model.card)
    return thyroid.run(study, lambda fraction, doing: None)


def found(ds: Dataset) -> Iterator[tuple[str, str]]:
    """Value and meaning of each code of our own scheme, however deep."""
    if ds.get("CodingSchemeDesignator") == PRIVATE_SCHEME and "CodeValue" in ds:
        yield str(ds.CodeValue), str(ds.CodeMeaning)
    for element in ds:
        if element.VR == "SQ":
            for item in element.value:
                yield from found(item)


@pytest.mark.parametrize("name", DATASETS)
def test_every_code_of_the_objects_is_listed(name: str, tmp_path: Path) -> None:
    """No object of any kind has a code or a meaning that the statement lacks."""
    study = study_of(DATASETS[name](), tmp_path)
    said = findings(name, study)
    assert len({note.code for note in said.notes}) >= 3
    built = build_results(KINDS, study, said, CONTEXT)
    told = {(one.value, one.meaning): one.users for one in own_codes()}
    for result in built:
        for pair in found(result.dataset):
            assert pair in told, result.kind
            assert not told[pair] or name in told[pair], pair


def test_a_place_is_told_of_codes_that_are_there() -> None:
    """Nothing is explained that no code of ours is."""
    assert set(PLACES) <= LISTED


def test_only_pipelines_and_builders_write_codes() -> None:
    """What pipelines share writes none: nobody would know whose it is."""
    named = {one.source.split(":")[0].split(".")[1] for one in BUILT_IN}
    shared = [one for one in PIPELINES.iterdir() if one.is_dir() and one.name not in named]
    assert len(shared) > 5
    assert [written(folder) for folder in (PIPELINES, *shared)] == [[]] * (1 + len(shared))


def test_codes_stand_in_the_statement_once() -> None:
    """Each has a row of its own."""
    text = PAGE.read_text(encoding="utf-8")
    assert [value for value in LISTED if text.count(f"\n| `{value}` |") != 1] == []


SOURCE = """
OWN = "99DICOMNODE"
SOLID = Concept(value="solid", scheme=OWN, meaning="Solid")
FOUND = Concept(value="1", scheme="SCT", meaning="Found")

def _note(code, text):
    return Note(code=code, text=text)

def notes():
    def told(text, code="never"):
        return _note(code, text)

    yield Note(code="plain", text="")
    yield _note("followed", "")
    yield told("", code="by name")
    yield Measurement(name="nodules counted", value=1)
    yield Measurement(name="width", value=1, concept=FOUND)
"""


def test_codes_are_followed_through_functions(tmp_path: Path) -> None:
    """However a text comes to its note; a measurement with a concept is no code of ours."""
    (tmp_path / "saying.py").write_text(SOURCE)
    places = {value: place for value, _, place in written(tmp_path)}
    named = {meaning for _, meaning, place in written(tmp_path) if place in (KIND, MEASURED)}
    assert named == {"plain", "followed", "by name", "nodules counted"}
    assert places["plain"] == KIND
    assert places["nodules-counted"] == MEASURED
    assert places["solid"] == PLACES["solid"]


@pytest.mark.parametrize(
    "lost",
    [
        "Note(code=NAMES[0])",
        "Note(**told)",
        "Concept(value=VALUE, scheme='99DICOMNODE', meaning='A')",
        "Concept(value='a', scheme=words.OWN, meaning='A')",
        "def said(code):\n    return Note(code=code)",
        "def said(code):\n    return Note(code=code)\nsaid(NAME)",
    ],
)
def test_a_code_that_cannot_be_followed_is_an_error(lost: str, tmp_path: Path) -> None:
    """So that the statement never lacks one silently."""
    (tmp_path / "saying.py").write_text(lost)
    with pytest.raises(ValueError, match=r"saying\.py, line"):
        written(tmp_path)


def test_a_concept_without_a_place_is_an_error(tmp_path: Path) -> None:
    """Whoever adds one says where it stands."""
    (tmp_path / "words.py").write_text(
        "NEW = Concept(value='new', scheme='99DICOMNODE', meaning='New')"
    )
    with pytest.raises(KeyError, match="new"):
        written(tmp_path)
