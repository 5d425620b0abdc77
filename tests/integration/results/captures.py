"""Secondary captures as files, as others judge them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from pydicom import Dataset, dcmread

from pipelines.contract import Findings
from results.build import Context
from results.context import Making
from results.source import Source
from tests.integration.results.drawn import findings
from tests.integration.results.sources import CONTEXT
from tests.peers.validators import dciodvfy, dciodvfy_warnings

EXPECTED = (
    "Unrecognized defined term <99DICOMNODE>",
    "not present in standard DICOM IOD",
    "Standard Extended SOP Class",
    "attribute <Laterality>",
    "needed to build DICOMDIR",
    "Person Name form",
)
"""Warnings with a reason: our own code; geometry that the IOD has no module for; what the source
does not say of sides, study and patient."""


def read(ds: Dataset, folder: Path, name: str = "overlay") -> Dataset:
    """The data set as it is read back from a file in which dciodvfy finds no error."""
    path = folder / f"{name}.dcm"
    ds.save_as(path, enforce_file_format=True)
    assert dciodvfy(path) == []
    odd = [line for line in dciodvfy_warnings(path) if not any(known in line for known in EXPECTED)]
    assert odd == []
    return dcmread(path)


def run(datasets: list[Dataset], found: Findings, context: Context = CONTEXT) -> Making:
    """One run over a source."""
    return Making(source=Source.of_datasets(datasets), findings=found, context=context)


def bare(datasets: list[Dataset], **said: Any) -> Making:
    """A run that found this and nothing else."""
    empty = replace(findings(datasets), regions=(), classifications=())
    return run(datasets, replace(empty, **said))
