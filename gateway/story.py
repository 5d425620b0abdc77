"""A study's whole story as a timeline: what happened, why, and what others answered."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from gateway import words
from storage.records import DeliveryStatus, JobStatus, Priority
from storage.story import Story


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One thing that happened."""

    at: float
    kind: str
    """What sort of thing: association, instances, complete, job or delivery."""
    tone: str
    title: str
    sentences: tuple[str, ...] = ()
    raw: str | None = None
    """What is stored about it, for whoever wants every detail."""


def timeline(story: Story) -> list[Entry]:
    """Everything that happened to a study, oldest first."""
    entries = [
        *_associations(story),
        *_instances(story),
        *_revisions(story),
        *map(_job, story.jobs),
        *map(_delivery, story.deliveries),
    ]
    return sorted(entries, key=lambda entry: entry.at)


def _associations(story: Story) -> Iterator[Entry]:
    """Those of one sender that follow each other are told as one."""

    def sender(row: Mapping[str, Any]) -> tuple[str, str, str]:
        return row["calling_ae"], row["called_ae"], row["address"]

    for (calling, called, address), group in groupby(story.associations, key=sender):
        rows = list(group)
        still_open = sum(row["closed_at"] is None for row in rows)
        ends = sorted({row["outcome"] for row in rows if row["outcome"]})
        said = f"It called us {called} from {address}."
        if still_open:
            said += f" {words.many(still_open, 'association')} still open."
        elif ends:
            said += f" How it ended: {', '.join(ends)}."
        yield Entry(
            at=rows[0]["opened_at"],
            kind="association",
            tone="run" if still_open else "quiet",
            title=f"{calling} connected" + (f" {len(rows)} times" if len(rows) > 1 else ""),
            sentences=(said,),
        )


def _instances(story: Story) -> Iterator[Entry]:
    for row in story.brought:
        count = words.many(row["count"], "instance")
        if row["ours"]:
            title = f"{count} of our own came back from {row['calling_ae']}"
            said = "They are kept as acknowledged and are not processed."
        else:
            title = f"{count} from {row['calling_ae']}"
            last = words.clock(row["last_at"])
            said = f"They belong to revision {row['revision']}; the last came {last}."
        yield Entry(
            at=row["first_at"], kind="instances", tone="quiet", title=title, sentences=(said,)
        )


def _revisions(story: Story) -> Iterator[Entry]:
    for row in story.revisions:
        decided = words.assignments(row["decision"])
        refused = words.unprocessed(row["decision"])
        yield Entry(
            at=row["closed_at"],
            kind="complete",
            tone="good" if decided else "warn",
            title=f"Revision {row['number']} complete with "
            f"{words.many(row['instances'], 'instance')}",
            sentences=(
                str(row["evidence"].get("because", "")),
                *words.routes(row["decision"]),
                *decided,
                *(f"Not processed: {reason}" for reason in refused),
            ),
            raw=_raw({"evidence": row["evidence"], "decision": row["decision"]}),
        )


def _job(row: Mapping[str, Any]) -> Entry:
    status = JobStatus(row["status"])
    tries = words.many(row["attempts"], "try", "tries")
    priority = Priority(row["priority"]).name.lower()
    said = [f"Job {row['id']} for revision {row['revision']}, priority {priority}, {tries}."]
    if row["started_at"] and row["ended_at"]:
        said.append(f"It ran for {max(0.0, row['ended_at'] - row['started_at']):.1f} s.")
    if status is JobStatus.RUNNING:
        said.append(f"{row['progress']:.0%}: {row['doing']}.")
    if row["reason"]:
        said.append(row["reason"])
    if row["summary"]:
        said.append(row["summary"])
    if row["alert"]:
        said.append(f"Alert: {row['alert']} What still waited of the study became urgent.")
    return Entry(
        at=row["started_at"] or row["created_at"],
        kind="job",
        tone=words.JOB_TONES[status],
        title=f"{row['pipeline']} {row['version']}: {status}",
        sentences=tuple(said),
    )


def _delivery(row: Mapping[str, Any]) -> Entry:
    status = DeliveryStatus(row["status"])
    said = []
    if row["dimse_status"] is not None:
        said.append(f"{row['destination']} answered {words.dimse_status(row['dimse_status'])}.")
    if row["comment"]:
        said.append(row["comment"])
    if status is DeliveryStatus.DELIVERED and row["evidence"]:
        said.append(words.EVIDENCE_WORDS.get(row["evidence"], row["evidence"]))
    if status is DeliveryStatus.WAITING:
        said.append(f"The next try is due {words.clock(row['not_before'])}.")
    if row["attempts"] > 1:
        said.append(f"It took {row['attempts']} tries.")
    return Entry(
        at=row["delivered_at"] or row["sent_at"] or row["created_at"],
        kind="delivery",
        tone=words.DELIVERY_TONES[status],
        title=f"{row['kind'].upper()} of {row['pipeline']} to {row['destination']}: "
        f"{words.DELIVERY_WORDS[status]}",
        sentences=tuple(said),
        raw=_raw({"SOPInstanceUID": row["SOPInstanceUID"]}),
    )


def trail(story: Story) -> list[tuple[float, str, str]]:
    """The audit trail of the study: when, what, and the detail on one line."""
    return [(row["at"], row["event"], _detail(row["detail"])) for row in story.audit]


def _detail(detail: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}: {_plain(value)}" for name, value in detail.items())


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _raw(value: Mapping[str, Any]) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)
