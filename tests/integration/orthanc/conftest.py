"""Small studies, a real Orthanc with our script, and a stand-in for the node."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pydicom.uid import CTImageStorage, generate_uid

from tests.integration.orthanc.files import QUICK_RETRIES, MakeStudy, write_instance
from tests.peers import Orthanc
from tests.peers.chaos import FaultyPACS, Script


@pytest.fixture
def make_study(tmp_path: Path) -> MakeStudy:
    """Writes instances of one series, each to a file named by its UID."""

    def make(
        count: int,
        *,
        study: str | None = None,
        SOPClassUID: str = CTImageStorage,
        maker: str | None = None,
    ) -> list[Path]:
        folder = tmp_path / "files"
        folder.mkdir(exist_ok=True)
        study_uid, series = study or generate_uid(), generate_uid()
        paths = []
        for number in range(1, count + 1):
            temporary = folder / "new"
            uid = write_instance(
                temporary,
                study=study_uid,
                series=series,
                number=number,
                SOPClassUID=SOPClassUID,
                maker=maker,
            )
            paths.append(temporary.rename(folder / f"{uid}.dcm"))
        return paths

    return make


@pytest.fixture
def node() -> Iterator[FaultyPACS]:
    """A stand-in for the node that accepts everything; a test may change its script."""
    with FaultyPACS(Script(), ae_title="DICOM_NODE") as stand_in:
        yield stand_in


@pytest.fixture
def orthanc(tmp_path: Path, node: FaultyPACS) -> Iterator[Orthanc]:
    """An Orthanc from this repository's folder that forwards to the stand-in."""
    with Orthanc(tmp_path / "orthanc", node_port=node.port, env=QUICK_RETRIES) as server:
        yield server
