"""One delivery's row: how `outbox` and `commitments` read it, write it, and note what happened."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import Connection, RowMapping, Select, select, update

from storage import audit
from storage.database import Database
from storage.records import Delivery, DeliveryStatus
from storage.tables import deliveries, jobs, results, studies


def query() -> Select[Any]:
    """Every delivery with its result and its study, to be narrowed down."""
    return (
        select(
            deliveries.c.id,
            deliveries.c.destination,
            deliveries.c.status,
            deliveries.c.attempts,
            deliveries.c.asked,
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


def found(db: Database, narrowed: Select[Any]) -> list[Delivery]:
    """The deliveries that a narrowed query finds."""
    with db.reading() as connection:
        return [as_record(row) for row in connection.execute(narrowed).mappings()]


def as_record(row: RowMapping) -> Delivery:
    """A row of the query as a record."""
    return Delivery(**{**row, "status": DeliveryStatus(row["status"])})


def write(
    connection: Connection,
    ids: Collection[int],
    values: Mapping[str, Any],
    *expected: DeliveryStatus,
) -> int:
    """Change deliveries that are still in one of these states; returns how many were."""
    return connection.execute(
        update(deliveries)
        .where(deliveries.c.id.in_(ids), deliveries.c.status.in_(expected))
        .values(**values)
    ).rowcount


def note(connection: Connection, event: str, delivery: Delivery, **detail: object) -> None:
    """Write a line about a delivery into its study's audit trail."""
    audit.note(
        connection,
        event,
        delivery.StudyInstanceUID,
        SOPInstanceUID=delivery.SOPInstanceUID,
        destination=delivery.destination,
        **detail,
    )
