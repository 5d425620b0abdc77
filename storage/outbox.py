"""The outbox: each result on its way to each of its destinations, until the peer takes it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from storage import audit
from storage import delivery as rows
from storage.database import Database, now
from storage.records import Delivery, DeliveryStatus, Job, NewResult
from storage.tables import deliveries, jobs, results


def post(connection: Connection, job: Job, made: Sequence[NewResult]) -> None:
    """Record a job's results and queue them for their destinations, in the caller's transaction."""
    moment = now()
    # As it is now: an alert of another job may have raised it since this one was claimed.
    priority = connection.execute(select(jobs.c.priority).where(jobs.c.id == job.id)).scalar_one()
    for result in made:
        values = {
            "job_id": job.id,
            "kind": result.kind,
            "SOPClassUID": result.SOPClassUID,
            "SOPInstanceUID": result.SOPInstanceUID,
            "SeriesInstanceUID": result.SeriesInstanceUID,
            "TransferSyntaxUID": result.TransferSyntaxUID,
            "key": result.key,
            "size": result.size,
            "created_at": moment,
        }
        key = connection.execute(insert(results).values(values)).inserted_primary_key
        assert key is not None  # noqa: S101 - an insert of one row has a key
        for destination in result.destinations:
            connection.execute(
                insert(deliveries).values(
                    result_id=key[0],
                    destination=destination,
                    priority=priority,
                    status=DeliveryStatus.WAITING,
                    created_at=moment,
                    not_before=moment,
                )
            )


def due(db: Database, destination: str, limit: int = 100) -> list[Delivery]:
    """What a destination is to be sent now, the most urgent first."""
    return rows.found(
        db,
        rows.query()
        .where(
            deliveries.c.destination == destination,
            deliveries.c.status == DeliveryStatus.WAITING,
            deliveries.c.not_before <= now(),
        )
        # An object that breaks each association it is sent over must not stay ahead of the others.
        .order_by(
            deliveries.c.attempts > 2, deliveries.c.priority, deliveries.c.attempts, deliveries.c.id
        )
        .limit(limit),
    )


def accepted(
    db: Database, delivery: Delivery, dimse_status: int, comment: str | None, vouch: bool
) -> None:
    """The peer answered success or a warning; done, unless it is also to vouch for the object."""
    moment = now()
    values: dict[str, Any] = {
        "status": DeliveryStatus.SENT if vouch else DeliveryStatus.DELIVERED,
        "attempts": delivery.attempts + 1,
        "dimse_status": dimse_status,
        "comment": comment,
        "sent_at": moment,
        "not_before": moment,
    }
    if not vouch:
        values |= {"delivered_at": moment, "evidence": "c-store"}
    with db.transaction() as connection:
        rows.write(connection, [delivery.id], values, DeliveryStatus.WAITING)
        rows.note(connection, "result-sent", delivery, dimse_status=dimse_status)


def postpone(
    db: Database,
    delivery: Delivery,
    *,
    not_before: float,
    comment: str,
    dimse_status: int | None,
) -> None:
    """The peer could not take the object now."""
    values = {
        "attempts": delivery.attempts + 1,
        "not_before": not_before,
        "comment": comment,
        "dimse_status": dimse_status,
    }
    with db.transaction() as connection:
        rows.write(connection, [delivery.id], values, DeliveryStatus.WAITING)


def explain(
    db: Database,
    ids: Collection[int],
    comment: str,
    status: DeliveryStatus = DeliveryStatus.WAITING,
) -> None:
    """Say why deliveries wait that were not even tried: the peer cannot be reached."""
    with db.transaction() as connection:
        rows.write(connection, ids, {"comment": comment}, status)


def give_up(
    db: Database, delivery: Delivery, comment: str, dimse_status: int | None, announced: bool
) -> bool:
    """The peer refuses the object for good, or took it again and again and never vouched.

    Returns whether it is given up: the peer may have vouched for it at this very moment.
    """
    with db.transaction() as connection:
        detail = {"dimse_status": dimse_status, "comment": comment}
        values = {"status": DeliveryStatus.DEAD, "attempts": delivery.attempts + 1} | detail
        if not rows.write(connection, [delivery.id], values, delivery.status):
            return False
        rows.note(connection, "delivery-dead", delivery, **detail)
        if announced:
            audit.announce(
                connection,
                "delivery-dead",
                StudyInstanceUID=delivery.StudyInstanceUID,
                destination=delivery.destination,
                **detail,
            )
    return True


def revive(db: Database, destination: str | None = None) -> int:
    """Try the deliveries again that were given up; returns how many."""
    query = (
        update(deliveries)
        .where(deliveries.c.status == DeliveryStatus.DEAD)
        .values(
            status=DeliveryStatus.WAITING,
            attempts=0,
            asked=0,
            not_before=now(),
        )
    )
    if destination is not None:
        query = query.where(deliveries.c.destination == destination)
    with db.transaction() as connection:
        return connection.execute(query).rowcount


def delivered_of_peer(db: Database, study_id: int, destination: str) -> int:
    """How many of a study's results a destination holds already: it counts them as its own."""
    query = (
        select(func.count())
        .select_from(deliveries)
        .join(results, results.c.id == deliveries.c.result_id)
        .join(jobs, jobs.c.id == results.c.job_id)
        .where(
            jobs.c.study_id == study_id,
            deliveries.c.destination == destination,
            deliveries.c.sent_at.is_not(None),
        )
    )
    with db.reading() as connection:
        return int(connection.execute(query).scalar_one())
