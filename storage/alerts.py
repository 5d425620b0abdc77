"""Alerts: a pipeline says that somebody should look at a study now.

What is left to do for the study goes first, and people are told: in the transaction that ends the
job, so that an alert is raised once, however often the job was begun.
"""

from __future__ import annotations

from sqlalchemy import Connection, select, update

from storage import audit
from storage.records import DeliveryStatus, Job, JobStatus, Priority
from storage.tables import deliveries, jobs, results, studies


def go_first(connection: Connection, study_id: int) -> None:
    """Make everything urgent that is still to be done for a study, or sent; what is stat stays so.

    To be called before the job that raises the alert is ended: it is urgent itself.
    """
    # Locked as a whole: two that end with an alert would wait for each other's jobs for ever.
    connection.execute(select(studies.c.id).where(studies.c.id == study_id).with_for_update())
    connection.execute(
        update(jobs)
        .where(
            jobs.c.study_id == study_id,
            jobs.c.status.in_((JobStatus.QUEUED, JobStatus.RUNNING)),
            jobs.c.priority > Priority.URGENT,
        )
        .values(priority=int(Priority.URGENT))
    )
    waiting = (
        select(deliveries.c.id)
        .join(results, results.c.id == deliveries.c.result_id)
        .join(jobs, jobs.c.id == results.c.job_id)
        .where(
            jobs.c.study_id == study_id,
            deliveries.c.status == DeliveryStatus.WAITING,
            deliveries.c.priority > Priority.URGENT,
        )
        .order_by(deliveries.c.id)
        .with_for_update(of=deliveries)
    )
    found = connection.execute(waiting).scalars().all()
    connection.execute(
        update(deliveries).where(deliveries.c.id.in_(found)).values(priority=int(Priority.URGENT))
    )


def tell(connection: Connection, job: Job, alert: str, announced: bool) -> None:
    """Note an alert in the trail, and announce it where that is wanted."""
    detail = {"job": job.id, "pipeline": job.pipeline, "reason": alert}
    audit.note(connection, "alert", job.StudyInstanceUID, **detail)
    if announced:
        audit.announce(connection, "alert", StudyInstanceUID=job.StudyInstanceUID, **detail)
