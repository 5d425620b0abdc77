"""Done means that the peer vouches for what it took, where it is configured to."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from pydicom import Dataset
from pynetdicom import AE, evt

from tests.integration.sender.conftest import MakeNode, peer
from tests.peers.chaos import (
    STORAGE_COMMITMENT,
    STORAGE_COMMITMENT_INSTANCE,
    FaultyPACS,
    Script,
)
from tests.peers.processes import wait_for

STUDY_ROOT_FIND = "1.2.840.10008.5.1.4.1.2.2.1"


class QueryingPACS(FaultyPACS):
    """One that also answers C-FIND, and says from which question on it finds an instance."""

    def __init__(self, script: Script | None = None, *, found_from: int = 1, **rest: Any) -> None:
        super().__init__(script, **rest)
        self.found_from, self.asked = found_from, 0

    def _entity(self) -> AE:
        ae = super()._entity()
        ae.add_supported_context(STUDY_ROOT_FIND)
        return ae

    def start(self) -> QueryingPACS:
        """Listen."""
        super().start()
        assert self._server is not None
        self._server.bind(evt.EVT_C_FIND, self._on_find)
        return self

    def _on_find(self, event: Any) -> Any:
        self.asked += 1
        uid = str(event.identifier.SOPInstanceUID)
        if uid in self.kept and self.asked >= self.found_from:
            match = Dataset()
            match.QueryRetrieveLevel = "IMAGE"
            match.SOPInstanceUID = uid
            yield 0xFF00, match


class NoCommitment(FaultyPACS):
    """One that offers no Storage Commitment."""

    def _entity(self) -> AE:
        ae = super()._entity()
        ae.remove_supported_context(STORAGE_COMMITMENT)
        return ae


class SameAssociation(FaultyPACS):
    """One that reports over the association it was asked on, sometimes what nobody asked."""

    transaction_uid: str | None = None
    event_type = 1

    def _on_action(self, event: Any) -> tuple[int, None]:
        self.requests.append(event.action_information)
        assoc, request = event.assoc, event.action_information

        def report() -> None:
            information = Dataset()
            information.TransactionUID = self.transaction_uid or request.TransactionUID
            information.ReferencedSOPSequence = request.ReferencedSOPSequence
            status, _ = assoc.send_n_event_report(
                information, self.event_type, STORAGE_COMMITMENT, STORAGE_COMMITMENT_INSTANCE
            )
            self.errors.append(f"answered {status.get('Status'):04X}")

        threading.Timer(0.3, report).start()
        return 0x0000, None


class Late(FaultyPACS):
    """One that answers its first commitment request when it is told to, and no other."""

    def answer_first(self) -> None:
        """Report what the first request was about."""
        self._report("DICOM_NODE", self.requests[0])


def reporting(pacs: FaultyPACS, node: Any) -> None:
    """Let the PACS send its reports to the node."""
    pacs.reply_to["DICOM_NODE"] = ("127.0.0.1", node.port)


def test_a_commitment_is_the_evidence(sending: MakeNode) -> None:
    """Confirmed over an association of the PACS's own, the result is delivered."""
    with FaultyPACS() as pacs:
        node = sending(pacs=peer(pacs, commitment=True))
        reporting(pacs, node)
        node.wait_delivered(node.send("fine"), "commitment")
        assert pacs.errors == []
        assert len(pacs.stored) == 1


def test_a_commitment_over_the_same_association_counts_too(sending: MakeNode) -> None:
    """The node leaves the association open long enough for a PACS that reports on it."""
    with SameAssociation() as pacs:
        node = sending(pacs=peer(pacs, commitment=True))
        node.wait_delivered(node.send("fine"), "commitment")
        wait_for(lambda: pacs.errors == ["answered 0000"], 5)
        assert len(pacs.requests) == 1


@pytest.mark.parametrize(
    ("transaction", "event", "status"), [("2.25.9", 1, 0x0115), (None, 3, 0x0113)]
)
def test_a_report_over_the_same_association_is_answered_as_by_the_receiver(
    sending: MakeNode, transaction: str | None, event: int, status: int
) -> None:
    """One that nobody asked for is refused, whichever way it comes, and nothing is delivered."""
    with SameAssociation() as pacs:
        pacs.transaction_uid, pacs.event_type = transaction, event
        node = sending(pacs=peer(pacs, commitment=True), sender=WAIT)
        uid = node.send("fine")
        wait_for(lambda: pacs.errors == [f"answered {status:04X}"], 10)
        assert node.deliveries(uid)[0]["status"] == "sent"


LATE: dict[str, tuple[dict[str, Any], Callable[[Late, str], bool]]] = {
    "asked again meanwhile": (
        {"commitment_attempts": 5},
        lambda pacs, status: len(pacs.requests) == 2,
    ),
    "sent again meanwhile": (
        {"commitment_seconds": 0.5, "max_attempts": 9},
        lambda pacs, status: len(pacs.stored) == 2,
    ),
    "given up meanwhile": (
        {"commitment_seconds": 0.5, "commitment_attempts": 1, "max_attempts": 1},
        lambda pacs, status: status == "dead",
    ),
}


@pytest.mark.parametrize(("rules", "is_late"), LATE.values(), ids=LATE)
def test_a_late_commitment_counts(
    sending: MakeNode, rules: dict[str, Any], is_late: Callable[[Late, str], bool]
) -> None:
    """A PACS that vouches later than it is waited for has vouched, whatever came in between."""
    with Late(Script(commitment="silent")) as pacs:
        node = sending(pacs=peer(pacs, commitment=True), sender=rules)
        reporting(pacs, node)
        uid = node.send("fine")
        node.wait_for_deliveries(uid, lambda rows: is_late(pacs, rows[-1]["status"]))
        pacs.answer_first()
        node.wait_delivered(uid, "commitment")
        assert pacs.errors == []


def test_a_commitment_in_time_is_waited_for(sending: MakeNode) -> None:
    """A PACS that takes its time, but not too long, is asked once."""
    with FaultyPACS(Script(commitment_seconds=1.5)) as pacs:
        node = sending(pacs=peer(pacs, commitment=True), sender=WAIT)
        reporting(pacs, node)
        node.wait_delivered(node.send("fine"), "commitment")
        assert len(pacs.stored) == len(pacs.requests) == 1


WAIT = {"commitment_seconds": 5}


def test_a_failed_commitment_sends_the_object_again_less_and_less_often(sending: MakeNode) -> None:
    """What the PACS says it does not have goes again, not in a tight circle, and ends dead."""
    with FaultyPACS(Script(commitment="fail")) as pacs:
        node = sending(pacs=peer(pacs, commitment=True), sender=WAIT)
        reporting(pacs, node)
        uid = node.send("fine")
        (row,) = node.wait_for_deliveries(uid, lambda rows: rows[-1]["status"] == "dead", 20)
        assert "never vouched" in row["comment"]
        assert len(pacs.stored) == 3
        assert any(line["event"] == "result-not-vouched" for line in node.trail(uid))


def test_a_failed_commitment_that_passes_is_mended(sending: MakeNode) -> None:
    """Sent again, and this time confirmed: delivered."""
    with FaultyPACS(Script(commitment="fail")) as pacs:
        node = sending(pacs=peer(pacs, commitment=True), sender=WAIT)
        reporting(pacs, node)
        uid = node.send("fine")
        wait_for(lambda: "result-not-vouched" in {e["event"] for e in node.trail(uid)}, 10)
        pacs.script = Script()
        node.wait_delivered(uid, "commitment")
        assert len(pacs.stored) == 2


@pytest.mark.parametrize("script", [Script(commitment="silent"), Script(commitment="refuse")])
def test_a_peer_that_never_commits_delays_nothing_that_is_to_be_sent(
    sending: MakeNode, script: Script
) -> None:
    """Silent or unwilling, it is asked again, and other results go out at once meanwhile."""
    slow = {"backoff_seconds": 5, "backoff_cap_seconds": 5, "commitment_seconds": 60}
    with FaultyPACS(script) as pacs:
        node = sending(pacs=peer(pacs, commitment=True), sender=slow)
        node.send("fine")
        wait_for(lambda: len(pacs.requests) == 1, 10)
        node.send("fine")
        wait_for(lambda: len(pacs.kept) == 2, 3, "the second result, in spite of the first")


def test_a_silent_peer_is_sent_the_object_again(sending: MakeNode) -> None:
    """After some requests without an answer the object is sent again, and then asked about."""
    with FaultyPACS(Script(commitment="silent")) as pacs:
        node = sending(pacs=peer(pacs, commitment=True), sender={"max_attempts": 9})
        reporting(pacs, node)
        uid = node.send("fine")
        wait_for(lambda: len(pacs.stored) == 2, 10, "the object to be sent again")
        assert len(pacs.requests) >= 2
        pacs.script = Script()
        node.wait_delivered(uid, "commitment")


def test_a_peer_without_commitment_is_told_of(sending: MakeNode) -> None:
    """Where the peer offers none, the result is not sent over and over: somebody must look."""
    with NoCommitment() as pacs:
        node = sending(pacs=peer(pacs, commitment=True))
        uid = node.send("fine")
        (row,) = node.wait_for_deliveries(uid, lambda rows: rows[-1]["status"] == "dead")
        assert row["comment"].startswith("FAULTY offers no Storage Commitment")
        assert len(pacs.stored) == 1


def test_a_peer_without_commitment_is_asked_by_query_where_that_may_be(sending: MakeNode) -> None:
    """With verify = true beside commitment = true the query is the evidence in the end."""
    with QueryingPACS(Script(commitment="silent")) as pacs:
        node = sending(pacs=peer(pacs, commitment=True, verify=True))
        node.wait_delivered(node.send("fine"), "c-find")
        assert len(pacs.stored) == 1


def test_a_query_is_the_evidence(sending: MakeNode) -> None:
    """A PACS that finds the instance only after a moment is not sent it twice."""
    with QueryingPACS(found_from=2) as pacs:
        node = sending(pacs=peer(pacs, verify=True))
        (row,) = node.wait_delivered(node.send("fine"), "c-find")
        assert pacs.asked == 2
        assert len(pacs.stored) == row["attempts"] == 1


def test_what_a_query_does_not_find_is_sent_again(sending: MakeNode) -> None:
    """A PACS that keeps saying no is sent the object again."""
    with QueryingPACS(found_from=3) as pacs:
        node = sending(pacs=peer(pacs, verify=True))
        rows: list[Mapping[str, Any]] = node.wait_delivered(node.send("fine"), "c-find")
        assert rows[0]["attempts"] == len(pacs.stored) == 2
