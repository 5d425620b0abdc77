"""Every kind of result on the whole way: made by a worker, delivered, vouched for, made again."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydicom import dcmread

from bench.phantoms import ct_head, dx_extremity
from results.context import KINDS
from storage import audit
from storage.database import Database
from storage.records import JobStatus
from tests.acceptance.conftest import pacs
from tests.acceptance.studies import all_delivered
from tests.peers.orthanc import Orthanc
from tests.peers.processes import wait_for
from tests.trouble import TroubledNode

ALL = {"sr": 1, "seg": 1, "overlay": 2, "presentation": 1, "heatmap": 1, "key-objects": 1}
OF_CT = Counter({**ALL, "report": 1})
OF_DX = Counter({**ALL, "report": 1, "heatmap": 0})


@pytest.fixture(scope="module")
def marking(
    tmp_path_factory: pytest.TempPathFactory, orthanc: Orthanc, node_port: int
) -> Iterator[TroubledNode]:
    """A node whose pipeline finds something in everything, and whose PACS wants all of it."""
    with TroubledNode(
        tmp_path_factory.mktemp("marking"),
        node={"port": node_port},
        assembly={"quiet_seconds": 0.5},
        peers={"pacs": pacs(orthanc) | {"results": list(KINDS)}},
        routes=[{"name": "all", "pipelines": ["marker"], "send_to": ["pacs"]}],
    ) as node:
        yield node


@pytest.mark.parametrize(("kind", "wanted"), [("ct", OF_CT), ("dx", OF_DX)])
def test_a_pacs_gets_every_kind(
    marking: TroubledNode, orthanc: Orthanc, tmp_path: Path, kind: str, wanted: Counter[str]
) -> None:
    """Orthanc holds each object and vouches for it; files made again are the same to the byte."""
    datasets = (
        ct_head(seed=9001, size=32, slices=3) if kind == "ct" else dx_extremity(9002, size=64)
    )
    uid = marking.send(datasets)
    job = marking.wait_for_job(uid, JobStatus.DONE, 30)
    wait_for(lambda: all_delivered(marking, uid), 30, "the PACS to vouch for everything")
    sent = marking.story(uid)["deliveries"]
    assert Counter(row["kind"] for row in sent) == +wanted
    held = {
        orthanc.dicom_tags(each)["SOPInstanceUID"] for each in orthanc.find(StudyInstanceUID=uid)
    }
    assert held >= {row["SOPInstanceUID"] for row in sent}
    if kind == "dx":
        assert "heatmap: the source has no frame of reference" in (job.reason or "")
    out = tmp_path / "again"
    marking.cli("results", str(job.id), "--out", out)
    again = {str(dcmread(path).SOPInstanceUID): path.read_bytes() for path in out.iterdir()}
    assert len(again) == len(sent)
    for key in (marking.data_dir / "results").rglob("*.dcm"):
        stored = key.read_bytes()
        made = str(dcmread(key, stop_before_pixels=True).SOPInstanceUID)
        if made in again:
            assert again.pop(made) == stored
    assert not again
    told = marking.json("results", str(job.id), "--json")
    assert told["summary"] == "A fracture is suspected."


def test_results_do_not_come_back_as_work(marking: TroubledNode) -> None:
    """Results that somebody sends back are recognised, each of them, and open no revision."""
    uid = marking.json("studies", "--json")["studies"][0]["StudyInstanceUID"]
    results = [dcmread(path) for path in (marking.data_dir / "results").rglob("*.dcm")]
    returned = [ds for ds in results if ds.StudyInstanceUID == uid]
    before = marking.story(uid)["study"]["revision"]
    marking.send(returned)
    with marking.database() as db:
        wait_for(lambda: _returned(db, uid) >= len(returned), 20, "the results to be counted")
    time.sleep(1.5)  # longer than the study has to be quiet
    assert marking.story(uid)["study"]["revision"] == before
    assert len(marking.jobs(uid)) == 1


def _returned(db: Database, uid: str) -> int:
    events = [line["event"] for line in audit.trail(db, uid)]
    return events.count("own-result-returned")
