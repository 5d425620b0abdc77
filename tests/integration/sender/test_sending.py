"""Results on their way to peers that are down, slow, short of something, or of other taste."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from storage import notices
from tests.integration.sender.conftest import MakeNode, peer
from tests.peers.chaos import (
    ABORT,
    ACCEPT,
    COERCED,
    LOSE_ANSWER,
    FaultyPACS,
    Script,
    Step,
    busy,
    stall,
)
from tests.peers.processes import free_port, wait_for

Rows = list[Mapping[str, Any]]


def of(rows: Rows, destination: str) -> Mapping[str, Any]:
    """The newest delivery to a destination."""
    return [row for row in rows if row["destination"] == destination][-1]


def test_a_destination_that_is_down_delays_no_other_and_gets_everything_later(
    sending: MakeNode,
) -> None:
    """Each destination has its own queue; the one that was down is sent all when it is back."""
    late = FaultyPACS(port=free_port(), ae_title="LATE")
    with FaultyPACS() as pacs:
        node = sending(good=peer(pacs), late=peer(late))
        uids = [node.send("fine") for _ in range(3)]
        wait_for(lambda: len(pacs.kept) == 3, 15, "the other destination")
        waiting = node.wait_for_deliveries(uids[0], lambda rows: bool(of(rows, "late")["comment"]))
        assert of(waiting, "late")["status"] == "waiting"
        assert of(waiting, "late")["attempts"] == 0
        assert "cannot be reached" in of(waiting, "late")["comment"]
        rests = node.said().count("destination cannot be reached")
        with late:
            for uid in uids:
                node.wait_delivered(uid, results=2)
            assert len(late.kept) == 3
        assert node.said().count("destination cannot be reached") >= rests >= 1


def test_a_peer_that_stalls_or_aborts_is_tried_again(sending: MakeNode) -> None:
    """An association that breaks off or goes silent is no verdict on the object."""
    script = Script(steps=[stall(3), ABORT, ACCEPT])
    with FaultyPACS(script) as slow, FaultyPACS() as pacs:
        node = sending(slow=peer(slow, timeout_seconds=0.5), good=peer(pacs))
        uid = node.send("fine")
        node.wait_for_deliveries(uid, lambda rows: of(rows, "good")["status"] == "delivered", 5)
        rows = node.wait_delivered(uid, results=2)
        assert of(rows, "slow")["attempts"] == 3
        assert len(slow.kept) == 1


def test_an_object_that_breaks_associations_lets_the_others_go_first(sending: MakeNode) -> None:
    """A peer that aborts at one object is sent the rest of its queue all the same."""
    with FaultyPACS(Script(steps=[ABORT] * 2, then=ACCEPT)) as pacs:
        node = sending(pacs=peer(pacs))
        poison = node.send("fine")
        wait_for(lambda: pacs.stored, 10)
        pacs.script = Script(by_instance={pacs.stored[0].SOPInstanceUID: ABORT})
        for other in [node.send("fine") for _ in range(3)]:
            node.wait_delivered(other)
        (row,) = node.deliveries(poison)
        assert row["status"] == "waiting"
        assert "broke off" in row["comment"]


def test_a_busy_peer_is_tried_until_it_has_room(sending: MakeNode) -> None:
    """0xA700 passes: it is tried longer than a refusal would be, with growing waits."""
    with FaultyPACS(busy(5)) as pacs:
        node = sending(pacs=peer(pacs))
        uid = node.send("fine")
        (row,) = node.wait_delivered(uid)
        assert row["attempts"] == 6
        assert len(pacs.stored) == 6
        assert len(pacs.kept) == 1


def test_a_warning_is_a_success_that_is_kept(sending: MakeNode) -> None:
    """The status 0xB000 is delivered, and shown."""
    with FaultyPACS(Script(then=COERCED)) as pacs:
        node = sending(pacs=peer(pacs))
        (row,) = node.wait_delivered(node.send("fine"), "c-store")
        assert row["dimse_status"] == 0xB000
        assert len(pacs.stored) == 1


def test_a_refusal_is_dead_after_some_tries(sending: MakeNode) -> None:
    """The status of the last refusal is shown, and a notice is queued."""
    with FaultyPACS(Script(then=Step(status=0xC123))) as pacs:
        node = sending(pacs=peer(pacs))
        uid = node.send("fine")
        (row,) = node.wait_for_deliveries(uid, lambda rows: rows[-1]["status"] == "dead")
        assert row["attempts"] == len(pacs.stored) == 3
        assert row["dimse_status"] == 0xC123
        assert any(line["event"] == "delivery-dead" for line in node.trail(uid))
        with node.database() as db:
            bodies = [n["body"] for n in notices.due(db) if n["event"] == "delivery-dead"]
        told = [body["dimse_status"] for body in bodies if body["StudyInstanceUID"] == uid]
        assert told == [0xC123]


def test_a_class_the_peer_does_not_take_is_told(sending: MakeNode) -> None:
    """A peer without a presentation context for reports is told of in a sentence."""
    classes = [f"1.2.840.10008.5.1.4.1.1.88.{n}" for n in (11, 22, 33, 34, 35)]
    with FaultyPACS(Script(refuse_classes=classes)) as pacs:
        node = sending(pacs=peer(pacs))
        uid = node.send("fine")
        (row,) = node.wait_for_deliveries(uid, lambda rows: rows[-1]["status"] == "dead")
        assert row["comment"] == "FAULTY takes no objects of this class."


def test_many_results_share_an_association(sending: MakeNode) -> None:
    """What comes within the idle time goes over the association that is open."""
    with FaultyPACS() as pacs:
        node = sending(pacs=peer(pacs))
        uids = [node.send("fine") for _ in range(6)]
        for uid in uids:
            node.wait_delivered(uid)
        assert pacs.associations == 1


def test_a_result_is_sent_once_for_a_lost_answer_under_the_same_uid(sending: MakeNode) -> None:
    """Where the answer was lost, the same object goes again: the PACS sees it once."""
    with FaultyPACS(Script(steps=[LOSE_ANSWER])) as pacs:
        node = sending(pacs=peer(pacs))
        node.wait_delivered(node.send("fine"))
        assert len(pacs.stored) == 2
        assert len(pacs.kept) == 1


def test_a_changed_address_is_used_at_once(sending: MakeNode) -> None:
    """After a reload the open association to the old address serves nobody any more."""
    with FaultyPACS() as old, FaultyPACS() as new:
        node = sending(pacs=peer(old))
        node.wait_delivered(node.send("fine"))
        node.peers["pacs"]["port"] = new.port
        node.configure()
        assert node.cli("reload").returncode == 0
        wait_for(lambda: "configuration reloaded" in node.said(), 5)
        time.sleep(0.2)
        node.wait_delivered(node.send("fine"))
        assert len(old.kept) == len(new.kept) == 1
