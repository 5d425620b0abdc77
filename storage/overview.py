"""What people ask about the whole node: queues, what waits for what, and where it runs."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Float, func, select

from storage.database import Database
from storage.records import DeliveryStatus, StudyRecord, StudyStatus
from storage.tables import (
    arrivals,
    associations,
    audit,
    deliveries,
    jobs,
    results,
    studies,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Queue:
    """How much waits, and since when the oldest of it does."""

    waiting: int
    oldest_at: float | None


def arrivals_queue(db: Database) -> Queue:
    """The instances that are safe in the inbox and not yet counted to their studies."""
    query = select(func.count(), func.min(arrivals.c.received_at, type_=Float))
    with db.reading() as connection:
        count, oldest = connection.execute(query).one()
    return Queue(waiting=count, oldest_at=oldest)


def open_associations(db: Database) -> int:
    """How many associations peers have with the node now."""
    query = select(func.count()).where(associations.c.closed_at.is_(None))
    with db.reading() as connection:
        return int(connection.execute(query).scalar_one())


def studies_by_status(db: Database) -> dict[str, int]:
    """How many studies there are by status."""
    query = select(studies.c.status, func.count()).group_by(studies.c.status)
    with db.reading() as connection:
        return {row[0]: row[1] for row in connection.execute(query)}


def open_studies(db: Database, limit: int = 100) -> list[StudyRecord]:
    """The studies that still come in, the one that changed last first."""
    names = ("id", "StudyInstanceUID", "status", "revision", "opened_at", "last_at")
    asked = ("expected", "expected_from", "asked_at")
    query = (
        select(*(studies.c[name] for name in (*names, *asked)))
        .where(studies.c.status == StudyStatus.OPEN)
        .order_by(studies.c.last_at.desc())
        .limit(limit)
    )
    with db.reading() as connection:
        rows = connection.execute(query).mappings().all()
    return [StudyRecord(**{**row, "status": StudyStatus(row["status"])}) for row in rows]


def deliveries_listing(
    db: Database,
    *,
    destination: str | None = None,
    statuses: Collection[DeliveryStatus] = (),
    limit: int = 100,
) -> list[Mapping[str, Any]]:
    """Deliveries, the newest first, with what the peer answered and when it is tried next."""
    query = (
        select(
            deliveries.c.id,
            deliveries.c.destination,
            deliveries.c.status,
            deliveries.c.attempts,
            deliveries.c.dimse_status,
            deliveries.c.comment,
            deliveries.c.created_at,
            deliveries.c.not_before,
            deliveries.c.sent_at,
            deliveries.c.delivered_at,
            deliveries.c.evidence,
            results.c.kind,
            results.c.SOPInstanceUID,
            jobs.c.id.label("job"),
            jobs.c.pipeline,
            jobs.c.revision,
            studies.c.StudyInstanceUID,
        )
        .join(results, results.c.id == deliveries.c.result_id)
        .join(jobs, jobs.c.id == results.c.job_id)
        .join(studies, studies.c.id == jobs.c.study_id)
        .order_by(deliveries.c.id.desc())
        .limit(limit)
    )
    if destination is not None:
        query = query.where(deliveries.c.destination == destination)
    if statuses:
        query = query.where(deliveries.c.status.in_(statuses))
    with db.reading() as connection:
        return [dict(row) for row in connection.execute(query).mappings()]


def waiting_because(db: Database) -> dict[str, Mapping[str, Any]]:
    """For each destination that something waits for: since when, and what was said last."""
    oldest = (
        select(func.min(deliveries.c.id))
        .where(deliveries.c.status.in_((DeliveryStatus.WAITING, DeliveryStatus.SENT)))
        .group_by(deliveries.c.destination)
    )
    query = select(
        deliveries.c.destination,
        deliveries.c.status,
        deliveries.c.comment,
        deliveries.c.dimse_status,
        deliveries.c.created_at,
        deliveries.c.not_before,
    ).where(deliveries.c.id.in_(oldest))
    with db.reading() as connection:
        return {row["destination"]: dict(row) for row in connection.execute(query).mappings()}


def newest_moment(db: Database) -> float | None:
    """When the newest line of the audit trail was written, by the clock of then."""
    with db.reading() as connection:
        return connection.execute(select(func.max(audit.c.at, type_=Float))).scalar()


def is_removed(db: Database, study_id: int) -> bool:
    """Whether a study's stored pixels were removed by retention."""
    query = select(studies.c.removed_at).where(studies.c.id == study_id)
    with db.reading() as connection:
        return connection.execute(query).scalar() is not None
