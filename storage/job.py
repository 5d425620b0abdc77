"""One job as a row: how it is read, whose it is, and how a step of it ends."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, Select, select, update

from storage import audit
from storage.database import now
from storage.records import Job, JobStatus, Priority
from storage.tables import jobs, studies

_COLUMNS = tuple(column for column in jobs.c if column.name not in ("trace", "findings"))


class LeaseLost(Exception):
    """The job was taken from this worker: it was silent too long, or somebody cancelled it."""


def query() -> Select[Any]:
    """Every job with its study, but for traces and findings, which are long."""
    return select(*_COLUMNS, studies.c.StudyInstanceUID).join(
        studies, studies.c.id == jobs.c.study_id
    )


def as_job(row: RowMapping) -> Job:
    """The job that a row of `query` is."""
    return Job(**{**row, "status": JobStatus(row["status"]), "priority": Priority(row["priority"])})


def mine(job: Job) -> tuple[ColumnElement[bool], ...]:
    """Whether the job is still this worker's, at this try."""
    return (
        jobs.c.id == job.id,
        jobs.c.status == JobStatus.RUNNING,
        jobs.c.worker == job.worker,
        jobs.c.attempts == job.attempts,
    )


def end(connection: Connection, job: Job, status: JobStatus, **values: object) -> None:
    """End a try of a job, or raise `LeaseLost` where it is not the worker\'s any more."""
    written = {"ended_at": now(), "status": status, "worker": None, "lease_until": None} | values
    if not connection.execute(update(jobs).where(*mine(job)).values(written)).rowcount:
        raise LeaseLost


def tell(connection: Connection, job: Job, status: JobStatus, reason: str, announced: bool) -> None:
    """Note how a job ended, and announce it where that is wanted."""
    detail = {"job": job.id, "pipeline": job.pipeline, "reason": reason}
    audit.note(connection, f"job-{status}", job.StudyInstanceUID, **detail)
    if announced:
        audit.announce(connection, f"job-{status}", StudyInstanceUID=job.StudyInstanceUID, **detail)
