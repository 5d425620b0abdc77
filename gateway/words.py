"""How the page says things: moments, counts, statuses and decisions in plain English."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from storage.records import DeliveryStatus, JobStatus

JOB_TONES = {
    JobStatus.QUEUED: "wait",
    JobStatus.RUNNING: "run",
    JobStatus.DONE: "good",
    JobStatus.REJECTED: "warn",
    JobStatus.DEAD: "bad",
    JobStatus.CANCELLED: "quiet",
}
DELIVERY_TONES = {
    DeliveryStatus.WAITING: "wait",
    DeliveryStatus.SENT: "run",
    DeliveryStatus.DELIVERED: "good",
    DeliveryStatus.DEAD: "bad",
}
DELIVERY_WORDS = {
    DeliveryStatus.WAITING: "waits",
    DeliveryStatus.SENT: "sent, not vouched for",
    DeliveryStatus.DELIVERED: "delivered",
    DeliveryStatus.DEAD: "given up",
}
EVIDENCE_WORDS = {
    "commitment": "It vouched for the object by Storage Commitment.",
    "c-find": "It was asked by C-FIND and has the object.",
    "c-store": "Its answer is all that was asked for.",
}


def ago(moment: float | None, present: float | None = None) -> str:
    """How long ago a moment was, in the largest unit that fits."""
    if moment is None:
        return "never"
    seconds = max(0.0, (time.time() if present is None else present) - moment)
    if seconds < 2:
        return "now"
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min"), (1, "s")):
        if seconds >= size:
            return f"{int(seconds // size)} {unit} ago"
    return "now"


def clock(moment: float | None) -> str:
    """A moment in this machine's local time."""
    if moment is None:
        return "never"
    return datetime.fromtimestamp(moment).astimezone().strftime("%Y-%m-%d %H:%M:%S")


def iso(moment: float) -> str:
    """A moment as machines read it."""
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds")


def many(count: int, one: str, several: str | None = None) -> str:
    """A count with its noun: "1 study", "2 studies"."""
    return f"{count} {one if count == 1 else several or one + 's'}"


def short_uid(uid: str) -> str:
    """A UID's two ends, which is what people compare."""
    return uid if len(uid) <= 24 else f"{uid[:10]}…{uid[-10:]}"


def dimse_status(status: int | None) -> str:
    """A C-STORE status as a person reads it (PS3.4 table B.2-1)."""
    if status is None:
        return "no answer"
    if status == 0x0000:
        kind = "success"
    elif status & 0xF000 == 0xB000 or status in (0x0001, 0x0107, 0x0116):
        kind = "success with a warning"
    elif status & 0xFF00 == 0xA700:
        kind = "out of resources"
    else:
        kind = "failure"
    return f"{status:#06x} ({kind})"


def evidence(study: Mapping[str, Any], held: int, closed: Mapping[str, Any] | None) -> str:
    """Why a study is taken to be complete, or what it is waited for."""
    if closed is not None:
        return str(closed["evidence"].get("because", "It is complete."))
    if study["status"] == "complete":
        return "Only results of this node came back; they are not processed."
    if study["expected"]:
        source = study["expected_from"]
        return f"Coming in: {held} of {study['expected']} instances so far, says {source}."
    return f"Coming in: {many(held, 'instance')} so far."


def unprocessed(decision: Mapping[str, Any]) -> tuple[str, ...]:
    """What was not processed and why, one sentence each."""
    return tuple(_sentences(decision.get("unprocessed")))


def assignments(decision: Mapping[str, Any]) -> tuple[str, ...]:
    """What a decision has run and where its results go, one sentence each."""
    found = decision.get("assignments") or ()
    return tuple(_assignment(item) for item in found if isinstance(item, Mapping))


def _assignment(item: Mapping[str, Any]) -> str:
    series = item.get("series") or ()
    said = f"{item.get('pipeline', 'A pipeline')} works on {many(len(series), 'series', 'series')}"
    if route := item.get("route") or item.get("routes"):
        named = route if isinstance(route, str) else ", ".join(map(str, route))
        said += f", by the route “{named}”"
    if priority := item.get("priority"):
        said += f", with priority {priority}"
    if item.get("shadow"):
        return f"{said}; in shadow, nothing is sent."
    if destinations := item.get("send_to"):
        return f"{said}; results go to {', '.join(map(str, destinations))}."
    return f"{said}; results stay here."


def _sentences(value: Any) -> list[str]:
    if value in (None, "", [], {}):
        return []
    if isinstance(value, str):
        return [value]
    if isinstance(value, Mapping):
        because = value.get("because") or value.get("reason")
        if because is not None:
            of = value.get("of") or value.get("pipeline") or value.get("route")
            return [f"{of}: {because}" if of else str(because)]
        return [f"{name}: {said}" for name, part in value.items() for said in _sentences(part)]
    if isinstance(value, Sequence):
        return [said for part in value for said in _sentences(part)]
    return [str(value)]
