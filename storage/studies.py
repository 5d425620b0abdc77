"""Studies and their revisions: found, listed, opened again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import (
    Connection,
    RowMapping,
    func,
    select,
    update,
)

from storage import audit
from storage.database import Database, now
from storage.records import (
    StoredInstance,
    StudyRecord,
    StudyStatus,
)
from storage.tables import (
    instances,
    revisions,
    studies,
)

STUDY = (
    studies.c.id,
    studies.c.StudyInstanceUID,
    studies.c.status,
    studies.c.revision,
    studies.c.opened_at,
    studies.c.last_at,
    studies.c.expected,
    studies.c.expected_from,
    studies.c.asked_at,
)


def touch(connection: Connection, study: Any, received_at: float) -> int:
    """Something came to a study: open its next revision if it is complete; return its revision."""
    values: dict[str, Any] = {"last_at": max(received_at, study.last_at)}
    revision: int = study.revision
    if study.status == StudyStatus.COMPLETE:
        revision += 1
        values |= {
            "status": StudyStatus.OPEN,
            "revision": revision,
            "opened_at": received_at,
            "expected": None,
            "expected_from": None,
            "asked_at": None,
            "removed_at": None,
        }
    connection.execute(update(studies).where(studies.c.id == study.id).values(values))
    return revision


def reopen(db: Database, StudyInstanceUID: str) -> int:
    """Open the next revision of a complete study with the instances it has; return its number."""
    with db.transaction() as connection:
        row = connection.execute(
            select(*STUDY).where(studies.c.StudyInstanceUID == StudyInstanceUID)
        ).one()
        revision = touch(connection, row, now())
        audit.note(connection, "replay", StudyInstanceUID, revision=revision)
    return revision


def find(db: Database, StudyInstanceUID: str) -> StudyRecord | None:
    """The study with this UID, if the node knows it."""
    query = select(*STUDY).where(studies.c.StudyInstanceUID == StudyInstanceUID)
    with db.reading() as connection:
        row = connection.execute(query).mappings().one_or_none()
    return None if row is None else as_record(row)


def listing(db: Database, limit: int = 100) -> list[StudyRecord]:
    """The studies that changed last, newest first."""
    query = select(*STUDY).order_by(studies.c.last_at.desc()).limit(limit)
    with db.reading() as connection:
        return [as_record(row) for row in connection.execute(query).mappings()]


def counts(db: Database, study_ids: Sequence[int]) -> dict[int, int]:
    """How many instances each study holds, the node's own results not counted."""
    query = (
        select(instances.c.study_id, func.count())
        .where(instances.c.study_id.in_(study_ids), instances.c.current, ~instances.c.ours)
        .group_by(instances.c.study_id)
    )
    with db.reading() as connection:
        return {row[0]: row[1] for row in connection.execute(query)}


def held(db: Database, study_id: int) -> list[StoredInstance]:
    """The current instances of a study in the order they came, the node's own included."""
    query = (
        select(instances)
        .where(instances.c.study_id == study_id, instances.c.current)
        .order_by(instances.c.id)
    )
    skipped = {"id", "study_id", "current"}
    with db.reading() as connection:
        rows = connection.execute(query).mappings().all()
    return [StoredInstance(**{k: v for k, v in row.items() if k not in skipped}) for row in rows]


def history(db: Database, study_id: int) -> list[Mapping[str, Any]]:
    """The closed revisions of a study, oldest first, with evidence and decision."""
    query = select(revisions).where(revisions.c.study_id == study_id).order_by(revisions.c.number)
    with db.reading() as connection:
        return [dict(row) for row in connection.execute(query).mappings()]


def revision(db: Database, study_id: int, number: int) -> Mapping[str, Any] | None:
    """One closed revision of a study, with evidence and decision."""
    query = select(revisions).where(revisions.c.study_id == study_id, revisions.c.number == number)
    with db.reading() as connection:
        row = connection.execute(query).mappings().one_or_none()
        return None if row is None else dict(row)


def as_record(row: RowMapping) -> StudyRecord:
    """A row of the columns `STUDY` as a record."""
    return StudyRecord(**{**row, "status": StudyStatus(row["status"])})
