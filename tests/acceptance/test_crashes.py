"""The crash table: the node is killed at every named point, started again, and counted."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydicom import dcmread

from storage.killpoints import POINTS
from tests.acceptance.studies import files, insist, small_ct
from tests.node import Node
from tests.peers.orthanc import Orthanc
from tests.peers.processes import wait_for

seeds = itertools.count(1000)


@pytest.fixture(scope="module")
def node(
    tmp_path_factory: pytest.TempPathFactory, orthanc: Orthanc, node_port: int
) -> Iterator[Node]:
    """A node that keeps its data over all the deaths of this module."""
    node = Node(
        Path(tmp_path_factory.mktemp("node")),
        node={"port": node_port},
        # Longer than any restart, so that what a dead receiver still owes counts to its study.
        assembly={"quiet_seconds": 1.5},
        peers={
            "pacs": {
                "ae_title": orthanc.ae_title,
                "host": "127.0.0.1",
                "port": orthanc.port,
                "commitment": True,
            }
        },
        routes=[{"name": "all", "pipelines": ["intake-check"], "send_to": ["pacs"]}],
    )
    yield node
    node.kill()


@pytest.mark.timeout(90)
@pytest.mark.parametrize("point", POINTS)
def test_killed_at(point: str, node: Node, orthanc: Orthanc, tmp_path: Path) -> None:
    """Every acknowledged instance is there afterwards and the result is in Orthanc once."""
    marker = tmp_path / "killed"
    paths = files(small_ct(next(seeds)), tmp_path / "study")
    study = str(dcmread(paths[0], stop_before_pixels=True).StudyInstanceUID)
    node.start_to_be_killed(point, marker)
    if point.startswith("supervisor"):
        wait_for(marker.exists, 20, "the supervisor to die")
        node.kill()
        node.start()
    insist(paths, node.port)
    story = node.wait_for_study(study, 30)
    assert marker.exists(), "the point was never reached"
    assert story["study"]["instances"] == len(paths)
    wait_for(lambda: all_delivered(node, study), 20, "the delivery to be vouched for")
    reports = orthanc.find(StudyInstanceUID=study, Modality="SR")
    assert len(reports) == len(story["revisions"]) == 1
    node.stop()


def all_delivered(node: Node, study: str) -> bool:
    """Whether everything made for a study is delivered, with the evidence of commitment."""
    deliveries = node.story(study)["deliveries"]
    return bool(deliveries) and all(
        delivery["status"] == "delivered" and delivery["evidence"] == "commitment"
        for delivery in deliveries
    )
