"""Key object selections as files: others read from them which images the findings are on."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import highdicom
import numpy as np
import pytest
from pydicom import Dataset, dcmread

from pipelines.contract import (
    Classification,
    Concept,
    Findings,
    HeatMap,
    Presence,
    Raster,
    Reference,
)
from results.context import NotMade
from results.key_objects import build_key_objects
from tests.integration.results.drawn import FRACTURE, SOURCES, findings, making, places
from tests.integration.results.sources import references
from tests.peers.validators import dciodvfy, sr_errors


def built(datasets: list[Dataset], folder: Path, found: Findings | None = None) -> Dataset:
    """The selection as it is read back from its file, `ko.dcm`."""
    (ds,) = build_key_objects(making(datasets, found))
    ds.save_as(folder / "ko.dcm", enforce_file_format=True)
    return dcmread(folder / "ko.dcm")


def selected(ds: Dataset) -> list[tuple[str, object]]:
    """The instances that are selected, with their frames."""
    named = [
        item.ReferencedSOPSequence[0] for item in ds.ContentSequence if item.ValueType == "IMAGE"
    ]
    return [(one.ReferencedSOPInstanceUID, one.get("ReferencedFrameNumber")) for one in named]


@pytest.mark.parametrize("name", SOURCES)
def test_no_error_for_dciodvfy(name: str, tmp_path: Path) -> None:
    """A selection of any source's images has no error for dciodvfy."""
    built(SOURCES[name](), tmp_path)
    assert dciodvfy(tmp_path / "ko.dcm") == []


@pytest.mark.parametrize("name", ["ct", "us-cine"])
def test_it_keeps_to_the_template(name: str, tmp_path: Path) -> None:
    """PixelMed finds no error by TID 2010."""
    built(SOURCES[name](), tmp_path)
    assert sr_errors(tmp_path / "ko.dcm") == []


def test_dcmtk_shows_what_is_selected_and_why(tmp_path: Path) -> None:
    """A reader of another make shows the title, who selected, what was found and the frames."""
    built(SOURCES["us-cine"](), tmp_path)
    command = ["dsrdump", "+Pl", str(tmp_path / "ko.dcm")]
    shown = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout
    for wanted in (
        "Of Interest",
        '(121007,DCM,"Device")',
        "Found by fracture 1.2.0. AI result, not for diagnosis.",
        "Fracture of bone: present in left wrist joint (90 %)",
        "Fracture (87 %)",
        "(USm image,,1,3)",
    ):
        assert wanted in shown


def test_highdicom_reads_the_same(tmp_path: Path) -> None:
    """The title, the observer and the references come back, and each has its evidence."""
    datasets = SOURCES["ct"]()
    document = highdicom.ko.KeyObjectSelectionDocument.from_dataset(built(datasets, tmp_path))
    found = [ref.referenced_sop_instance_uid for ref in document.content.get_references()]
    assert found == [ds.SOPInstanceUID for ds in datasets[:2]]
    title = document.ConceptNameCodeSequence[0]
    assert (title.CodeValue, title.CodingSchemeDesignator) == ("113000", "DCM")
    assert len(document.content.get_observer_contexts()) == 1
    for uid in found:
        study, series, _ = document.resolve_reference(uid)
        assert (study, series) == (datasets[0].StudyInstanceUID, datasets[0].SeriesInstanceUID)


def test_evidence_is_what_is_selected(tmp_path: Path) -> None:
    """Evidence names the selected instances, all of them and no others."""
    datasets = SOURCES["ct"]()
    ds = built(datasets, tmp_path)
    evidence = ds.CurrentRequestedProcedureEvidenceSequence
    named = [
        sop.ReferencedSOPInstanceUID
        for study in evidence
        for series in study.ReferencedSeriesSequence
        for sop in series.ReferencedSOPSequence
    ]
    assert named == [uid for uid, _ in selected(ds)]


def judged(found: Findings, *said: tuple[Presence | Concept, tuple[Reference, ...]]) -> Findings:
    """The findings with nothing but these judgements."""
    (judgement,) = found.classifications
    made = tuple(replace(judgement, value=value, references=on) for value, on in said)
    return replace(found, regions=(), classifications=made)


def test_positive_and_indeterminate_judgements_select(tmp_path: Path) -> None:
    """What is present or may be is of interest; what is absent, or normal, is not."""
    datasets = SOURCES["ct"]()
    first, second, third = references(datasets)
    normal = Concept(value="17621005", scheme="SCT", meaning="Normal")
    found = judged(
        findings(datasets),
        (Presence.INDETERMINATE, (third,)),
        (Presence.PRESENT, (first,)),
        (Presence.ABSENT, (second,)),
        (normal, (second,)),
    )
    ds = built(datasets, tmp_path, found)
    assert selected(ds) == [(on.SOPInstanceUID, None) for on in (first, third)]


def test_a_judgement_of_the_only_image_selects_it(tmp_path: Path) -> None:
    """Where one image was looked at, a judgement that names none is about that one."""
    datasets = SOURCES["dx"]()
    ds = built(datasets, tmp_path, judged(findings(datasets), (Presence.PRESENT, ())))
    assert selected(ds) == [(datasets[0].SOPInstanceUID, None)]


def test_a_heat_map_selects(tmp_path: Path) -> None:
    """The frame that a heat map is over is of interest, where it explains something found."""
    datasets = SOURCES["us-cine"]()
    (ref,) = references(datasets)
    heatmap = HeatMap(
        on=replace(ref, frame=2),
        raster=Raster.of(np.ones((4, 4), np.float32)),
        explains=FRACTURE,
    )
    found = replace(findings(datasets), regions=(), classifications=(), heatmaps=(heatmap,))
    assert selected(built(datasets, tmp_path, found)) == [(ref.SOPInstanceUID, 2)]
    absent = Classification(name=FRACTURE, value=Presence.ABSENT, probability=0.1)
    with pytest.raises(NotMade):
        built(datasets, tmp_path, replace(found, classifications=(absent,)))
    usual = Concept(value="usual", scheme="99SITE", meaning="Nothing unusual")
    judged = Classification(name=FRACTURE, value=usual, notable=False)
    with pytest.raises(NotMade):
        built(datasets, tmp_path, replace(found, classifications=(judged,)))


def test_all_frames_are_selected_by_naming_none(tmp_path: Path) -> None:
    """A judgement of the whole cine makes all of it of interest, beside any of its frames."""
    datasets = SOURCES["us-cine"]()
    found = findings(datasets)
    (judgement,) = found.classifications
    whole = replace(judgement, references=references(datasets))
    found = replace(found, classifications=(whole,))
    assert selected(built(datasets, tmp_path, found)) == [(datasets[0].SOPInstanceUID, None)]
    assert places(datasets)[0].frame == 1


def test_nothing_found_gives_none() -> None:
    """Without any image to select there is no selection, and a sentence that says so."""
    datasets = SOURCES["ct"]()
    found = judged(findings(datasets), (Presence.ABSENT, references(datasets)))
    with pytest.raises(NotMade, match="nothing was found on any image"):
        build_key_objects(making(datasets, found))


def test_the_same_arguments_give_the_same_bytes() -> None:
    """A job that is done twice sends the same object; a revision sends another."""

    def written(**context: Any) -> bytes:
        (ds,) = build_key_objects(making(SOURCES["ct"](), **context))
        buffer = BytesIO()
        ds.save_as(buffer, enforce_file_format=True)
        return buffer.getvalue()

    assert written() == written()
    assert written() != written(revision=2)
