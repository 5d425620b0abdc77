"""Results that come back, files nobody can read, and files the database does not know."""

from __future__ import annotations

import shutil
from functools import partial
from pathlib import Path

import pytest
from pydicom import Dataset
from pydicom.uid import ExplicitVRLittleEndian
from pynetdicom import AE

from results.identity import mark
from storage.inbox import Inbox
from storage.records import JobStatus
from tests.peers.chaos import FaultyPACS
from tests.peers.processes import wait_for
from tests.trouble import TroubledNode, study


def store(ds: Dataset, port: int) -> int:
    """Send one object and return the answer."""
    ae = AE("PACS")
    ae.add_requested_context(ds.SOPClassUID, ExplicitVRLittleEndian)
    assoc = ae.associate("127.0.0.1", port, ae_title="DICOM_NODE")
    status: int = assoc.send_c_store(ds).Status
    assoc.release()
    return status


def came_back(node: TroubledNode, uid: str) -> bool:
    """Whether the trail of a study says that a result of ours came back."""
    return any(line["event"] == "own-result-returned" for line in node.trail(uid))


@pytest.fixture
def node(tmp_path: Path) -> TroubledNode:
    """A node that is not started yet."""
    return TroubledNode(
        tmp_path / "node",
        assembly={"quiet_seconds": 0.2},
        node={"receivers": 1},
        http={"enabled": False},
    )


def test_what_a_node_made_is_acknowledged_and_not_processed(node: TroubledNode) -> None:
    """A PACS that forwards everything sends our report back, and another node's: both are kept."""
    with FaultyPACS() as pacs:
        node.peers["pacs"] = {"ae_title": "FAULTY", "port": pacs.port, "count": False}
        node.routes = [{"name": "all", "pipelines": ["trouble"], "send_to": ["pacs"]}]
        node.configure()
        with node:
            uid = node.send("fine")
            node.wait_delivered(uid)
            (report,) = node.results()
            assert store(report, node.port) == 0x0000
            foreign = study()[0]
            mark(foreign)
            assert store(foreign, node.port) == 0x0000
            for returned in (uid, str(foreign.StudyInstanceUID)):
                wait_for(partial(came_back, node, returned), 5)
            node.wait_delivered(node.send("fine"))  # whatever could have been done is done by now
            assert len(node.jobs(uid)) == len(node.revisions(uid)) == 1
            assert not node.jobs(str(foreign.StudyInstanceUID))
            assert node.held(uid) == 1


def test_a_study_that_begins_with_a_nodes_report_is_processed_when_its_images_come(
    node: TroubledNode,
) -> None:
    """The mark is about an object, not about its study."""
    datasets = study(instances=2)
    mark(datasets[0])
    with node:
        assert store(datasets[0], node.port) == 0x0000
        assert store(datasets[1], node.port) == 0x0000
        job = node.wait_for_job(str(datasets[1].StudyInstanceUID), JobStatus.DONE)
        assert job.revision == 1
        assert node.held(str(datasets[1].StudyInstanceUID)) == 1


def test_an_instance_without_a_study_is_audited_and_the_others_go_on(node: TroubledNode) -> None:
    """What names no study stays in the inbox, the trail says so, and nothing stops."""
    lost = study()[0]
    sop = lost.SOPInstanceUID
    lost.StudyInstanceUID = ""
    with node:
        assert store(lost, node.port) == 0x0000
        wait_for(lambda: any(e["event"] == "instance-not-indexed" for e in node.trail()), 5)
        node.wait_for_job(node.send("fine"), JobStatus.DONE)
        assert Inbox(node.data_dir / "inbox").holds(sop)
        (told,) = [e for e in node.trail() if e["event"] == "instance-not-indexed"]
        assert told["detail"]["SOPInstanceUID"] == sop


def test_a_start_takes_up_what_the_database_does_not_know(node: TroubledNode) -> None:
    """The files are the journal: without the database, and with garbage, nothing is lost."""
    with node:
        uid = node.send(study(instances=3))
        node.wait_for_job(uid, JobStatus.DONE)
    inbox = node.data_dir / "inbox"
    (inbox / "ab" / "garbage.dcm").write_bytes(b"nothing like DICOM" * 100)
    (inbox / "ab" / "empty.dcm").write_bytes(b"")
    for file in node.data_dir.glob("node.sqlite*"):
        file.unlink()
    shutil.rmtree(node.data_dir / "results")
    with node:
        node.wait_for_job(uid, JobStatus.DONE)
        assert node.held(uid) == 3
        assert "took up instances the database did not know" in node.said()
        node.wait_for_job(node.send("fine"), JobStatus.DONE)
