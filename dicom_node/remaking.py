"""What the results of a job are made from: its study as stored, and what decides their identity.

The same for the worker that makes them and for whoever makes them again: the bytes are the same.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from config.settings import Settings
from dicom_node import __version__
from dicom_node.views import as_study
from pipelines.contract import Rejected, Study
from results.context import Context
from results.identity import Device
from storage import made, studies
from storage.database import Database
from storage.inbox import Inbox
from storage.records import Job


def material(db: Database, inbox: Inbox, job: Job) -> tuple[Study, float]:
    """The study of a job and when its revision was closed, or raise `Rejected`."""
    record = studies.find(db, job.StudyInstanceUID)
    closed = studies.revision(db, job.study_id, job.revision)
    if record is None or closed is None:
        raise Rejected("The study is no longer stored.")
    stored = [item for item in studies.held(db, record.id) if not item.ours]
    chosen = {uid: set(found) for uid, found in job.assignment["series"].items()}
    missing = [i for i in stored if not inbox.path(i.key).exists()]
    if missing or not stored:
        raise Rejected("Stored pixels of the study were removed before the job ran.")
    study = as_study(record, stored, inbox, revision=job.revision, chosen=chosen)
    return study, closed["closed_at"]


def context(
    db: Database, settings: Settings, job: Job, kinds: Iterable[str], closed_at: float
) -> Context:
    """What a job's results are about besides its findings."""
    return Context(
        root=settings.node.uid_root,
        pipeline=job.pipeline,
        version=job.version,
        revision=job.revision,
        # The study's own moment: a job that is run twice makes the same bytes.
        content_datetime=datetime.fromtimestamp(closed_at).astimezone(),
        ae_title=settings.node.ae_title,
        device=Device(version=__version__),
        predecessors={kind: made.predecessors(db, job, kind) for kind in kinds},
        series_numbers=_series_numbers(db, job.study_id),
    )


def _series_numbers(db: Database, study_id: int) -> frozenset[int]:
    """The numbers of the study's series, but for those we made."""
    held = (item for item in studies.held(db, study_id) if not item.ours)
    said = {str(item.header.get("SeriesNumber")) for item in held}
    return frozenset(int(number) for number in said if number.isdecimal())
