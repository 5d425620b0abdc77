"""What the node remembers, as frozen records: the words that the functions of storage speak."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Any


class Outcome(StrEnum):
    """What became of an instance that arrived."""

    STORED = "stored"
    DUPLICATE = "duplicate"
    """The same bytes were here already: acknowledged, counted once."""
    REVISED = "revised"
    """Other bytes under a known UID: kept beside the first, and now the ones that count."""
    KEPT_FIRST = "kept-first"
    """Other bytes under a known UID: acknowledged and dropped, as configured."""
    REFUSED = "refused"
    """Other bytes under a known UID: refused, as configured."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Association:
    """A peer's association with us, as the receiver saw it."""

    id: str
    receiver: str
    """Which receiver process serves it."""
    calling_ae: str
    called_ae: str
    address: str
    opened_at: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Arrival:
    """An instance that the inbox holds, or held already, and what became of it."""

    key: str
    """The name of its file in the inbox."""
    SOPClassUID: str
    SOPInstanceUID: str
    TransferSyntaxUID: str
    size: int
    association: str
    calling_ae: str
    address: str
    received_at: float
    outcome: Outcome


class StudyStatus(StrEnum):
    """Whether a study is still coming in."""

    OPEN = "open"
    COMPLETE = "complete"


@dataclass(frozen=True, kw_only=True, slots=True)
class Indexed:
    """An arrival with what its header says, ready to be counted to its study."""

    arrival: Arrival
    StudyInstanceUID: str
    SeriesInstanceUID: str
    header: Mapping[str, Any]
    ours: bool
    """A node made it: it is kept, and never processed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredInstance:
    """One instance as the index knows it."""

    SeriesInstanceUID: str
    SOPClassUID: str
    SOPInstanceUID: str
    TransferSyntaxUID: str
    key: str
    size: int
    revision: int
    header: Mapping[str, Any]
    calling_ae: str
    received_at: float
    ours: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class StudyRecord:
    """A study and the revision of it that is assembled or was completed last."""

    id: int
    StudyInstanceUID: str
    status: StudyStatus
    revision: int
    opened_at: float
    last_at: float
    expected: int | None
    expected_from: str | None
    asked_at: float | None


class Priority(IntEnum):
    """Which job or delivery goes first."""

    STAT = 0
    URGENT = 1
    ROUTINE = 2


class JobStatus(StrEnum):
    """Where a job is on its way."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    REJECTED = "rejected"
    """It can never be done; the reason is a radiographer's sentence."""
    DEAD = "dead"
    """Given up after too many tries or crashes, or because of a bug; somebody must look."""
    CANCELLED = "cancelled"

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen by itself."""
        return self not in (JobStatus.QUEUED, JobStatus.RUNNING)


@dataclass(frozen=True, kw_only=True, slots=True)
class NewJob:
    """A job to be made when a revision of a study is closed."""

    pipeline: str
    version: str
    framework: str
    priority: Priority
    assignment: Mapping[str, Any]
    """Which series it works on and where its results go, as the router decided."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Job:
    """One pipeline's work on one revision of a study."""

    id: int
    study_id: int
    StudyInstanceUID: str
    revision: int
    pipeline: str
    version: str
    framework: str
    status: JobStatus
    priority: Priority
    assignment: Mapping[str, Any]
    created_at: float
    not_before: float
    attempts: int
    crashes: int
    worker: str | None
    lease_until: float | None
    started_at: float | None
    ended_at: float | None
    progress: float
    doing: str
    cancel: bool
    reason: str | None
    alert: str | None
    """Why somebody should look at the study now, where the job said so and was not in shadow."""


@dataclass(frozen=True, kw_only=True, slots=True)
class NewResult:
    """An object that a job made, its file already safe, and who is to get it."""

    kind: str
    SOPClassUID: str
    SOPInstanceUID: str
    SeriesInstanceUID: str
    TransferSyntaxUID: str
    key: str
    size: int
    destinations: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Result:
    """An object this node made."""

    id: int
    job_id: int
    kind: str
    SOPClassUID: str
    SOPInstanceUID: str
    SeriesInstanceUID: str
    TransferSyntaxUID: str
    key: str


class DeliveryStatus(StrEnum):
    """Where one result is on its way to one destination."""

    WAITING = "waiting"
    SENT = "sent"
    """The peer answered success; it has not yet vouched for it."""
    DELIVERED = "delivered"
    DEAD = "dead"
    """The peer refuses it for good; somebody must look."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Delivery:
    """One result on its way to one destination."""

    id: int
    destination: str
    status: DeliveryStatus
    attempts: int
    asked: int
    SOPClassUID: str
    SOPInstanceUID: str
    SeriesInstanceUID: str
    TransferSyntaxUID: str
    StudyInstanceUID: str
    key: str
    sent_at: float | None
    dimse_status: int | None
    comment: str | None
    evidence: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class CommittedInstance:
    """An instance somebody vouches for."""

    SOPClassUID: str
    SOPInstanceUID: str


@dataclass(frozen=True, kw_only=True, slots=True)
class FailedInstance:
    """An instance somebody does not vouch for, and its Failure Reason (0008,1197)."""

    SOPClassUID: str
    SOPInstanceUID: str
    reason: int


@dataclass(frozen=True, kw_only=True, slots=True)
class CommitmentReport:
    """The answer to one request for storage commitment: a PACS's to us, or ours to a modality."""

    transaction_uid: str
    committed: tuple[CommittedInstance, ...]
    failed: tuple[FailedInstance, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Asker:
    """Who asked us for storage commitment; several peers may have the same AE title."""

    calling_ae: str
    address: str


@dataclass(frozen=True, kw_only=True, slots=True)
class OwedReport:
    """A commitment report that a peer was promised and has not taken yet."""

    id: str
    asker: Asker
    report: CommitmentReport
    created_at: float
    attempts: int
