"""What Orthanc's web viewer does with each kind of result is what docs/results.md says of it."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import BrowserContext
from pydicom import Dataset

from bench.phantoms import ct_head
from pipelines.contract import Classification, HeatMap, Presence, Raster, Rendered
from results.build import Result, build_results
from results.context import KINDS
from tests.integration.results.sources import CONTEXT, references
from tests.integration.viewer.page import Open
from tests.integration.viewer.studies import NODULE, found, letter, store
from tests.peers.orthanc import Orthanc

DOCUMENT = Path(__file__).parents[3] / "docs" / "results.md"


@dataclass(frozen=True)
class Study:
    """A CT with everything that can be made of it, in Orthanc."""

    image: Dataset
    results: tuple[Result, ...]


@pytest.fixture(scope="module")
def study(orthanc: Orthanc) -> Study:
    """A study with a result of every kind."""
    datasets = ct_head(seed=41, size=64, slices=3)
    on = references(datasets)[1]
    heat = np.linspace(0, 1, 64, dtype=np.float32).reshape(8, 8)
    findings = replace(
        found(datasets, {on: letter(64, 64)}),
        classifications=(
            Classification(name=NODULE, value=Presence.PRESENT, probability=0.9, references=(on,)),
        ),
        heatmaps=(HeatMap(on=on, raster=Raster.of(heat), explains=NODULE),),
        pictures=(
            Rendered(of=on, raster=Raster.of(np.full((200, 200), 90, np.uint8)), caption="Grey"),
        ),
    )
    built = build_results(KINDS, datasets, findings, CONTEXT)
    assert (built.reasons, {result.kind for result in built}) == ((), set(KINDS))
    store(orthanc, [*datasets, *(result.dataset for result in built)])
    return Study(datasets[0], built.results)


def documented() -> dict[str, str]:
    """What the document says that the viewer does, by kind."""
    section = DOCUMENT.read_text().split("## What a viewer shows\n")[1].split("\n## ")[0]
    rows = re.findall(r"^\| `([a-z-]+)` \| ([^|]+) \|", section, re.MULTILINE)
    return {kind: said.strip() for kind, said in rows}


def test_the_document_tells_of_every_kind() -> None:
    """Each kind that there is has a row of its own."""
    assert tuple(documented()) == KINDS


@pytest.mark.parametrize("kind", KINDS)
def test_it_does_what_the_document_says(kind: str, study: Study, opened: Open) -> None:
    """It shows the object or says in a box that it cannot; then it goes on showing others."""
    ds = next(result.dataset for result in study.results if result.kind == kind)
    with opened(ds.SeriesInstanceUID) as viewer:
        complaint = viewer.complaint()
        assert viewer.shows_a_picture is (complaint == "")
        assert viewer.shows_a_picture is documented()[kind].startswith("shown")
        assert complaint == "" or "does not support the decoding" in complaint
        assert viewer.title == "Orthanc Web Viewer"
        viewer.open(study.image.SeriesInstanceUID)
        assert viewer.complaint() == ""
        assert viewer.shows_a_picture


def test_the_study_page_lists_them(study: Study, orthanc: Orthanc, browser: BrowserContext) -> None:
    """Orthanc's own page of the study names every series, so that none is lost to a reader."""
    (identifier,) = orthanc.find("Study", StudyInstanceUID=study.image.StudyInstanceUID)
    page = browser.new_page()
    page.goto(f"{orthanc.url}/app/explorer.html#study?uuid={identifier}")
    for description in {result.dataset.SeriesDescription for result in study.results}:
        page.get_by_text(description, exact=True).first.wait_for(timeout=10_000)
    page.close()


def test_orthanc_hands_out_the_report(study: Study, orthanc: Orthanc) -> None:
    """The PDF itself is had from Orthanc's API, byte for byte."""
    (ds,) = (result.dataset for result in study.results if result.kind == "report")
    (instance,) = orthanc.find(SOPInstanceUID=ds.SOPInstanceUID)
    pdf = orthanc.get(f"/instances/{instance}/pdf").content
    assert pdf.startswith(b"%PDF-")
    assert ds.EncapsulatedDocument.startswith(pdf.rstrip(b"\0"))
