"""Removes what nobody needs any more, and never what was not delivered."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import delete, exists, select, update

from storage import audit
from storage.database import Database, now
from storage.records import DeliveryStatus, JobStatus, StudyStatus
from storage.tables import arrivals, deliveries, instances, jobs, results, studies

_coming_again = exists().where(
    instances.c.study_id == studies.c.id, arrivals.c.key == instances.c.key
)
"""An instance of the study was sent again and acknowledged, and is not counted yet."""


def removable(db: Database, before: float, limit: int = 200) -> list[tuple[int, str]]:
    """Studies about which everything was done before then: complete, worked on, delivered.

    A job or a delivery that was given up keeps its study: somebody still has to look at it.
    """
    unfinished = exists().where(
        jobs.c.study_id == studies.c.id,
        jobs.c.status.in_((JobStatus.QUEUED, JobStatus.RUNNING, JobStatus.DEAD))
        | (jobs.c.ended_at > before),
    )
    undelivered = exists().where(
        deliveries.c.result_id == results.c.id,
        results.c.job_id == jobs.c.id,
        jobs.c.study_id == studies.c.id,
        (deliveries.c.status != DeliveryStatus.DELIVERED) | (deliveries.c.delivered_at > before),
    )
    query = (
        select(studies.c.id, studies.c.StudyInstanceUID)
        .where(
            studies.c.status == StudyStatus.COMPLETE,
            exists().where(instances.c.study_id == studies.c.id),
            studies.c.last_at <= before,
            ~unfinished,
            ~undelivered,
            ~_coming_again,
        )
        .order_by(studies.c.last_at)
        .limit(limit)
    )
    with db.reading() as connection:
        return [(row[0], row[1]) for row in connection.execute(query)]


def remove(
    db: Database,
    study_id: int,
    unlink_instance: Callable[[str], None],
    unlink_result: Callable[[str], None],
) -> int:
    """Remove a study's files, then forget its instances; what was found and sent stays known.

    Killed in between, the next run finds the study still removable and finishes. An instance
    that comes meanwhile opens a new revision and is not touched.
    """
    made = select(results.c.key).join(jobs, jobs.c.id == results.c.job_id)
    with db.transaction() as connection:
        marked = connection.execute(
            update(studies)
            .where(
                studies.c.id == study_id,
                studies.c.status == StudyStatus.COMPLETE,
                ~_coming_again,
            )
            .values(removed_at=now())
        ).rowcount
        if not marked:
            return 0
        held = select(instances.c.id, instances.c.key).where(instances.c.study_id == study_id)
        found = connection.execute(held).all()
        own = list(connection.execute(made.where(jobs.c.study_id == study_id)).scalars())
    for _, key in found:
        unlink_instance(key)
    for key in own:
        unlink_result(key)
    with db.transaction() as connection:
        connection.execute(
            delete(instances).where(
                instances.c.study_id == study_id,
                instances.c.id <= max((id_ for id_, _ in found), default=0),
            )
        )
        uid = connection.execute(
            select(studies.c.StudyInstanceUID).where(studies.c.id == study_id)
        ).scalar()
        audit.note(connection, "study-removed", uid, instances=len(found))
    return len(found)
