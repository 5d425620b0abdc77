"""A peer that asked for storage commitment is told, whatever is killed or away meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pydicom import Dataset

from tests.peers.modality import Modality
from tests.peers.processes import wait_for
from tests.trouble import TroubledNode, study

SENDER = {"backoff_seconds": 0.2, "backoff_cap_seconds": 1}
Start = Callable[..., TroubledNode]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start a node that knows some modalities."""
    started: list[TroubledNode] = []

    def begin(*known: Modality, **sender: Any) -> TroubledNode:
        node = TroubledNode(
            tmp_path,
            assembly={"quiet_seconds": 0.1},
            node={"receivers": 1, "drain_seconds": 5},
            http={"enabled": False},
            sender={**SENDER, **sender},
            peers={one.ae_title.lower(): one.as_peer for one in known},
        )
        started.append(node)
        node.start()
        return node

    yield begin
    for node in started:
        node.stop()


def stored(node: TroubledNode) -> list[Dataset]:
    """Instances that the node has acknowledged."""
    datasets = study(instances=2)
    node.send(datasets)
    return datasets


def noted(node: TroubledNode, event: str) -> list[dict[str, Any]]:
    """What the audit trail says of an event."""
    return [dict(line["detail"]) for line in node.trail() if line["event"] == event]


def test_a_modality_that_has_released_is_called_back(start: Start) -> None:
    """At once, with us as the provider; the trail says that it was told."""
    with Modality() as modality:
        node = start(modality)
        transaction = modality.insist(node.port, stored(node))
        assert modality.wait_told(transaction, 5) == 1
        wait_for(lambda: noted(node, "commitment-reported"), 5)
        (detail,) = noted(node, "commitment-reported")
        assert detail["transaction_uid"] == transaction
        assert (detail["committed"], detail["failed"]) == (2, 0)


def test_a_modality_that_stays_is_told_where_it_asked(start: Start) -> None:
    """Once, and the trail says so too."""
    with Modality() as modality:
        node = start(modality)
        held = stored(node)
        transaction, assoc = modality.ask(node.port, [*held, study()[0]])
        assert modality.wait_told(transaction, 5) == 2
        wait_for(lambda: noted(node, "commitment-reported"), 5)
        assoc.release()
    assert modality.told(transaction) == [2]


def test_a_modality_is_told_after_the_node_was_killed(start: Start) -> None:
    """What was promised outlives the process that promised it, and the whole node."""
    modality = Modality()
    node = start(modality)
    transaction = modality.insist(node.port, stored(node))
    node.kill()
    node.start()
    with modality:
        assert modality.wait_told(transaction) == 1


def test_a_modality_is_told_after_its_receiver_was_killed(start: Start) -> None:
    """The association it waited on is gone, so it is called back after a while."""
    with Modality() as modality:
        node = start(modality)
        transaction, assoc = modality.ask(node.port, stored(node))
        node.kill_role("receiver")
        assert modality.wait_told(transaction, 20) == 1
        assoc.abort()


def test_a_modality_that_refuses_a_report_is_told_again(start: Start) -> None:
    """Until it answers success."""
    with Modality(status=0x0110) as modality:
        node = start(modality)
        transaction = modality.insist(node.port, stored(node))
        wait_for(lambda: len(modality.told(transaction)) >= 2, 10)
        assert noted(node, "commitment-reported") == []
        modality.status = 0x0000
        wait_for(lambda: noted(node, "commitment-reported"), 10)


def test_a_modality_that_hangs_delays_no_other(start: Start) -> None:
    """Each is told by a thread of its own."""
    with Modality("SLOW") as slow, Modality("QUICK") as quick:
        slow.stall_seconds = 30
        node = start(slow, quick)
        held = stored(node)
        slow.insist(node.port, held)
        assert quick.wait_told(quick.insist(node.port, held), 8) == 1


def test_a_modality_is_told_before_the_node_stops(start: Start) -> None:
    """Though its next try was a long time off."""
    modality = Modality()
    node = start(modality, backoff_seconds=300, backoff_cap_seconds=300)
    transaction = modality.insist(node.port, stored(node))
    wait_for(lambda: "commitment reports were not taken" in node.said(), 10, "the first try")
    with modality:
        node.stop()
        assert modality.told(transaction) == [1]


def test_a_modality_that_is_never_there_is_given_up(start: Start) -> None:
    """After `sender.report_seconds`, with a line in the trail and in the log."""
    modality = Modality()
    node = start(modality, report_seconds=1)
    transaction = modality.insist(node.port, stored(node))
    wait_for(lambda: noted(node, "commitment-report-given-up"), 10)
    (detail,) = noted(node, "commitment-report-given-up")
    assert detail["transaction_uid"] == transaction
    assert detail["calling_ae"] == "MODALITY"
    assert "cannot be reached" in detail["comment"]
    assert "commitment reports are given up" in node.said()


def test_a_modality_that_is_not_configured_is_told_once_it_is(start: Start) -> None:
    """Where to is known after a reload."""
    with Modality() as modality:
        node = start()
        transaction = modality.insist(node.port, stored(node))
        wait_for(lambda: "not among the configured peers" in node.said(), 10)
        node.peers = {"modality": modality.as_peer}
        node.configure()
        assert node.cli("reload").returncode == 0
        assert modality.wait_told(transaction) == 1
