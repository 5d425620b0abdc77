"""A result's way to its destinations, until the peer vouches for it."""

from __future__ import annotations

from storage import audit, commitments, jobs, listings, notices, outbox
from storage.database import Database, now
from storage.records import DeliveryStatus, Priority
from tests.unit.storage.making import (
    STUDY,
    bring,
    claim,
    close,
    done,
    due,
    known,
    new_job,
    on_the_way,
    result,
    row_of,
    sent,
)

WAITING, SENT = DeliveryStatus.WAITING, DeliveryStatus.SENT
DELIVERED, DEAD = DeliveryStatus.DELIVERED, DeliveryStatus.DEAD


def test_each_destination_has_its_own_queue(db: Database) -> None:
    """What goes to one is not due for another."""
    done(db, ["pacs", "archive"])
    assert due(db, "pacs").SOPInstanceUID == due(db, "archive").SOPInstanceUID
    assert outbox.due(db, "elsewhere") == []
    assert due(db).StudyInstanceUID == STUDY


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
    delivery = due(db)
    outbox.accepted(db, delivery, 0xB000, "Coercion of data elements", vouch=False)
    row = row_of(db, delivery)
    assert (row["status"], row["evidence"], row["attempts"]) == (DELIVERED, "c-store", 1)
    assert (row["dimse_status"], row["comment"]) == (0xB000, "Coercion of data elements")
    assert on_the_way(db) == set()


def test_success_is_half_way_where_the_peer_is_to_vouch(db: Database) -> None:
    """The result is not sent again meanwhile, and is asked about."""
    delivery = sent(db)
    assert (delivery.status, delivery.dimse_status) == (SENT, 0x0000)
    assert outbox.due(db, "pacs") == []
    assert on_the_way(db) == {"pacs"}


def test_what_the_peer_could_not_take_now_waits(db: Database) -> None:
    """With the peer's answer, until its time has come."""
    done(db)
    delivery = due(db)
    outbox.postpone(
        db, delivery, not_before=now() + 60, comment="Out of resources.", dimse_status=0xA700
    )
    assert outbox.due(db, "pacs") == []
    row = row_of(db, delivery)
    assert (row["status"], row["attempts"], row["dimse_status"]) == (WAITING, 1, 0xA700)


def test_an_unreachable_peer_costs_no_try(db: Database) -> None:
    """What was not tried only says why it waits."""
    done(db)
    delivery = due(db)
    outbox.explain(db, [delivery.id], "ORTHANC cannot be reached.")
    assert (due(db).attempts, due(db).comment) == (0, "ORTHANC cannot be reached.")


def test_a_refused_result_is_given_up(db: Database) -> None:
    """With what the peer said, in the trail and as a notice."""
    done(db)
    delivery = due(db)
    outbox.give_up(db, delivery, "SOP class not supported", 0x0122, announced=True)
    row = row_of(db, delivery)
    assert (row["status"], row["dimse_status"], row["attempts"]) == (DEAD, 0x0122, 1)
    assert audit.trail(db, STUDY)[-1]["event"] == "delivery-dead"
    (notice,) = notices.due(db)
    assert notice["body"]["destination"] == "pacs"


def test_what_was_given_up_is_tried_again_from_the_beginning(db: Database) -> None:
    """For one destination or for all, with neither tries nor questions counted."""
    done(db, ["pacs", "archive"])
    for destination in ("pacs", "archive"):
        outbox.accepted(db, due(db, destination), 0, None, vouch=True)
        (delivery,) = commitments.unvouched(db, destination)
        commitments.asked(db, [delivery.id], "2.25.5", 0.0)
        outbox.give_up(db, delivery, "never vouched", None, announced=False)
    assert outbox.revive(db, "pacs") == 1
    again = due(db)
    assert (again.attempts, again.asked) == (0, 0)
    assert outbox.revive(db) == 1
    assert outbox.revive(db) == 0


def test_what_a_peer_holds_of_ours_is_counted(db: Database) -> None:
    """It counts our results among a study's instances; we do not."""
    done(db)
    study = known(db)
    assert outbox.delivered_of_peer(db, study.id, "pacs") == 0
    outbox.accepted(db, due(db), 0, None, vouch=True)
    assert outbox.delivered_of_peer(db, study.id, "pacs") == 1
    assert outbox.delivered_of_peer(db, study.id, "archive") == 0


def test_what_was_sent_for_a_study_is_known(db: Database) -> None:
    """What, where to, and what the peer answered."""
    done(db)
    outbox.accepted(db, due(db), 0, None, vouch=False)
    (row,) = listings.sent_of_study(db, known(db).id)
    assert (row["pipeline"], row["kind"], row["destination"]) == ("intake-check", "sr", "pacs")
    assert (row["status"], row["dimse_status"], row["evidence"]) == (DELIVERED, 0, "c-store")
    assert on_the_way(db) == set()
