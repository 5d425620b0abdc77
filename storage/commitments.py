"""Whether peers vouch for what they took: every request about a delivery, and what came of it.

A PACS may answer late: after it was asked again, after the object was sent again, after it was
given up. It has vouched all the same, so every request is remembered and any answer counts.
"""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection, insert, select

from storage import delivery as rows
from storage.backoff import delay
from storage.database import Database, now
from storage.records import CommitmentReport, Delivery, DeliveryStatus
from storage.tables import commitment_requests, deliveries

_AGAIN = (1.0, 300.0)
"""The first and the longest wait, in seconds, before an object nobody vouched for goes again."""

_UNDONE = (DeliveryStatus.WAITING, DeliveryStatus.SENT, DeliveryStatus.DEAD)
"""Whatever became of a delivery since the peer was asked, its word that it has the object ends
it."""


def unvouched(db: Database, destination: str, limit: int = 500) -> list[Delivery]:
    """What a destination took and has not vouched for, and is to be asked about now."""
    return rows.found(
        db,
        rows.query()
        .where(
            deliveries.c.destination == destination,
            deliveries.c.status == DeliveryStatus.SENT,
            deliveries.c.not_before <= now(),
        )
        .order_by(deliveries.c.id)
        .limit(limit),
    )


def asked(
    db: Database, ids: Collection[int], transaction_uid: str | None, answer_by: float
) -> None:
    """A peer is asked to vouch for what it took; ask again where no answer comes by then.

    A question by C-FIND has no transaction.
    """
    values = {"asked": deliveries.c.asked + 1, "not_before": answer_by}
    with db.transaction() as connection:
        rows.write(connection, ids, values, DeliveryStatus.SENT)
        if transaction_uid is not None and ids:
            request = {"transaction_uid": transaction_uid, "asked_at": now()}
            connection.execute(
                insert(commitment_requests), [request | {"delivery_id": id_} for id_ in ids]
            )


def awaited(db: Database, transaction_uid: str) -> bool:
    """Whether a peer's answer to a commitment request would still change anything."""
    query = (
        select(deliveries.c.id)
        .join(commitment_requests, commitment_requests.c.delivery_id == deliveries.c.id)
        .where(
            commitment_requests.c.transaction_uid == transaction_uid,
            deliveries.c.status == DeliveryStatus.SENT,
        )
    )
    with db.reading() as connection:
        return connection.execute(query.limit(1)).scalar() is not None


def vouched(db: Database, report: CommitmentReport) -> bool:
    """A peer's answer to a commitment request: done where it has the object, else sent again.

    Returns whether the transaction is one of ours.
    """
    requests = select(commitment_requests.c.delivery_id, commitment_requests.c.asked_at).where(
        commitment_requests.c.transaction_uid == report.transaction_uid
    )
    committed = {one.SOPInstanceUID for one in report.committed}
    failed = {one.SOPInstanceUID: one.reason for one in report.failed}
    with db.transaction() as connection:
        asked_at = {row.delivery_id: row.asked_at for row in connection.execute(requests)}
        query = rows.query().where(deliveries.c.id.in_(asked_at)).order_by(deliveries.c.id)
        for row in connection.execute(query).mappings().all():
            delivery = rows.as_record(row)
            uid, sent_at = delivery.SOPInstanceUID, delivery.sent_at or 0.0
            if uid in committed:
                _deliver(connection, delivery, "commitment")
            elif uid in failed and asked_at[delivery.id] >= sent_at:
                # An older question was about what was sent before, and has been sent again since.
                _send_again(connection, delivery, f"Not committed, reason {failed[uid]:#06x}.")
    return bool(asked_at)


def verified(db: Database, delivery: Delivery, present: bool) -> None:
    """A peer's answer to a query: done where it has the object, else it is sent again."""
    with db.transaction() as connection:
        if present:
            _deliver(connection, delivery, "c-find")
        else:
            _send_again(connection, delivery, "The peer does not have the object.")


def send_again(db: Database, delivery: Delivery, comment: str) -> None:
    """A peer did not vouch for what it took: it is sent again."""
    with db.transaction() as connection:
        _send_again(connection, delivery, comment)


def _deliver(connection: Connection, delivery: Delivery, evidence: str) -> None:
    values = {
        "status": DeliveryStatus.DELIVERED,
        "delivered_at": now(),
        "evidence": evidence,
    }
    if rows.write(connection, [delivery.id], values, *_UNDONE):
        rows.note(connection, "result-delivered", delivery, evidence=evidence)


def _send_again(connection: Connection, delivery: Delivery, comment: str) -> None:
    values = {
        "status": DeliveryStatus.WAITING,
        "asked": 0,
        "comment": comment,
        # A peer that never vouches must not be sent the same object in a tight circle.
        "not_before": now() + delay(delivery.attempts, *_AGAIN),
    }
    if rows.write(connection, [delivery.id], values, DeliveryStatus.SENT):
        rows.note(connection, "result-not-vouched", delivery, comment=comment)
