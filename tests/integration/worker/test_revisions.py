"""A study that changes, or comes again, after it was complete."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pydicom import Dataset

from storage.records import JobStatus
from tests.peers.chaos import FaultyPACS
from tests.trouble import TroubledNode, study


@pytest.fixture(scope="module")
def pacs() -> Iterator[FaultyPACS]:
    """A PACS that behaves."""
    with FaultyPACS() as pacs:
        yield pacs


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory, pacs: FaultyPACS) -> Iterator[TroubledNode]:
    """A node that sends to it."""
    node = TroubledNode(
        Path(tmp_path_factory.mktemp("revisions")),
        assembly={"quiet_seconds": 0.2},
        node={"receivers": 1},
        http={"enabled": False},
        peers={"pacs": {"ae_title": "FAULTY", "port": pacs.port}},
        pipelines={"trouble": {"concurrency": 1}},
        routes=[{"name": "all", "pipelines": ["trouble"], "send_to": ["pacs"]}],
    )
    with node:
        yield node


def reports(node: TroubledNode, uid: str) -> list[Dataset]:
    """The reports on a study, the oldest first."""
    found = [ds for ds in node.results() if ds.StudyInstanceUID == uid]
    return sorted(found, key=lambda ds: int(ds.InstanceNumber))


def test_a_late_instance_gives_a_new_report_that_names_its_predecessor(
    node: TroubledNode, pacs: FaultyPACS
) -> None:
    """The study is routed again with everything it has, and both reports are in the PACS."""
    datasets = study("fine", 3)
    uid = node.send(datasets[:2])
    node.wait_delivered(uid)
    node.send(datasets[2:])
    node.wait_delivered(uid, results=2)
    first, second = reports(node, uid)
    assert "PredecessorDocumentsSequence" not in first
    (study_item,) = second.PredecessorDocumentsSequence
    (series_item,) = study_item.ReferencedSeriesSequence
    (item,) = series_item.ReferencedSOPSequence
    assert study_item.StudyInstanceUID == uid
    assert series_item.SeriesInstanceUID == first.SeriesInstanceUID
    assert item.ReferencedSOPInstanceUID == first.SOPInstanceUID
    assert {first.SOPInstanceUID, second.SOPInstanceUID} <= pacs.kept
    assert [row["instances"] for row in node.revisions(uid)] == [2, 3]


def test_the_same_study_again_changes_nothing(node: TroubledNode, pacs: FaultyPACS) -> None:
    """Sent twice over, it is acknowledged, counted once, and reported on once."""
    datasets = study("fine", 2)
    uid = node.send(datasets)
    node.wait_delivered(uid)
    node.send(datasets)
    other = node.send("fine")
    node.wait_delivered(other)
    assert len(node.revisions(uid)) == len(node.jobs(uid)) == len(reports(node, uid)) == 1
    assert pacs.times(str(reports(node, uid)[0].SOPInstanceUID)) == 1


def test_a_replay_makes_a_new_revision(node: TroubledNode) -> None:
    """`replay` runs the pipelines again from what is stored, as a revision of its own."""
    uid = node.send("fine")
    node.wait_delivered(uid)
    assert node.cli("replay", uid).returncode == 0
    node.wait_delivered(uid, results=2)
    first, second = reports(node, uid)
    named = second.PredecessorDocumentsSequence[0].ReferencedSeriesSequence[0]
    assert named.ReferencedSOPSequence[0].ReferencedSOPInstanceUID == first.SOPInstanceUID


def test_a_job_that_waits_is_superseded_by_the_next_revision(node: TroubledNode) -> None:
    """A queued job of an older revision never runs once a newer one is there."""
    busy = node.send("sleep 2")
    node.wait_for_job(busy, JobStatus.RUNNING)
    datasets = study("fine", 2)
    uid = node.send(datasets[:1])
    node.wait_for_revision(uid, 1)
    node.send(datasets[1:])
    node.wait_for_revision(uid, 2)
    node.wait_for_job(uid, JobStatus.DONE)
    first, second = node.jobs(uid)
    assert first.status == JobStatus.CANCELLED
    assert first.reason == "Revision 2 of the study came before this job began."
    assert second.revision == 2
    assert len(node.lines("begin", uid)) == 1
    (report,) = reports(node, uid)
    assert "PredecessorDocumentsSequence" not in report
