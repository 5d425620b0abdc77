"""`dicom-node explain`: why a study was, or would be, treated as it was.

Nothing here says who the patient is: UIDs, modalities, rules and answers only.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from dicom_node.cli.exits import DONE, NOT_RUNNING, Stop
from dicom_node.cli.kinds import Commands, with_json

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterator, Mapping
    from typing import Any

    from rich.console import RenderableType

    from config.settings import Settings
    from dicom_node.cli.following import Progress
    from storage.database import Database

TRAIL_LINES = 200


def register(commands: Commands) -> None:
    """Add the command to the parser."""
    command = commands.add_parser(
        "explain",
        help="why a study was treated as it was, or how files would be",
        description="For a StudyInstanceUID the node knows: on what evidence it was complete, "
        "which rules matched, what ran, what was sent where and what the peer answered. For "
        "files: how the configured routes would decide, without doing anything.",
    )
    command.add_argument("what", metavar="PATH|STUDY")
    with_json(command)
    command.set_defaults(run=explain)


def explain(args: Namespace) -> int:
    """Explain a study, or try the routes on files."""
    from dicom_node.cli import dry_run
    from dicom_node.cli.node import settings
    from dicom_node.cli.out import as_json, show

    found = settings()
    path = Path(args.what)
    if path.exists():
        return dry_run.explain(found, path, for_machines=args.json)
    told = _study(found, args.what)
    if args.json:
        as_json(told)
    else:
        show(*_parts(told))
    return DONE


def _study(found: Settings, uid: str) -> dict[str, Any]:
    from dicom_node.cli.following import look
    from dicom_node.cli.node import database

    try:
        with database(found) as db:
            progress = look(db, uid)
            told = None if progress is None else facts(db, progress)
    except Stop as error:
        if error.status != NOT_RUNNING:
            raise
        raise Stop(f"{uid} is no file or folder, and: {error}", NOT_RUNNING) from None
    if told is None:
        raise Stop(
            f"{uid} is neither a file or folder nor a study the node knows. "
            "`dicom-node studies` lists those it knows."
        )
    return told


def facts(db: Database, progress: Progress) -> dict[str, Any]:
    """Everything there is to say about a study, as JSON carries it."""
    from dataclasses import asdict

    from dicom_node.cli.jobs import plain
    from pipelines.router import Decision
    from pipelines.router import explain as in_words
    from storage import audit, jobs, listings, studies

    study = progress.study
    revisions = [
        {
            **{key: value for key, value in closed.items() if key != "study_id"},
            "explanation": in_words(Decision.from_dict(closed["decision"])),
        }
        for closed in studies.history(db, study.id)
    ]
    return {
        "StudyInstanceUID": study.StudyInstanceUID,
        "stage": progress.stage,
        "finished": progress.finished,
        "study": {**asdict(study), "status": str(study.status), "instances": progress.held},
        "series": _series(db, study.id),
        "revisions": revisions,
        "jobs": [
            {**plain(job), **_found(db, job.id)}
            for job in reversed(jobs.listing(db, study_id=study.id, limit=10_000))
        ],
        "deliveries": listings.sent_of_study(db, study.id),
        "trail": audit.trail(db, study.StudyInstanceUID, TRAIL_LINES),
    }


def _found(db: Database, job_id: int) -> dict[str, Any]:
    """What a job that is done has found, in a sentence, and what found it."""
    from storage import jobs

    findings = jobs.detail(db, job_id)["findings"] or {}
    return {"summary": findings.get("summary"), "algorithm": findings.get("algorithm")}


def _series(db: Database, study_id: int) -> list[dict[str, Any]]:
    from storage import studies

    found: dict[str, dict[str, Any]] = {}
    for item in studies.held(db, study_id):
        one = found.setdefault(
            item.SeriesInstanceUID,
            {
                "SeriesInstanceUID": item.SeriesInstanceUID,
                "Modality": item.header.get("Modality"),
                "instances": 0,
                "bytes": 0,
                "from": item.calling_ae,
                "ours": item.ours,
                "last_at": item.received_at,
            },
        )
        one["instances"] += 1
        one["bytes"] += item.size
        one["last_at"] = max(one["last_at"], item.received_at)
    return list(found.values())


def _parts(told: Mapping[str, Any]) -> Iterator[RenderableType]:
    from dicom_node.cli.out import many, when

    study = told["study"]
    yield f"Study {told['StudyInstanceUID']}: {told['stage']}"
    yield (
        f"Revision {study['revision']}, {many(study['instances'], 'instance')}, "
        f"the last received {when(study['last_at'])}"
    )
    yield _series_table(told)
    for closed in told["revisions"]:
        yield from _revision(closed)
    if study["status"] == "open":
        yield f"Revision {study['revision']} is still coming in: {_awaited(study)}"
    for job in told["jobs"]:
        if job["alert"]:
            yield (
                f"Alert of {job['pipeline']} on revision {job['revision']}: {job['alert']} "
                "What still waited of the study became urgent."
            )
    if told["jobs"]:
        yield _jobs(told)
    yield from _findings(told)
    if told["deliveries"]:
        yield _deliveries(told)
    yield _trail(told)


def _series_table(told: Mapping[str, Any]) -> RenderableType:
    from dicom_node.cli.out import size, table

    columns = ("modality", "#instances", "#size", "from", "series")
    rows = (
        (
            one["Modality"],
            one["instances"],
            size(one["bytes"]),
            f"{one['from']} (made by a node)" if one["ours"] else one["from"],
            one["SeriesInstanceUID"],
        )
        for one in told["series"]
    )
    return table(columns, rows, "Held")


def _revision(closed: Mapping[str, Any]) -> Iterator[str]:
    from dicom_node.cli.out import many, when

    evidence = closed["evidence"]
    yield (
        f"Revision {closed['number']} was complete at {when(closed['closed_at'])} with "
        f"{many(closed['instances'], 'instance')}, because ({evidence.get('kind')}): "
        f"{evidence.get('because')}"
    )
    for line in closed["explanation"].splitlines():
        yield f"  {line}"
    yield ""


def _awaited(study: Mapping[str, Any]) -> str:
    from dicom_node.cli.out import span

    quiet = f"nothing came for {span(time.time() - study['last_at'])}"
    if study["expected"] is None:
        return f"{quiet}; how many instances it should have is not known."
    return (
        f"{quiet}; {study['instances']} of {study['expected']} instances are here, "
        f"says {study['expected_from']}."
    )


def _jobs(told: Mapping[str, Any]) -> RenderableType:
    from dicom_node.cli.out import table, when

    columns = ("#job", "#rev", "pipeline", "priority", "status", "#tries", "ended", "reason")
    rows = (
        (
            job["id"],
            job["revision"],
            f"{job['pipeline']} {job['version']}",
            job["priority"],
            job["status"],
            job["attempts"],
            when(job["ended_at"]),
            job["reason"],
        )
        for job in told["jobs"]
    )
    return table(columns, rows, "Jobs")


def _findings(told: Mapping[str, Any]) -> Iterator[str]:
    for job in told["jobs"]:
        if job["summary"]:
            by = job["algorithm"]
            digest = f", weights {by['digest'][:12]}" if by.get("digest") else ""
            yield f"Job {job['id']}: {job['summary']} By {by['name']} {by['version']}{digest}."


def _deliveries(told: Mapping[str, Any]) -> RenderableType:
    from dicom_node.cli.deliveries import answer
    from dicom_node.cli.out import table, when

    columns = ("destination", "#rev", "kind", "status", "#tries", "delivered", "answer", "object")
    rows = (
        (
            row["destination"],
            row["revision"],
            row["kind"],
            row["status"],
            row["attempts"],
            when(row["delivered_at"]),
            answer(row),
            row["SOPInstanceUID"],
        )
        for row in told["deliveries"]
    )
    return table(columns, rows, "Results sent")


def _trail(told: Mapping[str, Any]) -> RenderableType:
    from dicom_node.cli.out import table, when

    rows = ((when(line["at"]), line["event"], in_short(line["detail"])) for line in told["trail"])
    return table(("when", "event", "detail"), rows, "Audit trail")


def in_short(detail: Mapping[str, Any]) -> str:
    """A line of the trail's detail as `name value, name value`."""
    parts = []
    for name, value in detail.items():
        if value in (None, "", []):
            continue
        text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
        parts.append(f"{name} {text}")
    return "; ".join(parts)
