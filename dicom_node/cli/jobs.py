"""`dicom-node jobs list|show|retry|cancel`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from dicom_node.cli.exits import DONE, USAGE, WRONG, Stop
from dicom_node.cli.kinds import Commands, positive, with_json

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Callable
    from typing import Any

    from storage.database import Database
    from storage.records import Job

STATUSES = ("queued", "running", "done", "rejected", "dead", "cancelled")


def register(commands: Commands) -> None:
    """Add the commands to the parser."""
    noun = commands.add_parser("jobs", help="list, show, retry or cancel jobs")
    verbs = noun.add_subparsers(metavar="list|show|retry|cancel", required=True)
    lists = verbs.add_parser("list", help="the newest jobs")
    lists.add_argument("--status", choices=STATUSES, help="only those with this status")
    lists.add_argument("--study", metavar="UID", help="only those of this study")
    lists.add_argument("--limit", type=positive, default=100, help="at most so many (100)")
    with_json(lists)
    lists.set_defaults(run=listing)
    one = verbs.add_parser("show", help="everything about one job")
    one.add_argument("id", type=positive, metavar="ID")
    with_json(one)
    one.set_defaults(run=show_one)
    again = verbs.add_parser("retry", help="run jobs again that are dead, rejected or cancelled")
    again.add_argument("ids", type=positive, nargs="*", metavar="ID")
    again.add_argument("--all-dead", action="store_true", help="every job that was given up")
    again.set_defaults(run=retry)
    stop = verbs.add_parser("cancel", help="cancel jobs that wait or run")
    stop.add_argument("ids", type=positive, nargs="+", metavar="ID")
    stop.set_defaults(run=cancel)


def listing(args: Namespace) -> int:
    """List jobs."""
    from dicom_node.cli.node import database, settings, study
    from dicom_node.cli.out import as_json, show
    from storage import jobs
    from storage.records import JobStatus

    statuses = [JobStatus(args.status)] if args.status else []
    with database(settings()) as db:
        study_id = study(db, args.study).id if args.study else None
        found = jobs.listing(db, statuses=statuses, study_id=study_id, limit=args.limit)
    if args.json:
        as_json({"jobs": [plain(job) for job in found]})
    else:
        show(as_table(found))
    return DONE


def plain(job: Job) -> dict[str, Any]:
    """A job as JSON carries it."""
    from dataclasses import asdict

    return {**asdict(job), "status": str(job.status), "priority": job.priority.name.lower()}


def as_table(found: list[Job], title: str = "") -> Any:
    """Jobs as a table."""
    from dicom_node.cli.out import table, when

    columns = ("#id", "status", "pipeline", "priority", "#rev", "#tries", "made", "reason", "study")
    rows = (
        (
            job.id,
            state(job),
            f"{job.pipeline} {job.version}",
            job.priority.name.lower(),
            job.revision,
            job.attempts,
            when(job.created_at),
            job.reason,
            job.StudyInstanceUID,
        )
        for job in found
    )
    return table(columns, rows, title)


def state(job: Job) -> str:
    """A job's status, with its progress while it runs."""
    from storage.records import JobStatus

    if job.status is not JobStatus.RUNNING:
        return str(job.status)
    return f"running {job.progress:.0%} {job.doing}".rstrip()


def show_one(args: Namespace) -> int:
    """Show one job with its trace or findings; findings are about the study, not the patient."""
    from dicom_node.cli.node import database, settings
    from dicom_node.cli.out import as_json, show
    from storage import jobs

    with database(settings()) as db:
        job = jobs.find(db, args.id)
        if job is None:
            raise Stop(f"There is no job {args.id}.")
        more = jobs.detail(db, args.id)
    if args.json:
        as_json({**plain(job), **more})
        return DONE
    show(_facts(job))
    summary = (more["findings"] or {}).get("summary")
    if summary:
        print(f"Findings: {summary}")
    if more["trace"]:
        print(more["trace"].rstrip())
    return DONE


def _facts(job: Job) -> Any:
    from dicom_node.cli.out import table, when

    series = job.assignment.get("series", {})
    rows = [
        ("job", job.id),
        ("status", state(job)),
        ("reason", job.reason),
        ("alert", job.alert),
        ("pipeline", f"{job.pipeline} {job.version} ({job.framework})"),
        ("study", job.StudyInstanceUID),
        ("revision", job.revision),
        ("routes", ", ".join(job.assignment.get("routes", ()))),
        ("series", "\n".join(f"{uid} ({len(found)})" for uid, found in series.items())),
        ("priority", job.priority.name.lower()),
        ("tries", job.attempts),
        ("workers taken down", job.crashes),
        ("made", when(job.created_at)),
        ("not before", when(job.not_before)),
        ("started", when(job.started_at)),
        ("ended", when(job.ended_at)),
        ("worker", job.worker),
    ]
    return table(
        ("what", "value"), ((name, value) for name, value in rows if value not in ("", None))
    )


def retry(args: Namespace) -> int:
    """Queue jobs again that were given up, rejected or cancelled."""
    from dicom_node.cli.node import database, settings
    from storage import jobs
    from storage.records import JobStatus

    if bool(args.ids) == args.all_dead:
        raise Stop("Name the jobs to run again, or say --all-dead.", USAGE)
    with database(settings()) as db:
        ids = args.ids
        if args.all_dead:
            dead = jobs.listing(db, statuses=[JobStatus.DEAD], limit=1_000_000)
            ids = sorted(job.id for job in dead)
        if not ids:
            print("No job is dead.")
        return _each(db, ids, jobs.retry, "queued again", "dead, rejected or cancelled")


def cancel(args: Namespace) -> int:
    """Cancel jobs: those that wait at once, those that run through their worker."""
    from dicom_node.cli.node import database, settings
    from storage import jobs

    with database(settings()) as db:
        return _each(db, args.ids, jobs.cancel, "cancelled", "waiting or running")


def _each(
    db: Database, ids: list[int], do: Callable[[Database, int], bool], told: str, needed: str
) -> int:
    """Do something to each job; status 1 where one of them is not in a state for it."""
    from storage import jobs

    status = DONE
    for id_ in ids:
        if do(db, id_):
            print(f"Job {id_}: {told}.")
            continue
        job = jobs.find(db, id_)
        why = "there is no such job" if job is None else f"it is {job.status}, not {needed}"
        print(f"Job {id_}: {why}.", file=sys.stderr)
        status = WRONG
    return status
