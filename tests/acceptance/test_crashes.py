"""The crash table: the node is killed at every named point, started again, and counted."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from storage.killpoints import POINTS
from tests.acceptance.studies import (
    all_delivered,
    assert_kept,
    files,
    headers,
    insist,
    owed_by,
    small_ct,
    uid_of,
)
from tests.node import Node
from tests.peers.modality import Modality
from tests.peers.orthanc import Orthanc
from tests.peers.processes import wait_for

seeds = itertools.count(1000)
ALL_COMMITTED = 1  # Event Type ID, PS3.4 Table J.3-2


@pytest.mark.timeout(90)
@pytest.mark.parametrize("point", POINTS)
def test_killed_at(
    point: str, node: Node, orthanc: Orthanc, modality: Modality, tmp_path: Path
) -> None:
    """Every acknowledged instance is there afterwards and the result is in Orthanc once.

    The modality, which was promised a commitment report, gets it.
    """
    marker = tmp_path / "killed"
    paths = files(small_ct(next(seeds)), tmp_path / "study")
    study = uid_of(paths)
    node.start_to_be_killed(point, marker)
    if point.startswith("supervisor"):
        wait_for(marker.exists, 20, "the supervisor to die")
        node.kill()
        node.start()
    insist(paths, node.port)
    asked = modality.insist(node.port, headers(paths))
    story = node.wait_for_study(study, 30)
    assert modality.wait_told(asked, 30) == ALL_COMMITTED
    wait_for(lambda: owed_by(node) == [], 20, "the report to be settled")
    assert marker.exists(), "the point was never reached"
    assert story["study"]["instances"] == len(paths)
    assert_kept(node, paths)
    wait_for(lambda: all_delivered(node, study), 20, "the delivery to be vouched for")
    reports = orthanc.find(StudyInstanceUID=study, Modality="SR")
    assert len(reports) == len(story["revisions"]) == 1
    node.stop()
