"""What the first page and `/api/v2/status` show: the whole way through at one moment."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from config.settings import Peer, Settings
from gateway import words
from gateway.health import Readiness, readiness
from storage import overview
from storage.database import Database, now
from storage.inbox import Inbox
from storage.overview import Queue, StudyLine, Traffic
from storage.records import DeliveryStatus, JobStatus, Priority, StudyStatus


@dataclass(frozen=True, kw_only=True)
class Tile:
    """One station of the way through, as a number with a sentence."""

    name: str
    count: int
    detail: str
    tone: str


@dataclass(frozen=True, kw_only=True)
class JobCard:
    """A job in one line."""

    id: int
    study_id: int
    pipeline: str
    version: str
    revision: int
    status: str
    tone: str
    progress: float
    doing: str
    attempts: int
    priority: str
    reason: str | None
    alert: str | None


@dataclass(frozen=True, kw_only=True)
class DeliveryCard:
    """How a study's newest results fare with one destination."""

    destination: str
    status: str
    tone: str
    count: int


@dataclass(frozen=True, kw_only=True)
class StudyCard:
    """A study in one line; it carries no patient's name or number."""

    id: int
    StudyInstanceUID: str
    modality: str | None
    calling_ae: str | None
    status: str
    revision: int
    instances: int
    expected: int | None
    evidence: str
    unprocessed: tuple[str, ...]
    removed: bool
    changed_at: float
    jobs: tuple[JobCard, ...]
    deliveries: tuple[DeliveryCard, ...]


@dataclass(frozen=True, kw_only=True)
class Destination:
    """A peer that results go to and how its queue fares."""

    name: str
    ae_title: str | None
    address: str | None
    waiting: int
    sent: int
    delivered: int
    dead: int
    oldest_waiting: float | None
    last_delivered: float | None
    tone: str
    health: str


@dataclass(frozen=True, kw_only=True)
class Board:
    """Everything at one moment."""

    at: float
    ae_title: str
    dicom_host: str
    dicom_port: int
    summary: str
    traffic: Traffic
    tiles: tuple[Tile, ...]
    studies: tuple[StudyCard, ...]
    running: tuple[JobCard, ...]
    destinations: tuple[Destination, ...]
    readiness: Readiness


def board(db: Database, inbox: Inbox, settings: Settings) -> Board:
    """Look at the node now."""
    traffic, queues = overview.traffic(db), overview.queues(db)
    tiles = _tiles(traffic, queues)
    return Board(
        at=now(),
        ae_title=settings.node.ae_title.strip(),
        dicom_host=settings.node.host,
        dicom_port=settings.node.port,
        summary=", ".join(f"{tile.name.lower()} {tile.count}" for tile in tiles),
        traffic=traffic,
        tiles=tiles,
        studies=tuple(_study(line) for line in overview.lines(db)),
        running=tuple(job_card(job) for job in overview.running(db)),
        destinations=_destinations(queues, settings),
        readiness=readiness(db, inbox, settings),
    )


def _tiles(traffic: Traffic, queues: Mapping[str, Queue]) -> tuple[Tile, ...]:
    jobs, many = traffic.jobs, words.many
    opened = traffic.studies.get(StudyStatus.OPEN, 0)
    sent = Counter[str]()
    for queue in queues.values():
        sent.update(queue.counts)
    waiting = jobs.get(JobStatus.QUEUED, 0)
    dead, rejected = jobs.get(JobStatus.DEAD, 0), jobs.get(JobStatus.REJECTED, 0)
    undelivered = sent[DeliveryStatus.DEAD]
    unsent = sent[DeliveryStatus.WAITING] + sent[DeliveryStatus.SENT]
    running = jobs.get(JobStatus.RUNNING, 0)
    return (
        Tile(
            name="Coming in",
            count=opened,
            detail=f"{many(traffic.connected, 'association')} open, "
            f"{many(traffic.uncounted, 'instance')} to count",
            tone="run" if opened or traffic.connected else "quiet",
        ),
        Tile(
            name="Waiting",
            count=waiting + unsent,
            detail=f"{many(waiting, 'job')}, {many(unsent, 'result')} on the way",
            tone="wait" if waiting + unsent else "quiet",
        ),
        Tile(
            name="Running",
            count=running,
            detail=f"{many(jobs.get(JobStatus.DONE, 0), 'job')} done so far",
            tone="run" if running else "quiet",
        ),
        Tile(
            name="Failed",
            count=dead + rejected + undelivered,
            detail=f"{dead} given up, {rejected} rejected, {undelivered} undelivered",
            tone="bad" if dead + undelivered else "warn" if rejected else "quiet",
        ),
        Tile(
            name="Delivered",
            count=sent[DeliveryStatus.DELIVERED],
            detail=f"to {many(len(queues), 'destination')}",
            tone="good" if sent[DeliveryStatus.DELIVERED] else "quiet",
        ),
    )


def _study(line: StudyLine) -> StudyCard:
    study, closed = line.study, line.closed
    return StudyCard(
        id=study["id"],
        StudyInstanceUID=study["StudyInstanceUID"],
        modality=line.modality,
        calling_ae=line.calling_ae,
        status=study["status"],
        revision=study["revision"],
        instances=line.instances,
        expected=study["expected"],
        evidence=words.evidence(study, line.instances, closed),
        unprocessed=words.unprocessed(closed["decision"]) if closed and not line.jobs else (),
        removed=study["removed_at"] is not None,
        changed_at=study["last_at"],
        jobs=tuple(job_card(job) for job in line.jobs),
        deliveries=_delivery_cards(line.deliveries),
    )


def job_card(job: Mapping[str, Any]) -> JobCard:
    """A job in one line."""
    return JobCard(
        id=job["id"],
        study_id=job["study_id"],
        pipeline=job["pipeline"],
        version=job["version"],
        revision=job["revision"],
        status=job["status"],
        tone=words.JOB_TONES[JobStatus(job["status"])],
        progress=job["progress"],
        doing=job["doing"],
        attempts=job["attempts"],
        priority=Priority(job["priority"]).name.lower(),
        reason=job["reason"],
        alert=job["alert"],
    )


def _delivery_cards(deliveries: Sequence[Mapping[str, Any]]) -> tuple[DeliveryCard, ...]:
    counted = Counter((row["destination"], DeliveryStatus(row["status"])) for row in deliveries)
    return tuple(
        DeliveryCard(
            destination=destination,
            status=words.DELIVERY_WORDS[status],
            tone=words.DELIVERY_TONES[status],
            count=count,
        )
        for (destination, status), count in counted.items()
    )


def _destinations(queues: Mapping[str, Queue], settings: Settings) -> tuple[Destination, ...]:
    routed = {name for route in settings.routes for name in route.send_to}
    names = sorted(set(queues) | routed)
    empty = Queue(counts={}, oldest_waiting=None, last_delivered=None, comment=None)
    return tuple(
        _destination(name, queues.get(name, empty), settings.peers.get(name)) for name in names
    )


def _destination(name: str, queue: Queue, peer: Peer | None) -> Destination:
    waiting = queue.counts.get(DeliveryStatus.WAITING, 0)
    dead = queue.counts.get(DeliveryStatus.DEAD, 0)
    tone, health = _fares(queue, waiting, dead, peer)
    return Destination(
        name=name,
        ae_title=peer.ae_title.strip() if peer else None,
        address=f"{peer.host}:{peer.port}" if peer else None,
        waiting=waiting,
        sent=queue.counts.get(DeliveryStatus.SENT, 0),
        delivered=queue.counts.get(DeliveryStatus.DELIVERED, 0),
        dead=dead,
        oldest_waiting=queue.oldest_waiting,
        last_delivered=queue.last_delivered,
        tone=tone,
        health=health,
    )


def _fares(queue: Queue, waiting: int, dead: int, peer: Peer | None) -> tuple[str, str]:
    if waiting and peer is None:
        return "bad", "It is no longer configured; its results wait."
    if dead:
        return "bad", f"{words.many(dead, 'result')} given up; somebody must look."
    if waiting and queue.comment:
        return "warn", queue.comment
    if waiting:
        return "wait", "Results are on their way."
    if queue.counts:
        return "good", "In order."
    return "quiet", "Nothing was sent yet."
