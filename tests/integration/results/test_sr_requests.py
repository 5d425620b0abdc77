"""Which requests a report says that it is an answer to."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydicom import Dataset, dcmread

from bench.phantoms.base import code
from results.build import build_results
from tests.integration.results.sources import CONTEXT, nothing, source
from tests.peers.validators import dciodvfy


def requests(datasets: list[Dataset], folder: Path) -> list[Dataset]:
    """The requests of a report that is written, found valid, and read again."""
    (result,) = build_results(["sr"], datasets, nothing(datasets), CONTEXT)
    path = folder / "sr.dcm"
    result.dataset.save_as(path, enforce_file_format=True)
    assert dciodvfy(path) == []
    return list(dcmread(path).get("ReferencedRequestSequence", ()))


def attributes(number: str) -> Dataset:
    """An item of a header's RequestAttributesSequence."""
    item = Dataset()
    item.RequestedProcedureID = number
    item.RequestedProcedureDescription = "山 Thyroid"
    item.RequestedProcedureCodeSequence = [code("241467006", "SCT", "Ultrasound of thyroid")]
    item.ScheduledProcedureStepID = "SPS1"
    return item


def test_the_request_of_the_images_is_that_of_the_report(tmp_path: Path) -> None:
    """What the headers tell of it is copied, once for all images; what they lack is empty."""
    datasets = source("ct", "utf8")
    for ds in datasets:
        ds.RequestAttributesSequence = [attributes("RP1"), attributes("RP2")]
    first, second = requests(datasets, tmp_path)
    assert (first.RequestedProcedureID, second.RequestedProcedureID) == ("RP1", "RP2")
    assert first.RequestedProcedureDescription == "山 Thyroid"
    assert first.RequestedProcedureCodeSequence[0].CodeValue == "241467006"
    assert first.AccessionNumber == datasets[0].AccessionNumber
    assert first.StudyInstanceUID == datasets[0].StudyInstanceUID
    assert first.PlacerOrderNumberImagingServiceRequest == ""
    assert "ScheduledProcedureStepID" not in first


@pytest.mark.parametrize("kind", ["us", "photo"])
def test_an_accession_number_is_a_request(kind: str, tmp_path: Path) -> None:
    """Nothing more is known of it, and nothing is made up."""
    datasets = source(kind, "ascii")
    (request,) = requests(datasets, tmp_path)
    assert request.AccessionNumber == datasets[0].AccessionNumber
    assert request.RequestedProcedureID == ""


def test_without_a_request_none_is_made_up(tmp_path: Path) -> None:
    """Images that nobody asked for, or of whom it is no longer known."""
    datasets = source("dx", "ascii")
    datasets[0].AccessionNumber = ""
    assert requests(datasets, tmp_path) == []
