"""Whether a peer vouches for what it took: every request is remembered, and every answer counts."""

from __future__ import annotations

import pytest

from storage import audit, commitments, jobs, notices, outbox
from storage.database import Database, now
from storage.records import Delivery, DeliveryStatus
from tests.unit.storage.making import (
    STUDY,
    bring,
    claim,
    close,
    report,
    result,
    row_of,
    sent,
)

WAITING, SENT = DeliveryStatus.WAITING, DeliveryStatus.SENT
DELIVERED, DEAD = DeliveryStatus.DELIVERED, DeliveryStatus.DEAD


def asked(db: Database, delivery: Delivery, transaction_uid: str) -> None:
    """The peer is asked about a delivery."""
    commitments.asked(db, [delivery.id], transaction_uid, now() + 60)


def sent_again(db: Database, delivery: Delivery) -> Delivery:
    """The peer never answered, and took the object once more."""
    commitments.send_again(db, delivery, "The peer answered no question about the object.")
    outbox.accepted(db, delivery, 0x0000, None, vouch=True)
    (again,) = commitments.unvouched(db, "pacs")
    return again


def test_a_peer_is_asked_and_has_time_to_answer(db: Database) -> None:
    """It is not asked again before then."""
    delivery = sent(db)
    commitments.asked(db, [delivery.id], "2.25.5", now() + 60)
    assert commitments.unvouched(db, "pacs") == []
    row = row_of(db, delivery)
    assert row["asked"] == 1


def test_a_peer_that_vouches_has_the_result(db: Database) -> None:
    """Storage Commitment is the best evidence there is."""
    delivery = sent(db)
    commitments.asked(db, [delivery.id], "2.25.5", now() + 60)
    assert commitments.vouched(db, report("2.25.5", [delivery.SOPInstanceUID]))
    row = row_of(db, delivery)
    assert (row["status"], row["evidence"]) == (DELIVERED, "commitment")
    assert audit.trail(db, STUDY)[-1]["event"] == "result-delivered"


def test_an_answer_that_comes_twice_is_ours_and_changes_nothing(db: Database) -> None:
    """Peers repeat reports whose answer was lost."""
    delivery = sent(db)
    commitments.asked(db, [delivery.id], "2.25.5", now() + 60)
    commitments.vouched(db, report("2.25.5", [delivery.SOPInstanceUID]))
    before = row_of(db, delivery)
    assert commitments.vouched(db, report("2.25.5", [], {delivery.SOPInstanceUID: 0x0112}))
    assert row_of(db, delivery) == before


def test_an_answer_to_a_question_nobody_asked_is_not_ours(db: Database) -> None:
    """The peer is told so."""
    delivery = sent(db)
    assert not commitments.vouched(db, report("2.25.404", [delivery.SOPInstanceUID]))
    assert row_of(db, delivery)["status"] == SENT


def test_what_a_peer_does_not_vouch_for_is_sent_again(db: Database) -> None:
    """After a moment, with the peer's reason, and it is asked anew afterwards."""
    delivery = sent(db)
    commitments.asked(db, [delivery.id], "2.25.5", now() + 60)
    commitments.vouched(db, report("2.25.5", [], {delivery.SOPInstanceUID: 0x0112}))
    again = row_of(db, delivery)
    assert (again["status"], again["asked"]) == (WAITING, 0)
    assert again["comment"] == "Not committed, reason 0x0112."
    not_before = again["not_before"]
    assert isinstance(not_before, float)
    assert now() < not_before < now() + 60


def test_a_report_may_vouch_for_some_and_not_for_others(db: Database) -> None:
    """What it does not mention stays as it is."""
    bring(db)
    close(db)
    jobs.finish(db, claim(db), {}, [result(), result(), result()])
    for delivery in outbox.due(db, "pacs"):
        outbox.accepted(db, delivery, 0, None, vouch=True)
    good, bad, silent = commitments.unvouched(db, "pacs")
    commitments.asked(db, [good.id, bad.id, silent.id], "2.25.5", now() + 60)
    commitments.vouched(db, report("2.25.5", [good.SOPInstanceUID], {bad.SOPInstanceUID: 0x0110}))
    statuses = [row_of(db, delivery)["status"] for delivery in (good, bad, silent)]
    assert statuses == [DELIVERED, WAITING, SENT]


@pytest.mark.parametrize(("present", "status"), [(True, DELIVERED), (False, WAITING)])
def test_a_query_decides_where_there_is_no_commitment(
    db: Database, present: bool, status: DeliveryStatus
) -> None:
    """The peer has the object, or it is sent again."""
    delivery = sent(db)
    commitments.verified(db, delivery, present)
    assert row_of(db, delivery)["status"] == status


def test_a_result_can_be_sent_again_for_a_reason(db: Database) -> None:
    """A peer that never answers a commitment request gets it once more."""
    delivery = sent(db)
    commitments.send_again(db, delivery, "The peer answered no commitment request.")
    row = row_of(db, delivery)
    assert row["status"] == WAITING
    assert row["comment"] == "The peer answered no commitment request."


def test_an_answer_is_awaited_until_it_comes(db: Database) -> None:
    """Nobody else's transaction is ours to wait for."""
    delivery = sent(db)
    commitments.asked(db, [delivery.id], "2.25.5", now() + 60)
    assert commitments.awaited(db, "2.25.5")
    assert not commitments.awaited(db, "2.25.6")
    commitments.vouched(db, report("2.25.5", [delivery.SOPInstanceUID]))
    assert not commitments.awaited(db, "2.25.5")


@pytest.mark.parametrize("transaction_uid", ["2.25.5", "2.25.6", "2.25.7"])
def test_the_answer_to_any_request_counts(db: Database, transaction_uid: str) -> None:
    """A PACS that takes its time answers the first question after the third was asked."""
    delivery = sent(db)
    for uid in ("2.25.5", "2.25.6", "2.25.7"):
        asked(db, delivery, uid)
    assert commitments.vouched(db, report(transaction_uid, [delivery.SOPInstanceUID]))
    assert row_of(db, delivery)["status"] == DELIVERED
    assert not commitments.awaited(db, "2.25.7")
    for uid in ("2.25.5", "2.25.6", "2.25.7"):
        assert commitments.vouched(db, report(uid, [delivery.SOPInstanceUID])), "it is ours still"


def test_an_answer_counts_while_the_object_waits_to_be_sent_again(db: Database) -> None:
    """The peer has it after all, so it is not sent."""
    delivery = sent(db)
    asked(db, delivery, "2.25.5")
    commitments.send_again(db, delivery, "The peer answered no question about the object.")
    assert commitments.vouched(db, report("2.25.5", [delivery.SOPInstanceUID]))
    row = row_of(db, delivery)
    assert (row["status"], row["evidence"]) == (DELIVERED, "commitment")


def test_an_answer_counts_after_the_object_was_sent_again(db: Database) -> None:
    """It is the same object under the same UID."""
    delivery = sent(db)
    asked(db, delivery, "2.25.5")
    again = sent_again(db, delivery)
    asked(db, again, "2.25.6")
    assert commitments.vouched(db, report("2.25.5", [delivery.SOPInstanceUID]))
    assert row_of(db, delivery)["status"] == DELIVERED


def test_an_answer_counts_after_the_delivery_was_given_up(db: Database) -> None:
    """Nobody need look at it any more; the trail tells both."""
    delivery = sent(db)
    asked(db, delivery, "2.25.5")
    outbox.give_up(db, delivery, "never vouched", 0, announced=True)
    assert commitments.vouched(db, report("2.25.5", [delivery.SOPInstanceUID]))
    assert row_of(db, delivery)["status"] == DELIVERED
    events = [line["event"] for line in audit.trail(db, STUDY)]
    assert events[-2:] == ["delivery-dead", "result-delivered"]
    assert outbox.revive(db) == 0


def test_a_delivery_that_is_vouched_for_is_not_given_up(db: Database) -> None:
    """The answer came between the question whether to give up and the deed."""
    delivery = sent(db)
    asked(db, delivery, "2.25.5")
    commitments.vouched(db, report("2.25.5", [delivery.SOPInstanceUID]))
    assert not outbox.give_up(db, delivery, "never vouched", 0, announced=True)
    assert row_of(db, delivery)["status"] == DELIVERED
    assert audit.trail(db, STUDY)[-1]["event"] == "result-delivered"
    assert notices.due(db) == []


def test_a_failure_counts_where_it_is_about_what_was_sent_last(db: Database) -> None:
    """Also that of an older question, where the object was not sent again since."""
    delivery = sent(db)
    asked(db, delivery, "2.25.5")
    asked(db, delivery, "2.25.6")
    assert commitments.vouched(db, report("2.25.5", [], {delivery.SOPInstanceUID: 0x0112}))
    assert row_of(db, delivery)["status"] == WAITING


def test_a_failure_about_what_was_sent_before_changes_nothing(db: Database) -> None:
    """The object was sent again since, and there is a newer question."""
    delivery = sent(db)
    asked(db, delivery, "2.25.5")
    again = sent_again(db, delivery)
    asked(db, again, "2.25.6")
    assert commitments.vouched(db, report("2.25.5", [], {delivery.SOPInstanceUID: 0x0112}))
    assert row_of(db, delivery)["status"] == SENT


def test_a_failure_does_not_wake_what_was_given_up(db: Database) -> None:
    """Somebody has to look at it still."""
    delivery = sent(db)
    asked(db, delivery, "2.25.5")
    outbox.give_up(db, delivery, "never vouched", 0, announced=False)
    assert commitments.vouched(db, report("2.25.5", [], {delivery.SOPInstanceUID: 0x0112}))
    assert row_of(db, delivery)["status"] == DEAD


def test_a_query_is_a_question_without_a_transaction(db: Database) -> None:
    """It is counted, and no report can refer to it."""
    delivery = sent(db)
    commitments.asked(db, [delivery.id], None, now() + 60)
    assert row_of(db, delivery)["asked"] == 1
    assert not commitments.vouched(db, report("", [delivery.SOPInstanceUID]))
