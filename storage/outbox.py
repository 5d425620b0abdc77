"""The outbox: each result on its way to each of its destinations, until the peer vouches for it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, RowMapping, Select, func, insert, select, update

from storage import audit
from storage.backoff import delay
from storage.database import Database, now
from storage.records import Delivery, DeliveryStatus, Job, NewResult
from storage.tables import deliveries, jobs, results, studies

_AGAIN = (1.0, 300.0)
"""The first and the longest wait, in seconds, before an object nobody vouched for goes again."""


def post(connection: Connection, job: Job, made: Sequence[NewResult]) -> None:
    """Record a job's results and queue them for their destinations, in the caller's transaction."""
    moment = now()
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
                    priority=int(job.priority),
                    status=DeliveryStatus.WAITING,
                    created_at=moment,
                    not_before=moment,
                )
            )


def due(db: Database, destination: str, limit: int = 100) -> list[Delivery]:
    """What a destination is to be sent now, the most urgent first."""
    return _deliveries(
        db,
        _query()
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


def unvouched(db: Database, destination: str, limit: int = 500) -> list[Delivery]:
    """What a destination took and has not vouched for, and is to be asked about now."""
    return _deliveries(
        db,
        _query()
        .where(
            deliveries.c.destination == destination,
            deliveries.c.status == DeliveryStatus.SENT,
            deliveries.c.not_before <= now(),
        )
        .order_by(deliveries.c.id)
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
        _write(connection, [delivery.id], values, DeliveryStatus.WAITING)
        _note(connection, "result-sent", delivery, dimse_status=dimse_status)


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
        _write(connection, [delivery.id], values, DeliveryStatus.WAITING)


def explain(
    db: Database,
    ids: Collection[int],
    comment: str,
    status: DeliveryStatus = DeliveryStatus.WAITING,
) -> None:
    """Say why deliveries wait that were not even tried: the peer cannot be reached."""
    with db.transaction() as connection:
        _write(connection, ids, {"comment": comment}, status)


def awaited(db: Database, transaction_uid: str) -> bool:
    """Whether a peer still owes us the answer to a commitment request."""
    query = select(deliveries.c.id).where(
        deliveries.c.transaction_uid == transaction_uid,
        deliveries.c.status == DeliveryStatus.SENT,
    )
    with db.reading() as connection:
        return connection.execute(query.limit(1)).scalar() is not None


def give_up(
    db: Database, delivery: Delivery, comment: str, dimse_status: int | None, announced: bool
) -> None:
    """The peer refuses the object for good, or took it again and again and never vouched."""
    with db.transaction() as connection:
        detail = {"dimse_status": dimse_status, "comment": comment}
        values = {"status": DeliveryStatus.DEAD, "attempts": delivery.attempts + 1} | detail
        _write(connection, [delivery.id], values, delivery.status)
        _note(connection, "delivery-dead", delivery, **detail)
        if announced:
            audit.announce(
                connection,
                "delivery-dead",
                StudyInstanceUID=delivery.StudyInstanceUID,
                destination=delivery.destination,
                **detail,
            )


def asked(
    db: Database, ids: Collection[int], transaction_uid: str | None, answer_by: float
) -> None:
    """A peer is asked to vouch for what it took; ask again where no answer comes by then."""
    with db.transaction() as connection:
        _write(
            connection,
            ids,
            {
                "transaction_uid": transaction_uid,
                "asked": deliveries.c.asked + 1,
                "not_before": answer_by,
            },
            DeliveryStatus.SENT,
        )


def vouched(
    db: Database,
    transaction_uid: str,
    committed: Collection[str],
    failed: Mapping[str, int],
) -> bool:
    """A peer's answer to a commitment request: done where it has the object, else sent again.

    Returns whether the transaction is one of ours.
    """
    query = _query().where(
        deliveries.c.transaction_uid == transaction_uid,
        deliveries.c.status == DeliveryStatus.SENT,
    )
    with db.transaction() as connection:
        known = connection.execute(
            select(deliveries.c.id).where(deliveries.c.transaction_uid == transaction_uid).limit(1)
        ).scalar()
        found = [_delivery(row) for row in connection.execute(query).mappings()]
        _deliver(connection, [d for d in found if d.SOPInstanceUID in committed], "commitment")
        for delivery in found:
            if delivery.SOPInstanceUID in failed:
                reason = failed[delivery.SOPInstanceUID]
                _send_again(connection, delivery, f"Not committed, reason {reason:#06x}.")
    return known is not None


def verified(db: Database, delivery: Delivery, present: bool) -> None:
    """A peer's answer to a query: done where it has the object, else it is sent again."""
    with db.transaction() as connection:
        if present:
            _deliver(connection, [delivery], "c-find")
        else:
            _send_again(connection, delivery, "The peer does not have the object.")


def send_again(db: Database, delivery: Delivery, comment: str) -> None:
    """A peer did not vouch for what it took: it is sent again."""
    with db.transaction() as connection:
        _send_again(connection, delivery, comment)


def _deliver(connection: Connection, found: Sequence[Delivery], evidence: str) -> None:
    values = {
        "status": DeliveryStatus.DELIVERED,
        "delivered_at": now(),
        "evidence": evidence,
    }
    _write(connection, [delivery.id for delivery in found], values, DeliveryStatus.SENT)
    for delivery in found:
        _note(connection, "result-delivered", delivery, evidence=evidence)


def _send_again(connection: Connection, delivery: Delivery, comment: str) -> None:
    values = {
        "status": DeliveryStatus.WAITING,
        "asked": 0,
        "transaction_uid": None,
        "comment": comment,
        # A peer that never vouches must not be sent the same object in a tight circle.
        "not_before": now() + delay(delivery.attempts, *_AGAIN),
    }
    _write(connection, [delivery.id], values, DeliveryStatus.SENT)
    _note(connection, "result-not-vouched", delivery, comment=comment)


def revive(db: Database, destination: str | None = None) -> int:
    """Try the deliveries again that were given up; returns how many."""
    query = (
        update(deliveries)
        .where(deliveries.c.status == DeliveryStatus.DEAD)
        .values(
            status=DeliveryStatus.WAITING,
            attempts=0,
            asked=0,
            transaction_uid=None,
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


def _write(
    connection: Connection,
    ids: Collection[int],
    values: Mapping[str, Any],
    expected: DeliveryStatus,
) -> None:
    connection.execute(
        update(deliveries)
        .where(deliveries.c.id.in_(ids), deliveries.c.status == expected)
        .values(**values)
    )


def _note(connection: Connection, event: str, delivery: Delivery, **detail: object) -> None:
    audit.note(
        connection,
        event,
        delivery.StudyInstanceUID,
        SOPInstanceUID=delivery.SOPInstanceUID,
        destination=delivery.destination,
        **detail,
    )


def _query() -> Select[Any]:
    return (
        select(
            deliveries.c.id,
            deliveries.c.destination,
            deliveries.c.status,
            deliveries.c.attempts,
            deliveries.c.asked,
            deliveries.c.transaction_uid,
            results.c.SOPClassUID,
            results.c.SOPInstanceUID,
            results.c.SeriesInstanceUID,
            results.c.TransferSyntaxUID,
            studies.c.StudyInstanceUID,
            results.c.key,
            deliveries.c.sent_at,
            deliveries.c.dimse_status,
            deliveries.c.comment,
            deliveries.c.evidence,
        )
        .join(results, results.c.id == deliveries.c.result_id)
        .join(jobs, jobs.c.id == results.c.job_id)
        .join(studies, studies.c.id == jobs.c.study_id)
    )


def _deliveries(db: Database, query: Select[Any]) -> list[Delivery]:
    with db.reading() as connection:
        return [_delivery(row) for row in connection.execute(query).mappings()]


def _delivery(row: RowMapping) -> Delivery:
    return Delivery(**{**row, "status": DeliveryStatus(row["status"])})
