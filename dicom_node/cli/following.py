"""How far a study is on its way through the node, in a few words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dicom_node.cli.out import many

if TYPE_CHECKING:
    from storage.database import Database
    from storage.records import Job, StudyRecord


@dataclass(frozen=True, kw_only=True)
class Progress:
    """The current revision of a study: what came, what runs, what was sent."""

    study: StudyRecord
    held: int
    jobs: Sequence[Job]
    """Those of the current revision."""
    deliveries: Sequence[Mapping[str, Any]]
    """Those of the current revision."""
    unprocessed: str | None
    """Why no pipeline works on it, where none does."""

    @property
    def uid(self) -> str:
        """The StudyInstanceUID."""
        return self.study.StudyInstanceUID

    @property
    def is_complete(self) -> bool:
        """Whether the revision is closed."""
        return str(self.study.status) == "complete"

    @property
    def running(self) -> int:
        """How many jobs wait or run."""
        return sum(not job.status.ended for job in self.jobs)

    @property
    def undelivered(self) -> int:
        """How many results are on their way."""
        return sum(row["status"] in ("waiting", "sent") for row in self.deliveries)

    @property
    def finished(self) -> bool:
        """Whether nothing more happens by itself."""
        return self.is_complete and not self.running and not self.undelivered

    @property
    def failed(self) -> bool:
        """Whether a person must look: a job or a delivery was given up."""
        gone = [str(job.status) for job in self.jobs] + [row["status"] for row in self.deliveries]
        return "dead" in gone

    @property
    def stage(self) -> str:
        """What happens now: receiving, working, delivering, failed or done."""
        if not self.is_complete:
            return "receiving"
        if self.running:
            return "working"
        if self.undelivered:
            return "delivering"
        return "failed" if self.failed else "done"

    @property
    def sentence(self) -> str:
        """What happens now, with numbers."""
        parts = [many(self.held, "instance")]
        parts += [_job(job) for job in self.jobs]
        delivered = sum(row["status"] == "delivered" for row in self.deliveries)
        if self.deliveries:
            parts.append(f"{delivered} of {len(self.deliveries)} delivered")
        if self.is_complete and not self.jobs:
            parts.append(f"not processed: {self.unprocessed or 'no route takes it'}")
        return ", ".join(parts)


def _job(job: Job) -> str:
    if str(job.status) == "running":
        return f"{job.pipeline} {job.progress:.0%}"
    return f"{job.pipeline} {job.status}"


def look(db: Database, StudyInstanceUID: str) -> Progress | None:
    """How far a study is; None where the node does not know it yet."""
    from storage import jobs, listings, studies

    study = studies.find(db, StudyInstanceUID)
    if study is None:
        return None
    closed = studies.revision(db, study.id, study.revision)
    of_now = [
        job
        for job in jobs.listing(db, study_id=study.id, limit=1000)
        if job.revision == study.revision
    ]
    sent = [
        row for row in listings.sent_of_study(db, study.id) if row["revision"] == study.revision
    ]
    return Progress(
        study=study,
        held=studies.counts(db, [study.id]).get(study.id, 0),
        jobs=sorted(of_now, key=lambda job: job.id),
        deliveries=sent,
        unprocessed=_why_not((closed or {}).get("decision", {})),
    )


def _why_not(decision: Mapping[str, Any]) -> str | None:
    """The first reason why something is not done, as the router wrote it down."""
    reasons = [item["because"] for item in decision.get("unprocessed", ())]
    return str(reasons[0]) if reasons else None
