"""Lists that a person asks for by a condition, and single facts beside them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import Float, func, select

from storage.database import Database
from storage.overview import rows, sent_query
from storage.records import DeliveryStatus, StudyRecord, StudyStatus
from storage.studies import STUDY, as_record
from storage.tables import arrivals, audit, deliveries, jobs, studies


def open_studies(db: Database, limit: int = 100) -> list[StudyRecord]:
    """The studies that still come in, the one that changed last first."""
    query = (
        select(*STUDY)
        .where(studies.c.status == StudyStatus.OPEN)
        .order_by(studies.c.last_at.desc())
        .limit(limit)
    )
    with db.reading() as connection:
        found = connection.execute(query).mappings().all()
    return [as_record(row) for row in found]


def sent(
    db: Database,
    *,
    destination: str | None = None,
    statuses: Collection[DeliveryStatus] = (),
    limit: int = 100,
) -> list[Mapping[str, Any]]:
    """Deliveries, the newest first, each with its study and what the peer answered."""
    query = (
        sent_query()
        .add_columns(studies.c.StudyInstanceUID)
        .join(studies, studies.c.id == jobs.c.study_id)
        .order_by(None)
        .order_by(deliveries.c.id.desc())
        .limit(limit)
    )
    if destination is not None:
        query = query.where(deliveries.c.destination == destination)
    if statuses:
        query = query.where(deliveries.c.status.in_(statuses))
    with db.reading() as connection:
        return rows(connection, query)


def sent_of_study(db: Database, study_id: int) -> list[Mapping[str, Any]]:
    """Everything made for a study and sent: what, where to, and what the peer answered."""
    with db.reading() as connection:
        return rows(connection, sent_query().where(jobs.c.study_id == study_id))


def oldest_arrival(db: Database) -> float | None:
    """Since when the oldest instance waits to be counted to its study."""
    with db.reading() as connection:
        return connection.execute(select(func.min(arrivals.c.received_at, type_=Float))).scalar()


def newest_moment(db: Database) -> float | None:
    """When the newest line of the audit trail was written, by the clock of then."""
    with db.reading() as connection:
        return connection.execute(select(func.max(audit.c.at, type_=Float))).scalar()


def is_removed(db: Database, study_id: int) -> bool:
    """Whether a study's stored pixels were removed by retention."""
    query = select(studies.c.removed_at).where(studies.c.id == study_id)
    with db.reading() as connection:
        return connection.execute(query).scalar() is not None
