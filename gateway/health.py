"""Whether the node is fit for work: every dependency is asked, and each answers for itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy.exc import SQLAlchemyError

from config.settings import Settings
from gateway.words import ago, many
from storage import fleet, overview
from storage.database import Database, now
from storage.inbox import Inbox
from storage.records import JobStatus

FRESH_SECONDS = 10.0
"""An older heartbeat is that of a process that hangs or is gone; it is due every 2 s."""

ROLES = ("supervisor", "receiver", "assembly", "sender", "gateway")
"""The processes that every node has; workers are there only where a route needs them."""


@dataclass(frozen=True, kw_only=True)
class Ping:
    """What one dependency answered."""

    name: str
    ok: bool
    detail: str


@dataclass(frozen=True, kw_only=True)
class Readiness:
    """What all dependencies answered."""

    ok: bool
    pings: tuple[Ping, ...]


def readiness(db: Database, inbox: Inbox, settings: Settings) -> Readiness:
    """Ask the database, the inbox and every process of the node."""
    room = _ping("inbox", lambda: _room(inbox, settings))
    database = _ping("database", lambda: _database(db))
    if database.ok:
        processes = _processes(db, settings.node.receivers)
    else:
        processes = (Ping(name="processes", ok=False, detail="Not known without the database."),)
    pings = (database, room, *processes)
    return Readiness(ok=all(ping.ok for ping in pings), pings=pings)


def _ping(name: str, ask: Callable[[], tuple[bool, str]]) -> Ping:
    try:
        ok, detail = ask()
    except (SQLAlchemyError, OSError) as error:
        # The error's own words may name addresses and users.
        ok, detail = False, f"It does not answer ({type(error).__name__})."
    return Ping(name=name, ok=ok, detail=detail)


def _database(db: Database) -> tuple[bool, str]:
    db.ping()
    return True, "It answers."


def _room(inbox: Inbox, settings: Settings) -> tuple[bool, str]:
    if inbox.has_room():
        return True, f"{inbox.free() / 1e9:.1f} GB are free."
    least = settings.receiver.min_free_mb
    return False, (
        f"Instances are refused: less than {least} MB of the disk are free, or the quota is used "
        "up. Free space, or turn on [retention]."
    )


def _processes(db: Database, receivers: int) -> tuple[Ping, ...]:
    present = now()
    beats: dict[str, list[float]] = {}
    for process in fleet.alive(db):
        beats.setdefault(process["role"], []).append(process["heartbeat_at"])
    wanted = dict.fromkeys(ROLES, 1) | {"receiver": receivers}
    jobs = overview.traffic(db).jobs
    if "worker" in beats or jobs.get(JobStatus.QUEUED) or jobs.get(JobStatus.RUNNING):
        wanted["worker"] = 1
    return tuple(_role(role, count, beats.get(role, []), present) for role, count in wanted.items())


def _role(role: str, wanted: int, beats: list[float], present: float) -> Ping:
    fresh = sum(present - beat <= FRESH_SECONDS for beat in beats)
    if fresh >= wanted and fresh == len(beats):
        return Ping(name=role, ok=True, detail=f"{many(fresh, 'process', 'processes')} alive.")
    if not beats:
        return Ping(name=role, ok=False, detail="No such process runs.")
    newest = ago(max(beats), present)
    detail = f"{fresh} of {max(wanted, len(beats))} alive; the last sign of life was {newest}."
    return Ping(name=role, ok=False, detail=detail)
