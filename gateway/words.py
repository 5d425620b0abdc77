"""How the page says things: moments, counts, statuses and decisions in plain English."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
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
    return _each(decision, "unprocessed", lambda item: f"{item['what']}: {item['because']}")


def routes(decision: Mapping[str, Any]) -> tuple[str, ...]:
    """What each route said of the study and by which rule, one sentence each."""
    return _each(decision, "routes", _route)


def _route(item: Mapping[str, Any]) -> str:
    name = f"The route “{item['name']}”"
    if not item["enabled"]:
        return f"{name} is switched off."
    if item["matched"]:
        return f"{name} took {many(len(item['selected']), 'series', 'series')}."
    reasons = (case["reason"] for case in item["cases"] if not case["matched"])
    because = next((_failing(reason) for reason in reasons if reason), None)
    if because is None:
        return f"{name} did not match."
    found = ", ".join(because["found"]) or "nothing"
    return f"{name} did not match: {because['rule']}, and found was {found}."


def _failing(reason: Mapping[str, Any]) -> Mapping[str, Any]:
    """The innermost rule that did not hold."""
    for part in reason["parts"]:
        if part["holds"] is False:
            return _failing(part)
    return reason


def assignments(decision: Mapping[str, Any]) -> tuple[str, ...]:
    """What a decision has run and where its results go, one sentence each."""
    return _each(decision, "assignments", _assignment)


def _each(
    decision: Mapping[str, Any], part: str, say: Callable[[Mapping[str, Any]], str]
) -> tuple[str, ...]:
    """A sentence for each; one study's odd record must not take the whole page down."""
    try:
        return tuple(say(item) for item in decision.get(part, ()))
    except (KeyError, TypeError):
        return (f"Another version of the node stored the {part} in a form unknown to this one.",)


def _assignment(item: Mapping[str, Any]) -> str:
    count = many(len(item["series"]), "series", "series")
    asked = " and ".join(f"“{name}”" for name in item["routes"])
    said = f"{item['pipeline']} works on {count} with priority {item['priority']}, asked by {asked}"
    if item["shadow"]:
        return f"{said}; in shadow, nothing is sent."
    if item["send_to"]:
        return f"{said}; results go to {', '.join(item['send_to'])}."
    return f"{said}; results stay here."
