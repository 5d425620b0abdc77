"""Makes what the tests need in a database by the functions of storage themselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from hashlib import sha256
from itertools import count
from typing import Any

from sqlalchemy import select

from storage import arrivals, commitments, completion, indexing, jobs, listings, outbox, studies
from storage.database import Database, now
from storage.records import (
    Arrival,
    Association,
    CommitmentReport,
    CommittedInstance,
    Delivery,
    DeliveryStatus,
    FailedInstance,
    Indexed,
    Job,
    NewJob,
    NewResult,
    Outcome,
    Priority,
    StudyRecord,
)
from storage.tables import deliveries

CT = "1.2.840.10008.5.1.4.1.1.2"
SR = "1.2.840.10008.5.1.4.1.1.88.33"
EXPLICIT = "1.2.840.10008.1.2.1"
STUDY = "1.2.826.0.1.3680043.8.498.1"

_numbers = count(1)


def association(id_: str = "assoc-1", receiver: str = "receiver-1", **fields: Any) -> Association:
    """An association that a CT scanner opened."""
    made = Association(
        id=id_,
        receiver=receiver,
        calling_ae="CT1",
        called_ae="DICOM_NODE",
        address="127.0.0.1",
        opened_at=now(),
    )
    return replace(made, **fields)


def arrival(uid: str, **fields: Any) -> Arrival:
    """An instance that just came in and was stored."""
    name = sha256(uid.encode()).hexdigest()
    made = Arrival(
        key=f"{name[:2]}/{name[2:]}.dcm",
        SOPClassUID=CT,
        SOPInstanceUID=uid,
        TransferSyntaxUID=EXPLICIT,
        size=1000,
        association="assoc-1",
        calling_ae="CT1",
        address="127.0.0.1",
        received_at=now(),
        outcome=Outcome.STORED,
    )
    return replace(made, **fields)


def uids(number: int, study: str = STUDY) -> list[str]:
    """So many SOP Instance UIDs of a study."""
    return [f"{study}.1.{n}" for n in range(1, number + 1)]


def count_in(
    db: Database,
    items: Sequence[Arrival],
    study: str = STUDY,
    header: dict[str, Any] | None = None,
    ours: bool = False,
) -> None:
    """Queue arrivals and count them to their study, as receiver and assembly do."""
    arrivals.record(db, items)
    wanted = {item.key for item in items}
    queued = [(id_, item) for id_, item in arrivals.pending(db, 10000) if item.key in wanted]
    found = {"Modality": "CT", **(header or {})}
    indexing.index(
        db,
        [
            (
                id_,
                Indexed(
                    arrival=item,
                    StudyInstanceUID=study,
                    SeriesInstanceUID=f"{study}.1",
                    header=found,
                    ours=ours,
                ),
            )
            for id_, item in queued
        ],
    )


def bring(db: Database, number: int = 3, study: str = STUDY, **fields: Any) -> StudyRecord:
    """A study of so many instances, still open."""
    count_in(db, [arrival(uid, **fields) for uid in uids(number, study)], study)
    return known(db, study)


def known(db: Database, study: str = STUDY) -> StudyRecord:
    """The study, which must be there."""
    found = studies.find(db, study)
    assert found is not None
    return found


def new_job(pipeline: str = "intake-check", **fields: Any) -> NewJob:
    """A job to be made, for any worker without a framework."""
    made = NewJob(
        pipeline=pipeline,
        version="1.0.0",
        framework="none",
        priority=Priority.ROUTINE,
        assignment={
            "pipeline": pipeline,
            "series": {f"{STUDY}.1": []},
            "send_to": {"pacs": None},
            "besides": {},
            "priority": "routine",
            "shadow": False,
            "routes": ["everything is checked"],
        },
    )
    return replace(made, **fields)


def close(
    db: Database,
    study: StudyRecord | str = STUDY,
    new_jobs: Sequence[NewJob] | None = None,
    decision: dict[str, object] | None = None,
    because: str = "Every association is closed and nothing came for 10.0 seconds.",
) -> bool:
    """Complete a study with one job, or those that are named."""
    record = known(db, study) if isinstance(study, str) else study
    wanted = [new_job()] if new_jobs is None else new_jobs
    return completion.close(
        db,
        record,
        held=studies.counts(db, [record.id]).get(record.id, 0),
        evidence={"kind": "quiet", "because": because},
        decision=decision
        if decision is not None
        else {"assignments": [dict(job.assignment) for job in wanted], "unprocessed": []},
        new_jobs=wanted,
    )


def claim(db: Database, worker: str = "worker-1", lease: float = 20.0) -> Job:
    """The next job, which must be there."""
    job = jobs.claim(db, worker, "none", lease)
    assert job is not None
    return job


def result(destinations: Sequence[str] = ("pacs",), **fields: Any) -> NewResult:
    """A structured report for the PACS."""
    uid = f"2.25.{next(_numbers)}"
    made = NewResult(
        kind="sr",
        SOPClassUID=SR,
        SOPInstanceUID=uid,
        SeriesInstanceUID="2.25.99",
        TransferSyntaxUID=EXPLICIT,
        key=f"aa/{uid}.dcm",
        size=2000,
        destinations=tuple(destinations),
    )
    return replace(made, **fields)


def done(db: Database, destinations: Sequence[str] = ("pacs",), study: str = STUDY) -> Job:
    """A study that came, was closed and worked on; its result waits in the outbox."""
    bring(db, study=study)
    close(db, study)
    job = claim(db)
    jobs.finish(db, job, {"summary": "Nothing stands out."}, [result(destinations)])
    return job


def due(db: Database, destination: str = "pacs") -> Delivery:
    """The one result that a destination is to be sent."""
    (delivery,) = outbox.due(db, destination)
    return delivery


def sent(db: Database) -> Delivery:
    """A result that the PACS took and has not vouched for."""
    done(db)
    outbox.accepted(db, due(db), 0x0000, None, vouch=True)
    (delivery,) = commitments.unvouched(db, "pacs")
    return delivery


def row_of(db: Database, delivery: Delivery) -> dict[str, object]:
    """A delivery as it stands in its table."""
    with db.reading() as connection:
        row = connection.execute(select(deliveries).where(deliveries.c.id == delivery.id))
        return dict(row.mappings().one())


def report(
    transaction_uid: str, committed: Sequence[str], failed: Mapping[str, int] | None = None
) -> CommitmentReport:
    """The answer to a request for commitment, about structured reports."""
    return CommitmentReport(
        transaction_uid=transaction_uid,
        committed=tuple(CommittedInstance(SOPClassUID=SR, SOPInstanceUID=uid) for uid in committed),
        failed=tuple(
            FailedInstance(SOPClassUID=SR, SOPInstanceUID=uid, reason=reason)
            for uid, reason in (failed or {}).items()
        ),
    )


def on_the_way(db: Database) -> set[str]:
    """The destinations that something is still on its way to."""
    statuses = (DeliveryStatus.WAITING, DeliveryStatus.SENT)
    return {row["destination"] for row in listings.sent(db, statuses=statuses)}
