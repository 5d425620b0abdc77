"""An ultrasound's whole way: through Orthanc to the model, and back as objects that hold up."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from pydicom import Dataset
from pydicom.uid import generate_uid

from bench.phantoms import us_thyroid
from bench.proc import peak_mb
from models.registry import Registry
from storage.records import JobStatus
from tests.acceptance.conftest import pacs
from tests.acceptance.studies import LOADING, files, through_orthanc, validated
from tests.node import Node
from tests.peers.orthanc import Orthanc
from tests.real import ultrasounds
from tests.unit.ultrasound.stored import changed, region

FRAMES = 12
MOST_HELD = 1.2e9
"""Bytes, at the peak."""


@pytest.fixture(scope="module")
def node(
    tmp_path_factory: pytest.TempPathFactory, orthanc: Orthanc, node_port: int
) -> Iterator[Node]:
    """A node that judges every ultrasound and sends what the pipeline makes by default."""
    with Node(
        tmp_path_factory.mktemp("node"),
        node={"port": node_port},
        assembly={"quiet_seconds": 0.5},
        peers={"pacs": pacs(orthanc)},
        routes=[
            {
                "name": "thyroids",
                "when": {"Modality": ["US"]},
                "pipelines": ["thyroid"],
                "send_to": ["pacs"],
            }
        ],
    ) as node:
        yield node


def sweep(picture: NDArray[np.uint8]) -> Dataset:
    """A picture as a loop, each frame a little aside of the last, of a tenth of a mm a pixel."""
    (ds,) = us_thyroid(size=64, frames=FRAMES, colour="RGB")
    rows, columns = picture.shape[:2]
    moved = [np.roll(picture, at - FRAMES // 2, axis=1) for at in range(FRAMES)]
    scale = region(
        RegionLocationMinX0=0,
        RegionLocationMinY0=0,
        RegionLocationMaxX1=columns - 1,
        RegionLocationMaxY1=rows - 1,
    )
    return changed(
        ds,
        Rows=rows,
        Columns=columns,
        PixelData=np.stack(moved).tobytes(),
        SequenceOfUltrasoundRegions=[scale],
        StudyInstanceUID=generate_uid(),
        SeriesInstanceUID=generate_uid(),
    )


@pytest.mark.timeout(300)
def test_a_real_loop_comes_back(node: Node, orthanc: Orthanc, tmp_path: Path) -> None:
    """Every kind is in the PACS, no validator objects, and the report says what, how sure, why."""
    (picture,) = ultrasounds("1", 1)
    story, found = through_orthanc(node, orthanc, [sweep(picture)], tmp_path)
    assert {"sr", "overlay", "presentation", "seg", "key-objects", "report"} <= set(found)
    said = validated(found)
    digest = Registry().find("thyroid").card.digest
    for words in ("hyroid nodule", "Not a medical device", "TI-RADS", "mm", digest):
        assert words in said, words
    (job,) = story["jobs"]
    assert job["status"] == JobStatus.DONE
    assert job["algorithm"]["digest"] == digest


@pytest.mark.timeout(300)
def test_a_drawn_thyroid_is_answered(node: Node, orthanc: Orthanc, tmp_path: Path) -> None:
    """Whatever the model makes of a phantom, a valid report says it."""
    (ds,) = us_thyroid(size=384, frames=3, colour="RGB")
    story, found = through_orthanc(node, orthanc, [ds], tmp_path)
    validated(found)
    (job,) = story["jobs"]
    assert job["status"] == JobStatus.DONE


def test_the_worker_fits_a_small_machine(node: Node) -> None:
    """With the model, the pipeline and all kinds of results, it never held 1.2 GB."""
    peaks = [peak_mb(worker) for worker in node.processes("worker")]
    print(peaks)
    assert max(peaks) > 600  # TensorFlow alone takes as much: it is the right process
    assert max(peaks) * 2**20 < MOST_HELD


def test_an_abdomen_is_left_alone_because(node: Node, tmp_path: Path) -> None:
    """By its header, before any of its pixels is read: 'rejected, because'."""
    (ds,) = us_thyroid(size=100, frames=1, colour="RGB")
    changed(ds, BodyPartExamined="ABDOMEN")
    (path,) = files([ds], tmp_path)
    node.cli("send", path)
    story = node.wait_for_study(str(ds.StudyInstanceUID), LOADING)
    (job,) = story["jobs"]
    assert job["status"] == JobStatus.REJECTED
    assert "ABDOMEN" in str(job)
