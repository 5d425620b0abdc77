"""The whole way: a modality sends to the PACS, and the PACS holds the node's report, once."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.conftest import pacs
from tests.acceptance.studies import all_delivered, files, insist, small_ct, uid_of
from tests.node import Node
from tests.peers.orthanc import Orthanc
from tests.peers.processes import wait_for


@pytest.fixture(scope="module", autouse=True)
def running(node: Node) -> Iterator[None]:
    """The node runs for the whole module."""
    with node:
        yield


def reports(orthanc: Orthanc, study: str) -> list[str]:
    """Orthanc's names of the reports about a study."""
    return orthanc.find(StudyInstanceUID=study, Modality="SR")


def test_report_returns_once(orthanc: Orthanc, node: Node, tmp_path: Path) -> None:
    """Orthanc forwards a stable study and soon holds its report; sending again adds none."""
    paths = files(small_ct(1), tmp_path)
    study = uid_of(paths)
    sent_at = time.monotonic()
    orthanc.send(paths)
    wait_for(lambda: reports(orthanc, study), 30, "the report in Orthanc")
    # Stable age 1 s, Orthanc's association kept open, quiet 1.5 s, and a few seconds' grace.
    assert time.monotonic() - sent_at < 20
    for _ in range(2):
        orthanc.send(paths)
        insist(paths, node.port)
    time.sleep(4)
    assert len(reports(orthanc, study)) == 1
    wait_for(lambda: all_delivered(node, study), 10, "the commitment")
    assert node.story(study)["study"]["revision"] == 1


def test_late_instances_amend(orthanc: Orthanc, node: Node, tmp_path: Path) -> None:
    """Instances that come later open a revision, whose report names the one it replaces."""
    paths = files(small_ct(2, slices=5), tmp_path)
    study = uid_of(paths)
    orthanc.send(paths[:3])
    wait_for(lambda: reports(orthanc, study), 30, "the first report")
    (first,) = (orthanc.dicom_tags(i)["SOPInstanceUID"] for i in reports(orthanc, study))
    orthanc.send(paths[3:])
    wait_for(lambda: len(reports(orthanc, study)) == 2, 30, "the second report")
    tags = [orthanc.dicom_tags(instance) for instance in reports(orthanc, study)]
    amended = next(ds for ds in tags if ds["SOPInstanceUID"] != first)
    (previous,) = amended["PredecessorDocumentsSequence"]
    (series,) = previous["ReferencedSeriesSequence"]
    assert [item["ReferencedSOPInstanceUID"] for item in series["ReferencedSOPSequence"]] == [first]


def test_same_study_from_two_peers(orthanc: Orthanc, node: Node, tmp_path: Path) -> None:
    """Two senders at once with the same study make one study with one report."""
    paths = files(small_ct(3, slices=12), tmp_path)
    study = uid_of(paths)
    senders = [
        threading.Thread(target=insist, args=(order, node.port)) for order in (paths, paths[::-1])
    ]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    story = node.wait_for_study(study)
    assert story["study"]["instances"] == len(paths)
    assert story["study"]["revision"] == 1
    assert len(reports(orthanc, study)) == 1


@pytest.mark.timeout(180)
def test_pacs_stopped_under_load(orthanc: Orthanc, node: Node, tmp_path: Path) -> None:
    """Orthanc is away while studies come in; afterwards it holds every report once."""
    studies = [files(small_ct(10 + n), tmp_path / str(n)) for n in range(12)]
    for paths in studies[:3]:
        insist(paths, node.port)
    orthanc.kill()
    for paths in studies[3:]:
        insist(paths, node.port)
    wait_for(
        lambda: all(node.story(uid_of(s)).get("deliveries") for s in studies), 60, "all results"
    )
    orthanc.start()
    for paths in studies:
        study = uid_of(paths)
        wait_for(lambda study=study: all_delivered(node, study), 60, "the delivery")  # type: ignore[misc] # mypy loses the default's type
        assert len(reports(orthanc, study)) == 1


def test_full_disk(tmp_path: Path, orthanc: Orthanc) -> None:
    """With the quota used up, instances are refused with 0xA700, and taken once there is room."""
    paths = files(small_ct(30, slices=20, size=256), tmp_path / "study")
    size = paths[0].stat().st_size
    node = Node(
        tmp_path / "node",
        peers={"pacs": pacs(orthanc)},
        receiver={"min_free_mb": 0, "quota_mb": 1},
        routes=[{"name": "all", "pipelines": ["intake-check"]}],
    )
    fit = (1 << 20) // size
    assert fit < len(paths), "the study must be larger than the quota"
    with node:
        with pytest.raises(TimeoutError):
            insist(paths, node.port, seconds=4)
        story = node.wait_for_study(uid_of(paths))
        kept = story["study"]["instances"]
        assert 0 < kept < len(paths)
        assert any("A700" in str(line["detail"]) for line in node.refusals())
        node.sections["receiver"]["quota_mb"] = 100
        node.stop()
        node.configure()
        node.start()
        insist(paths, node.port)
        wait_for(
            lambda: node.story(uid_of(paths))["study"]["instances"] == len(paths), 20, "the rest"
        )
