"""Jobs: one per study, revision, pipeline and version; every step of one is a function here."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import (
    Connection,
    func,
    insert,
    select,
    update,
)

from storage import alerts, audit
from storage.database import Database, now
from storage.job import LeaseLost, as_job, end, mine, query, tell
from storage.killpoints import reached
from storage.outbox import post
from storage.records import Job, JobStatus, NewJob, NewResult, StudyRecord
from storage.tables import jobs
from storage.turns import CLAIM, take_turns


def add(
    connection: Connection, study: StudyRecord, new_jobs: Sequence[NewJob], moment: float
) -> None:
    """Make the jobs of a revision, inside the transaction that closes it.

    Jobs of earlier revisions that wait for the same pipeline are superseded: the new one says
    it all.
    """
    connection.execute(
        update(jobs)
        .where(
            jobs.c.study_id == study.id,
            jobs.c.status == JobStatus.QUEUED,
            jobs.c.pipeline.in_([job.pipeline for job in new_jobs]),
        )
        .values(
            status=JobStatus.CANCELLED,
            ended_at=moment,
            reason=f"Revision {study.revision} of the study came before this job began.",
        )
    )
    if new_jobs:
        connection.execute(
            insert(jobs),
            [
                {
                    "study_id": study.id,
                    "revision": study.revision,
                    "pipeline": job.pipeline,
                    "version": job.version,
                    "framework": job.framework,
                    "status": JobStatus.QUEUED,
                    "priority": int(job.priority),
                    "assignment": dict(job.assignment),
                    "created_at": moment,
                    "not_before": moment,
                }
                for job in new_jobs
            ],
        )


def claim(
    db: Database,
    worker: str,
    framework: str,
    lease_seconds: float,
    limits: Mapping[str, int] | None = None,
) -> Job | None:
    """Take the next job for a worker: the most urgent, then the oldest; None where none is due.

    `limits` says how many jobs of a pipeline may run at once, over all workers.
    """
    moment = now()
    with db.transaction() as connection:
        due = (
            select(jobs.c.id)
            .where(
                jobs.c.status == JobStatus.QUEUED,
                jobs.c.framework == framework,
                jobs.c.not_before <= moment,
            )
            .order_by(jobs.c.priority, jobs.c.not_before, jobs.c.id)
            .limit(1)
            .with_for_update(skip_locked=True)
        )
        full = _full(connection, limits or {})
        if full:
            due = due.where(jobs.c.pipeline.not_in(full))
        found = connection.execute(due).scalar()
        if found is None:
            return None
        connection.execute(
            update(jobs)
            .where(jobs.c.id == found)
            .values(
                status=JobStatus.RUNNING,
                worker=worker,
                lease_until=moment + lease_seconds,
                started_at=moment,
                attempts=jobs.c.attempts + 1,
                progress=0,
                doing="starting",
                reason=None,
            )
        )
        return as_job(connection.execute(query().where(jobs.c.id == found)).mappings().one())


def _full(connection: Connection, limits: Mapping[str, int]) -> list[str]:
    if not limits:
        return []
    take_turns(connection, CLAIM)  # two that count at the same moment both see room
    running = connection.execute(
        select(jobs.c.pipeline, func.count())
        .where(jobs.c.status == JobStatus.RUNNING, jobs.c.pipeline.in_(list(limits)))
        .group_by(jobs.c.pipeline)
    )
    return [pipeline for pipeline, count in running if count >= limits[pipeline]]


def waiting(db: Database, framework: str) -> bool:
    """Whether a job for this framework is due; cheap, and takes no lock."""
    query = (
        select(jobs.c.id)
        .where(
            jobs.c.status == JobStatus.QUEUED,
            jobs.c.framework == framework,
            jobs.c.not_before <= now(),
        )
        .limit(1)
    )
    with db.reading() as connection:
        return connection.execute(query).scalar() is not None


def beat(db: Database, job: Job, lease_seconds: float, progress: float, doing: str) -> bool:
    """Say that the worker lives and how far it is; returns whether the job is to be cancelled."""
    with db.transaction() as connection:
        changed = connection.execute(
            update(jobs)
            .where(*mine(job))
            .values(lease_until=now() + lease_seconds, progress=progress, doing=doing[:200])
        ).rowcount
        if not changed:
            raise LeaseLost
        return bool(
            connection.execute(select(jobs.c.cancel).where(jobs.c.id == job.id)).scalar_one()
        )


def finish(
    db: Database,
    job: Job,
    findings: Mapping[str, Any],
    made: Sequence[NewResult],
    not_made: Sequence[str] = (),
    alert: str = "",
    announced: bool = False,
) -> None:
    """End a job with its results and put them into the outbox: all in one transaction.

    What was wanted and could not be made is its reason: `not_made`, in sentences. `alert` says why
    somebody should look at the study now, if so; `announced`, whether people are told.
    """
    with db.transaction() as connection:
        if alert:
            alerts.go_first(connection, job.study_id)
        end(
            connection,
            job,
            JobStatus.DONE,
            findings=dict(findings),
            progress=1.0,
            doing="done",
            reason=" ".join(not_made) or None,
            alert=alert or None,
        )
        post(connection, job, made)
        audit.note(
            connection,
            "job-done",
            job.StudyInstanceUID,
            job=job.id,
            pipeline=job.pipeline,
            results=[result.SOPInstanceUID for result in made],
            not_made=list(not_made),
        )
        if alert:
            alerts.tell(connection, job, alert, announced)
        reached("worker: job ended, not committed")
    reached("worker: job ended")


def fail(
    db: Database,
    job: Job,
    status: JobStatus,
    reason: str,
    trace: str | None = None,
    announced: bool = False,
) -> None:
    """End a job without results: rejected, dead or cancelled, and why."""
    with db.transaction() as connection:
        end(connection, job, status, reason=reason, trace=trace)
        tell(connection, job, status, reason, announced)


def put_back(db: Database, job: Job, reason: str, not_before: float) -> None:
    """Return a job to the queue for a later try."""
    with db.transaction() as connection:
        end(connection, job, JobStatus.QUEUED, reason=reason, not_before=not_before, ended_at=None)


def cancel(db: Database, job_id: int) -> bool:
    """Cancel a job: at once where it waits, through its worker where it runs."""
    moment = now()
    with db.transaction() as connection:
        queued = connection.execute(
            update(jobs)
            .where(jobs.c.id == job_id, jobs.c.status == JobStatus.QUEUED)
            .values(status=JobStatus.CANCELLED, ended_at=moment, reason="Cancelled on request.")
        ).rowcount
        running = connection.execute(
            update(jobs)
            .where(jobs.c.id == job_id, jobs.c.status == JobStatus.RUNNING)
            .values(cancel=True)
        ).rowcount
        return bool(queued or running)


def retry(db: Database, job_id: int) -> bool:
    """Queue a job that was given up, rejected or cancelled again, its tries counted anew."""
    again = (JobStatus.DEAD, JobStatus.REJECTED, JobStatus.CANCELLED)
    with db.transaction() as connection:
        return bool(
            connection.execute(
                update(jobs)
                .where(jobs.c.id == job_id, jobs.c.status.in_(again))
                .values(
                    status=JobStatus.QUEUED,
                    not_before=now(),
                    attempts=0,
                    crashes=0,
                    cancel=False,
                    ended_at=None,
                    reason=None,
                    trace=None,
                )
            ).rowcount
        )


def find(db: Database, job_id: int) -> Job | None:
    """The job with this number."""
    with db.reading() as connection:
        row = connection.execute(query().where(jobs.c.id == job_id)).mappings().one_or_none()
    return None if row is None else as_job(row)


def listing(
    db: Database,
    *,
    statuses: Collection[JobStatus] = (),
    study_id: int | None = None,
    limit: int = 100,
) -> list[Job]:
    """Jobs, the newest first; by status and study where asked."""
    wanted = query().order_by(jobs.c.id.desc()).limit(limit)
    if statuses:
        wanted = wanted.where(jobs.c.status.in_(statuses))
    if study_id is not None:
        wanted = wanted.where(jobs.c.study_id == study_id)
    with db.reading() as connection:
        return [as_job(row) for row in connection.execute(wanted).mappings()]


def detail(db: Database, job_id: int) -> dict[str, Any]:
    """The trace of a job that met a bug, and the findings of one that is done."""
    with db.reading() as connection:
        row = connection.execute(
            select(jobs.c.trace, jobs.c.findings).where(jobs.c.id == job_id)
        ).mappings()
        return dict(row.one())
