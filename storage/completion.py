"""How a revision of a study is found to be complete, and closed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, and_, exists, func, insert, or_, select, update

from storage import audit, jobs
from storage.database import Database, now
from storage.killpoints import reached
from storage.records import NewJob, StudyRecord, StudyStatus
from storage.studies import STUDY, as_record
from storage.tables import (
    arrivals,
    associations,
    instances,
    revisions,
    studies,
    study_associations,
)

_held = (
    select(func.count())
    .select_from(instances)
    .where(instances.c.study_id == studies.c.id, instances.c.current, ~instances.c.ours)
    .scalar_subquery()
)
"""How many instances a study holds, the node's own results not counted."""


def ripe(db: Database, before: float, opened_before: float) -> list[StudyRecord]:
    """Open studies that may be complete.

    Every association that touched them is closed and counted, and either nothing came and none
    of them ended since `before`, or they hold as many instances as the objects announce; or they
    were opened before `opened_before`, whatever else is true.
    """
    touching = study_associations.c.study_id == studies.c.id
    connected = exists().where(
        touching,
        associations.c.id == study_associations.c.association,
        associations.c.closed_at.is_(None),
    )
    uncounted = exists().where(touching, arrivals.c.association == study_associations.c.association)
    # One that broke off is likely to come back: its end starts the silence anew.
    ended = exists().where(
        touching,
        associations.c.id == study_associations.c.association,
        associations.c.closed_at > before,
    )
    quiet = and_(studies.c.last_at <= before, ~ended)
    announced = and_(
        studies.c.asked_at.is_(None), studies.c.expected.is_not(None), _held >= studies.c.expected
    )
    settled = and_(~connected, ~uncounted, or_(quiet, announced))
    query = (
        select(*STUDY)
        .where(studies.c.status == StudyStatus.OPEN)
        .where(or_(settled, studies.c.opened_at <= opened_before))
        .order_by(studies.c.last_at)
    )
    with db.reading() as connection:
        return [as_record(row) for row in connection.execute(query).mappings()]


def expect(db: Database, study_id: int, expected: int | None, source: str) -> None:
    """Remember how many instances a peer says the study has; None where it could not say."""
    with db.transaction() as connection:
        connection.execute(
            update(studies)
            .where(studies.c.id == study_id)
            .values(expected=expected, expected_from=source, asked_at=now())
        )


def close(
    db: Database,
    study: StudyRecord,
    *,
    held: int,
    evidence: Mapping[str, object],
    decision: Mapping[str, object],
    new_jobs: Sequence[NewJob],
    announced: bool = False,
) -> bool:
    """Complete a revision: the evidence, the decision and its jobs in one transaction.

    Returns False, and changes nothing, where the study has moved on since it was looked at.
    """
    moment = now()
    with db.transaction() as connection:
        if not _complete(connection, study, held):
            return False
        connection.execute(
            insert(revisions).values(
                study_id=study.id,
                number=study.revision,
                opened_at=study.opened_at,
                closed_at=moment,
                instances=held,
                evidence=dict(evidence),
                decision=dict(decision),
            )
        )
        jobs.add(connection, study, new_jobs, moment)
        audit.note(
            connection,
            "study-complete",
            study.StudyInstanceUID,
            revision=study.revision,
            instances=held,
            jobs=[job.pipeline for job in new_jobs],
        )
        if announced:
            audit.announce(
                connection,
                "study-unrouted",
                StudyInstanceUID=study.StudyInstanceUID,
                unprocessed=decision.get("unprocessed"),
            )
        reached("assembly: jobs made, not committed")
    reached("assembly: study closed")
    return True


def _complete(connection: Connection, study: StudyRecord, held: int) -> bool:
    """Mark the study complete if it is still the one that was looked at, with as many instances."""
    # It is locked before it is counted: PostgreSQL lets an arrival in between.
    connection.execute(select(studies.c.id).where(studies.c.id == study.id).with_for_update())
    count = connection.execute(
        select(func.count())
        .select_from(instances)
        .where(instances.c.study_id == study.id, instances.c.current, ~instances.c.ours)
    ).scalar_one()
    if count != held:
        return False
    unmoved = (
        studies.c.id == study.id,
        studies.c.status == StudyStatus.OPEN,
        studies.c.revision == study.revision,
        studies.c.last_at == study.last_at,
    )
    closing = update(studies).where(*unmoved).values(status=StudyStatus.COMPLETE)
    return bool(connection.execute(closing).rowcount)


def any_open(db: Database) -> bool:
    """Whether any study still comes in."""
    query = select(studies.c.id).where(studies.c.status == StudyStatus.OPEN).limit(1)
    with db.reading() as connection:
        return connection.execute(query).scalar() is not None
