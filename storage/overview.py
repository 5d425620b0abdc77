"""What a board shows: how much is where, the newest studies, the destinations' queues."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, func, select

from storage.database import Database
from storage.records import DeliveryStatus, JobStatus, StudyStatus
from storage.tables import (
    arrivals,
    associations,
    deliveries,
    instances,
    jobs,
    results,
    revisions,
    studies,
)

Row = Mapping[str, Any]

JOB = (
    jobs.c.id,
    jobs.c.study_id,
    jobs.c.revision,
    jobs.c.pipeline,
    jobs.c.version,
    jobs.c.status,
    jobs.c.priority,
    jobs.c.created_at,
    jobs.c.not_before,
    jobs.c.attempts,
    jobs.c.crashes,
    jobs.c.started_at,
    jobs.c.ended_at,
    jobs.c.progress,
    jobs.c.doing,
    jobs.c.reason,
    jobs.c.alert,
)
"""What people are shown of a job."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Traffic:
    """How much is where on its way through the node."""

    connected: int
    """Associations that are open."""
    uncounted: int
    """Instances that are safe and not yet counted to a study."""
    studies: Mapping[str, int]
    """By status."""
    jobs: Mapping[str, int]
    """By status."""


@dataclass(frozen=True, kw_only=True, slots=True)
class StudyLine:
    """A study as one line of a list."""

    study: Row
    instances: int
    """The node's own results not counted."""
    modality: str | None
    calling_ae: str | None
    """Modality and sender of the first instance."""
    closed: Row | None
    """The revision that was completed last, with evidence and decision."""
    jobs: Sequence[Row]
    """Those of the newest revision that has any."""
    deliveries: Sequence[Row]
    """Of those jobs."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Queue:
    """A destination's queue."""

    counts: Mapping[str, int]
    """By status."""
    oldest_waiting: float | None
    """When the oldest result was made that waits to be sent."""
    last_delivered: float | None
    comment: str | None
    """Why the oldest waits, where it was tried or could not be."""


def traffic(db: Database) -> Traffic:
    """Count what is where."""
    with db.reading() as connection:
        return Traffic(
            connected=_count(connection, associations.c.closed_at.is_(None), associations),
            uncounted=_count(connection, None, arrivals),
            studies=_by(connection, studies.c.status),
            jobs=_by(connection, jobs.c.status),
        )


def lines(db: Database, limit: int = 50) -> list[StudyLine]:
    """The studies that changed last, newest first, each with what became of it."""
    with db.reading() as connection:
        found = rows(
            connection,
            select(studies).order_by(studies.c.last_at.desc(), studies.c.id.desc()).limit(limit),
        )
        ids = [row["id"] for row in found]
        held = _held(connection, ids)
        closed = _latest(connection, ids)
        worked = _newest_jobs(connection, ids)
        sent = _sent(connection, [job["id"] for work in worked.values() for job in work])
    return [
        _line(row, held.get(row["id"]), closed.get(row["id"]), worked.get(row["id"], []), sent)
        for row in found
    ]


def running(db: Database) -> list[Row]:
    """The jobs that workers have now, with how far they are."""
    with db.reading() as connection:
        return rows(
            connection, select(*JOB).where(jobs.c.status == JobStatus.RUNNING).order_by(jobs.c.id)
        )


def queues(db: Database) -> dict[str, Queue]:
    """Every destination that something was ever to be sent to."""
    grouped = select(
        deliveries.c.destination,
        deliveries.c.status,
        func.count().label("count"),
        func.min(deliveries.c.created_at).label("oldest"),
        func.max(deliveries.c.delivered_at).label("delivered"),
    ).group_by(deliveries.c.destination, deliveries.c.status)
    first = (
        select(func.min(deliveries.c.id))
        .where(deliveries.c.status == DeliveryStatus.WAITING, deliveries.c.comment.is_not(None))
        .group_by(deliveries.c.destination)
    )
    told = select(deliveries.c.destination, deliveries.c.comment).where(deliveries.c.id.in_(first))
    with db.reading() as connection:
        found = rows(connection, grouped)
        comments = {row["destination"]: row["comment"] for row in rows(connection, told)}
    by_name: dict[str, dict[str, Row]] = {}
    for row in found:
        by_name.setdefault(row["destination"], {})[row["status"]] = row
    return {name: _queue(rows_, comments.get(name)) for name, rows_ in sorted(by_name.items())}


def rows(connection: Connection, query: Select[Any]) -> list[Row]:
    """What a query finds, as plain mappings."""
    return [dict(row) for row in connection.execute(query).mappings()]


def _count(connection: Connection, condition: Any, table: Any) -> int:
    query = select(func.count()).select_from(table)
    if condition is not None:
        query = query.where(condition)
    return int(connection.execute(query).scalar_one())


def _by(connection: Connection, column: Any) -> dict[str, int]:
    query = select(column, func.count()).group_by(column)
    return {row[0]: row[1] for row in connection.execute(query)}


def _held(connection: Connection, ids: Sequence[int]) -> dict[int, Row]:
    """How many instances each study holds, and what the first of them says."""
    counted = (
        select(
            instances.c.study_id,
            func.count().label("count"),
            func.min(instances.c.id).label("first"),
        )
        .where(instances.c.study_id.in_(ids), instances.c.current, ~instances.c.ours)
        .group_by(instances.c.study_id)
        .subquery()
    )
    query = select(
        counted.c.study_id,
        counted.c.count,
        instances.c.calling_ae,
        instances.c.header["Modality"].as_string().label("modality"),
    ).join(instances, instances.c.id == counted.c.first)
    return {row["study_id"]: row for row in rows(connection, query)}


def _latest(connection: Connection, ids: Sequence[int]) -> dict[int, Row]:
    query = select(revisions).where(revisions.c.study_id.in_(ids)).order_by(revisions.c.number)
    return {row["study_id"]: row for row in rows(connection, query)}


def _newest_jobs(connection: Connection, ids: Sequence[int]) -> dict[int, list[Row]]:
    query = select(*JOB).where(jobs.c.study_id.in_(ids)).order_by(jobs.c.id)
    found: dict[int, list[Row]] = {}
    for job in rows(connection, query):
        of_study = found.setdefault(job["study_id"], [])
        if of_study and of_study[0]["revision"] < job["revision"]:
            of_study.clear()
        of_study.append(job)
    return found


def _sent(connection: Connection, job_ids: Sequence[int]) -> dict[int, list[Row]]:
    found: dict[int, list[Row]] = {}
    for delivery in rows(connection, sent_query().where(jobs.c.id.in_(job_ids))):
        found.setdefault(delivery["job_id"], []).append(delivery)
    return found


def _line(
    study: Row,
    held: Row | None,
    closed: Row | None,
    worked: Sequence[Row],
    sent: Mapping[int, Sequence[Row]],
) -> StudyLine:
    return StudyLine(
        study=study,
        instances=held["count"] if held else 0,
        modality=held["modality"] if held else None,
        calling_ae=held["calling_ae"] if held else None,
        closed=None if study["status"] == StudyStatus.OPEN else closed,
        jobs=worked,
        deliveries=[delivery for job in worked for delivery in sent.get(job["id"], [])],
    )


def _queue(by_status: Mapping[str, Row], comment: str | None) -> Queue:
    waiting = by_status.get(DeliveryStatus.WAITING)
    delivered = by_status.get(DeliveryStatus.DELIVERED)
    return Queue(
        counts={status: row["count"] for status, row in by_status.items()},
        oldest_waiting=waiting["oldest"] if waiting else None,
        last_delivered=delivered["delivered"] if delivered else None,
        comment=comment,
    )


def sent_query() -> Select[Any]:
    """Every delivery with the job and the result it is of, in the order they were made."""
    return (
        select(
            deliveries.c.id,
            results.c.job_id,
            jobs.c.pipeline,
            jobs.c.revision,
            results.c.kind,
            results.c.SOPInstanceUID,
            deliveries.c.destination,
            deliveries.c.status,
            deliveries.c.created_at,
            deliveries.c.not_before,
            deliveries.c.attempts,
            deliveries.c.dimse_status,
            deliveries.c.comment,
            deliveries.c.sent_at,
            deliveries.c.delivered_at,
            deliveries.c.evidence,
        )
        .join(results, results.c.id == deliveries.c.result_id)
        .join(jobs, jobs.c.id == results.c.job_id)
        .order_by(deliveries.c.id)
    )
