"""The objects this node made: which they are, and which one a new one follows."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select

from storage.database import Database
from storage.records import Job, Result
from storage.tables import jobs, results


def is_ours(db: Database, SOPInstanceUIDs: Sequence[str]) -> set[str]:
    """Those of the UIDs that belong to results this node made."""
    query = select(results.c.SOPInstanceUID).where(results.c.SOPInstanceUID.in_(SOPInstanceUIDs))
    with db.reading() as connection:
        return set(connection.execute(query).scalars())


def predecessors(db: Database, job: Job, kind: str) -> list[Result]:
    """The results of this kind of the same pipeline's latest earlier revision of the study."""
    latest = (
        select(func.max(jobs.c.revision))
        .join(results, results.c.job_id == jobs.c.id)
        .where(
            jobs.c.study_id == job.study_id,
            jobs.c.pipeline == job.pipeline,
            jobs.c.revision < job.revision,
            results.c.kind == kind,
        )
        .scalar_subquery()
    )
    query = (
        select(results)
        .join(jobs, results.c.job_id == jobs.c.id)
        .where(
            jobs.c.study_id == job.study_id,
            jobs.c.pipeline == job.pipeline,
            jobs.c.revision == latest,
            results.c.kind == kind,
        )
        .order_by(results.c.id)
    )
    skipped = {"size", "created_at"}
    with db.reading() as connection:
        rows = connection.execute(query).mappings().all()
    return [Result(**{k: v for k, v in row.items() if k not in skipped}) for row in rows]
