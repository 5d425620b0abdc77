"""One study's story: all the node remembers of it, read in one consistent view."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, func, select

from storage.database import Database
from storage.overview import JOB, Row, rows, sent_query
from storage.tables import (
    associations,
    audit,
    instances,
    jobs,
    revisions,
    studies,
    study_associations,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Story:
    """All the node remembers of one study, each list oldest first."""

    study: Row
    associations: Sequence[Row]
    brought: Sequence[Row]
    """How many instances came by revision and sender, and when the first and the last."""
    revisions: Sequence[Row]
    jobs: Sequence[Row]
    deliveries: Sequence[Row]
    audit: Sequence[Row]


def story(db: Database, study_id: int, trail: int = 500) -> Story | None:
    """Everything about the study with this number; of its audit trail the newest lines."""
    with db.reading() as connection:
        found = rows(connection, select(studies).where(studies.c.id == study_id))
        if not found:
            return None
        uid = found[0]["StudyInstanceUID"]
        noted = select(audit).where(audit.c.StudyInstanceUID == uid)
        return Story(
            study=found[0],
            associations=rows(connection, _touching(study_id)),
            brought=rows(connection, _brought(study_id)),
            revisions=rows(
                connection,
                select(revisions)
                .where(revisions.c.study_id == study_id)
                .order_by(revisions.c.number),
            ),
            jobs=rows(
                connection,
                select(*JOB, jobs.c.findings["summary"].as_string().label("summary"))
                .where(jobs.c.study_id == study_id)
                .order_by(jobs.c.id),
            ),
            deliveries=rows(connection, sent_query().where(jobs.c.study_id == study_id)),
            audit=rows(connection, noted.order_by(audit.c.id.desc()).limit(trail))[::-1],
        )


def _touching(study_id: int) -> Select[Any]:
    return (
        select(associations)
        .join(study_associations, study_associations.c.association == associations.c.id)
        .where(study_associations.c.study_id == study_id)
        .order_by(associations.c.opened_at)
    )


def _brought(study_id: int) -> Select[Any]:
    return (
        select(
            instances.c.revision,
            instances.c.calling_ae,
            instances.c.ours,
            func.count().label("count"),
            func.min(instances.c.received_at).label("first_at"),
            func.max(instances.c.received_at).label("last_at"),
        )
        .where(instances.c.study_id == study_id, instances.c.current)
        .group_by(instances.c.revision, instances.c.calling_ae, instances.c.ours)
        .order_by(func.min(instances.c.id))
    )
