"""A result's way to its destinations, until the peer vouches for it."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from storage import audit, jobs, listings, notices, outbox
from storage.database import Database, now
from storage.records import Delivery, DeliveryStatus, Priority
from storage.tables import deliveries
from tests.unit.storage.making import (
    STUDY,
    bring,
    claim,
    close,
    done,
    known,
    new_job,
    on_the_way,
    result,
)

WAITING, SENT = DeliveryStatus.WAITING, DeliveryStatus.SENT
DELIVERED, DEAD = DeliveryStatus.DELIVERED, DeliveryStatus.DEAD


def _row(db: Database, delivery: Delivery) -> dict[str, object]:
    with db.reading() as connection:
        row = connection.execute(select(deliveries).where(deliveries.c.id == delivery.id))
        return dict(row.mappings().one())


def _due(db: Database, destination: str = "pacs") -> Delivery:
    (delivery,) = outbox.due(db, destination)
    return delivery


def _sent(db: Database) -> Delivery:
    """A result that the PACS took and has not vouched for."""
    done(db)
    outbox.accepted(db, _due(db), 0x0000, None, vouch=True)
    (delivery,) = outbox.unvouched(db, "pacs")
    return delivery


def test_each_destination_has_its_own_queue(db: Database) -> None:
    """What goes to one is not due for another."""
    done(db, ["pacs", "archive"])
    assert _due(db, "pacs").SOPInstanceUID == _due(db, "archive").SOPInstanceUID
    assert outbox.due(db, "elsewhere") == []
    assert _due(db).StudyInstanceUID == STUDY


def test_the_most_urgent_result_goes_first(db: Database) -> None:
    """Results have the priority of the job that made them."""
    bring(db)
    close(db, new_jobs=[new_job("b"), new_job("a", priority=Priority.STAT)])
    stat, routine = claim(db), claim(db)
    jobs.finish(db, routine, {}, [result(SOPInstanceUID="2.25.7001")])
    jobs.finish(db, stat, {}, [result(SOPInstanceUID="2.25.7002")])
    assert [d.SOPInstanceUID for d in outbox.due(db, "pacs")] == ["2.25.7002", "2.25.7001"]
    assert len(outbox.due(db, "pacs", limit=1)) == 1


def test_success_is_delivery_where_nobody_need_vouch(db: Database) -> None:
    """The answer is the evidence, and it is kept, warnings too."""
    done(db)
    delivery = _due(db)
    outbox.accepted(db, delivery, 0xB000, "Coercion of data elements", vouch=False)
    row = _row(db, delivery)
    assert (row["status"], row["evidence"], row["attempts"]) == (DELIVERED, "c-store", 1)
    assert (row["dimse_status"], row["comment"]) == (0xB000, "Coercion of data elements")
    assert on_the_way(db) == set()


def test_success_is_half_way_where_the_peer_is_to_vouch(db: Database) -> None:
    """The result is not sent again meanwhile, and is asked about."""
    delivery = _sent(db)
    assert (delivery.status, delivery.dimse_status) == (SENT, 0x0000)
    assert outbox.due(db, "pacs") == []
    assert on_the_way(db) == {"pacs"}


def test_what_the_peer_could_not_take_now_waits(db: Database) -> None:
    """With the peer's answer, until its time has come."""
    done(db)
    delivery = _due(db)
    outbox.postpone(
        db, delivery, not_before=now() + 60, comment="Out of resources.", dimse_status=0xA700
    )
    assert outbox.due(db, "pacs") == []
    row = _row(db, delivery)
    assert (row["status"], row["attempts"], row["dimse_status"]) == (WAITING, 1, 0xA700)


def test_an_unreachable_peer_costs_no_try(db: Database) -> None:
    """What was not tried only says why it waits."""
    done(db)
    delivery = _due(db)
    outbox.explain(db, [delivery.id], "ORTHANC cannot be reached.")
    assert (_due(db).attempts, _due(db).comment) == (0, "ORTHANC cannot be reached.")


def test_a_refused_result_is_given_up(db: Database) -> None:
    """With what the peer said, in the trail and as a notice."""
    done(db)
    delivery = _due(db)
    outbox.give_up(db, delivery, "SOP class not supported", 0x0122, announced=True)
    row = _row(db, delivery)
    assert (row["status"], row["dimse_status"], row["attempts"]) == (DEAD, 0x0122, 1)
    assert audit.trail(db, STUDY)[-1]["event"] == "delivery-dead"
    (notice,) = notices.due(db)
    assert notice["body"]["destination"] == "pacs"


def test_a_peer_is_asked_and_has_time_to_answer(db: Database) -> None:
    """It is not asked again before then."""
    delivery = _sent(db)
    outbox.asked(db, [delivery.id], "2.25.5", now() + 60)
    assert outbox.unvouched(db, "pacs") == []
    row = _row(db, delivery)
    assert (row["asked"], row["transaction_uid"]) == (1, "2.25.5")


def test_a_peer_that_vouches_has_the_result(db: Database) -> None:
    """Storage Commitment is the best evidence there is."""
    delivery = _sent(db)
    outbox.asked(db, [delivery.id], "2.25.5", now() + 60)
    assert outbox.vouched(db, "2.25.5", [delivery.SOPInstanceUID], {})
    row = _row(db, delivery)
    assert (row["status"], row["evidence"]) == (DELIVERED, "commitment")
    assert audit.trail(db, STUDY)[-1]["event"] == "result-delivered"


def test_an_answer_that_comes_twice_is_ours_and_changes_nothing(db: Database) -> None:
    """Peers repeat reports whose answer was lost."""
    delivery = _sent(db)
    outbox.asked(db, [delivery.id], "2.25.5", now() + 60)
    outbox.vouched(db, "2.25.5", [delivery.SOPInstanceUID], {})
    before = _row(db, delivery)
    assert outbox.vouched(db, "2.25.5", [], {delivery.SOPInstanceUID: 0x0112})
    assert _row(db, delivery) == before


def test_an_answer_to_a_question_nobody_asked_is_not_ours(db: Database) -> None:
    """The peer is told so."""
    delivery = _sent(db)
    assert not outbox.vouched(db, "2.25.404", [delivery.SOPInstanceUID], {})
    assert _row(db, delivery)["status"] == SENT


def test_what_a_peer_does_not_vouch_for_is_sent_again(db: Database) -> None:
    """After a moment, with the peer's reason, and it is asked anew afterwards."""
    delivery = _sent(db)
    outbox.asked(db, [delivery.id], "2.25.5", now() + 60)
    outbox.vouched(db, "2.25.5", [], {delivery.SOPInstanceUID: 0x0112})
    again = _row(db, delivery)
    assert (again["status"], again["asked"], again["transaction_uid"]) == (WAITING, 0, None)
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
    good, bad, silent = outbox.unvouched(db, "pacs")
    outbox.asked(db, [good.id, bad.id, silent.id], "2.25.5", now() + 60)
    outbox.vouched(db, "2.25.5", [good.SOPInstanceUID], {bad.SOPInstanceUID: 0x0110})
    statuses = [_row(db, delivery)["status"] for delivery in (good, bad, silent)]
    assert statuses == [DELIVERED, WAITING, SENT]


@pytest.mark.parametrize(("present", "status"), [(True, DELIVERED), (False, WAITING)])
def test_a_query_decides_where_there_is_no_commitment(
    db: Database, present: bool, status: DeliveryStatus
) -> None:
    """The peer has the object, or it is sent again."""
    delivery = _sent(db)
    outbox.verified(db, delivery, present)
    assert _row(db, delivery)["status"] == status


def test_a_result_can_be_sent_again_for_a_reason(db: Database) -> None:
    """A peer that never answers a commitment request gets it once more."""
    delivery = _sent(db)
    outbox.send_again(db, delivery, "The peer answered no commitment request.")
    row = _row(db, delivery)
    assert row["status"] == WAITING
    assert row["comment"] == "The peer answered no commitment request."


def test_what_was_given_up_is_tried_again_from_the_beginning(db: Database) -> None:
    """For one destination or for all, with neither tries nor questions counted."""
    done(db, ["pacs", "archive"])
    for destination in ("pacs", "archive"):
        outbox.accepted(db, _due(db, destination), 0, None, vouch=True)
        (delivery,) = outbox.unvouched(db, destination)
        outbox.asked(db, [delivery.id], "2.25.5", 0.0)
        outbox.give_up(db, delivery, "never vouched", None, announced=False)
    assert outbox.revive(db, "pacs") == 1
    again = _due(db)
    assert (again.attempts, again.asked, again.transaction_uid) == (0, 0, None)
    assert outbox.revive(db) == 1
    assert outbox.revive(db) == 0


def test_an_answer_is_awaited_until_it_comes(db: Database) -> None:
    """Nobody else's transaction is ours to wait for."""
    delivery = _sent(db)
    outbox.asked(db, [delivery.id], "2.25.5", now() + 60)
    assert outbox.awaited(db, "2.25.5")
    assert not outbox.awaited(db, "2.25.6")
    outbox.vouched(db, "2.25.5", [delivery.SOPInstanceUID], {})
    assert not outbox.awaited(db, "2.25.5")


def test_what_a_peer_holds_of_ours_is_counted(db: Database) -> None:
    """It counts our results among a study's instances; we do not."""
    done(db)
    study = known(db)
    assert outbox.delivered_of_peer(db, study.id, "pacs") == 0
    outbox.accepted(db, _due(db), 0, None, vouch=True)
    assert outbox.delivered_of_peer(db, study.id, "pacs") == 1
    assert outbox.delivered_of_peer(db, study.id, "archive") == 0


def test_what_was_sent_for_a_study_is_known(db: Database) -> None:
    """What, where to, and what the peer answered."""
    done(db)
    outbox.accepted(db, _due(db), 0, None, vouch=False)
    (row,) = listings.sent_of_study(db, known(db).id)
    assert (row["pipeline"], row["kind"], row["destination"]) == ("intake-check", "sr", "pacs")
    assert (row["status"], row["dimse_status"], row["evidence"]) == (DELIVERED, 0, "c-store")
    assert on_the_way(db) == set()
