"""Jobs: one per study, revision, pipeline and version; every step of one is a function here."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    RowMapping,
    Select,
    func,
    insert,
    or_,
    select,
    update,
)

from storage import audit
from storage.database import Database, now
from storage.killpoints import reached
from storage.outbox import post
from storage.records import Job, JobStatus, NewJob, NewResult, Priority, StudyRecord
from storage.tables import jobs, studies
from storage.turns import CLAIM, take_turns

_COLUMNS = tuple(column for column in jobs.c if column.name not in ("trace", "findings"))


class LeaseLost(Exception):
    """The job was taken from this worker: it was silent too long, or somebody cancelled it."""


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
        return _job(connection.execute(_query().where(jobs.c.id == found)).mappings().one())


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
            .where(*_mine(job))
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
) -> None:
    """End a job with its results and put them into the outbox: all in one transaction.

    What was wanted and could not be made is its reason: `not_made`, in sentences.
    """
    with db.transaction() as connection:
        _end(
            connection,
            job,
            JobStatus.DONE,
            findings=dict(findings),
            progress=1.0,
            doing="done",
            reason=" ".join(not_made) or None,
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
        _end(connection, job, status, reason=reason, trace=trace)
        _tell(connection, job, status, reason, announced)


def put_back(db: Database, job: Job, reason: str, not_before: float) -> None:
    """Return a job to the queue for a later try."""
    with db.transaction() as connection:
        _end(connection, job, JobStatus.QUEUED, reason=reason, not_before=not_before, ended_at=None)


def _mine(job: Job) -> tuple[ColumnElement[bool], ...]:
    return (
        jobs.c.id == job.id,
        jobs.c.status == JobStatus.RUNNING,
        jobs.c.worker == job.worker,
        jobs.c.attempts == job.attempts,
    )


def _end(connection: Connection, job: Job, status: JobStatus, **values: object) -> None:
    written = {"ended_at": now(), "status": status, "worker": None, "lease_until": None} | values
    if not connection.execute(update(jobs).where(*_mine(job)).values(written)).rowcount:
        raise LeaseLost


def _tell(
    connection: Connection, job: Job, status: JobStatus, reason: str, announced: bool
) -> None:
    detail = {"job": job.id, "pipeline": job.pipeline, "reason": reason}
    audit.note(connection, f"job-{status}", job.StudyInstanceUID, **detail)
    if announced:
        audit.announce(connection, f"job-{status}", StudyInstanceUID=job.StudyInstanceUID, **detail)


def reclaim(
    db: Database, max_crashes: int, announced: bool, workers: Collection[str] = ()
) -> list[Job]:
    """Take back the jobs of workers that died: those named, and those whose lease ran out."""
    query = (
        _query()
        .where(jobs.c.status == JobStatus.RUNNING)
        .where(or_(jobs.c.lease_until < now(), jobs.c.worker.in_(workers)))
    )
    with db.reading() as connection:
        if connection.execute(query).first() is None:
            return []
    with db.transaction() as connection:
        # Locked: a worker that ends its job at this moment is either before us or too late.
        rows = connection.execute(query.with_for_update(of=jobs)).mappings().all()
        lost = [_job(row) for row in rows]
        for job in lost:
            _crash(connection, job, "The worker died or fell silent.", max_crashes, announced)
    return lost


def crashed(db: Database, job: Job, reason: str, max_crashes: int, announced: bool) -> None:
    """A worker is about to end itself because of a job; what happens to the job, and why.

    Nothing happens where another worker has the job by now.
    """
    query = _query().where(*_mine(job)).with_for_update(of=jobs)
    with db.transaction() as connection:
        row = connection.execute(query).mappings().one_or_none()
        if row is not None:
            _crash(connection, _job(row), reason, max_crashes, announced)


def _crash(
    connection: Connection, job: Job, reason: str, max_crashes: int, announced: bool
) -> None:
    """Count a crash: a job that took `max_crashes` workers down is dead, else it is queued."""
    if job.cancel:
        _end(connection, job, JobStatus.CANCELLED, reason="Cancelled on request.")
        return
    crashes = job.crashes + 1
    told = f"{reason} It was try {crashes} of {max_crashes} that ended so."
    if crashes >= max_crashes:
        _end(connection, job, JobStatus.DEAD, reason=told, crashes=crashes)
        _tell(connection, job, JobStatus.DEAD, told, announced)
        return
    queued = {"crashes": crashes, "not_before": now(), "ended_at": None}
    _end(connection, job, JobStatus.QUEUED, reason=told, **queued)


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
        row = connection.execute(_query().where(jobs.c.id == job_id)).mappings().one_or_none()
    return None if row is None else _job(row)


def listing(
    db: Database,
    *,
    statuses: Collection[JobStatus] = (),
    study_id: int | None = None,
    limit: int = 100,
) -> list[Job]:
    """Jobs, the newest first; by status and study where asked."""
    query = _query().order_by(jobs.c.id.desc()).limit(limit)
    if statuses:
        query = query.where(jobs.c.status.in_(statuses))
    if study_id is not None:
        query = query.where(jobs.c.study_id == study_id)
    with db.reading() as connection:
        return [_job(row) for row in connection.execute(query).mappings()]


def detail(db: Database, job_id: int) -> dict[str, Any]:
    """The trace of a job that met a bug, and the findings of one that is done."""
    with db.reading() as connection:
        row = connection.execute(
            select(jobs.c.trace, jobs.c.findings).where(jobs.c.id == job_id)
        ).mappings()
        return dict(row.one())


def _query() -> Select[Any]:
    return select(*_COLUMNS, studies.c.StudyInstanceUID).join(
        studies, studies.c.id == jobs.c.study_id
    )


def _job(row: RowMapping) -> Job:
    return Job(**{**row, "status": JobStatus(row["status"]), "priority": Priority(row["priority"])})
