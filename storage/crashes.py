"""Jobs whose workers died: taken back, tried again, and given up when that happens too often."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection, or_

from storage.database import Database, now
from storage.job import as_job, end, mine, query, tell
from storage.records import Job, JobStatus
from storage.tables import jobs


def reclaim(
    db: Database, max_crashes: int, announced: bool, workers: Collection[str] = ()
) -> list[Job]:
    """Take back the jobs of workers that died: those named, and those whose lease ran out."""
    running = (
        query()
        .where(jobs.c.status == JobStatus.RUNNING)
        .where(or_(jobs.c.lease_until < now(), jobs.c.worker.in_(workers)))
    )
    with db.reading() as connection:
        if connection.execute(running).first() is None:
            return []
    with db.transaction() as connection:
        # Locked: a worker that ends its job at this moment is either before us or too late.
        rows = connection.execute(running.with_for_update(of=jobs)).mappings().all()
        lost = [as_job(row) for row in rows]
        for job in lost:
            _crash(connection, job, "The worker died or fell silent.", max_crashes, announced)
    return lost


def crashed(db: Database, job: Job, reason: str, max_crashes: int, announced: bool) -> None:
    """A worker is about to end itself because of a job; what happens to the job, and why.

    Nothing happens where another worker has the job by now.
    """
    still = query().where(*mine(job)).with_for_update(of=jobs)
    with db.transaction() as connection:
        row = connection.execute(still).mappings().one_or_none()
        if row is not None:
            _crash(connection, as_job(row), reason, max_crashes, announced)


def _crash(
    connection: Connection, job: Job, reason: str, max_crashes: int, announced: bool
) -> None:
    """Count a crash: a job that took `max_crashes` workers down is dead, else it is queued."""
    if job.cancel:
        end(connection, job, JobStatus.CANCELLED, reason="Cancelled on request.")
        return
    crashes = job.crashes + 1
    told = f"{reason} It was try {crashes} of {max_crashes} that ended so."
    if crashes >= max_crashes:
        end(connection, job, JobStatus.DEAD, reason=told, crashes=crashes)
        tell(connection, job, JobStatus.DEAD, told, announced)
        return
    queued = {"crashes": crashes, "not_before": now(), "ended_at": None}
    end(connection, job, JobStatus.QUEUED, reason=told, **queued)
