"""`dicom-node results`: what a job found, made again as files of any kind, or as JSON."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from dicom_node.cli.exits import DONE, Stop
from dicom_node.cli.kinds import Commands, with_json

if TYPE_CHECKING:
    from argparse import Namespace

    from config.settings import Settings
    from results.context import Making
    from storage.database import Database


def register(commands: Commands) -> None:
    """Add the command to the parser."""
    makes = commands.add_parser(
        "results", help="make a job's results again, as files of any kind, or as JSON"
    )
    makes.add_argument("id", type=int, metavar="JOB", help="the job's number (see `jobs list`)")
    makes.add_argument(
        "--kind",
        action="append",
        metavar="KIND",
        help="sr, seg, overlay, presentation, heatmap, key-objects, report or images (all)",
    )
    makes.add_argument("--out", type=Path, metavar="FOLDER", help="where the files go (here)")
    with_json(makes)
    makes.set_defaults(run=make)


def make(args: Namespace) -> int:
    """Write the objects of a job that is done; with --json print its report instead."""
    from dicom_node.cli.node import database, settings
    from dicom_node.cli.out import as_json
    from pipelines.contract import Rejected
    from results.page.summary import summary

    kinds = _kinds(args.kind)
    try:
        found = settings()
        with database(found) as db:
            making = _making(db, found, args.id, kinds)
        if args.json:
            as_json(summary(making))
            return DONE
        return _write(making, kinds, args.out or Path())
    except Rejected as error:
        raise Stop(f"Job {args.id}: {error}") from error


def _kinds(wanted: list[str] | None) -> list[str]:
    from results.context import KINDS

    for kind in wanted or ():
        if kind not in KINDS:
            raise Stop(f"There is no kind of results named {kind}; there are {', '.join(KINDS)}.")
    return wanted or list(KINDS)


def _making(db: Database, found: Settings, number: int, kinds: list[str]) -> Making:
    from dicom_node.remaking import context, material
    from pipelines.contract import Findings
    from results.context import Making
    from results.source import Source
    from storage import jobs
    from storage.inbox import Inbox

    job = jobs.find(db, number)
    if job is None:
        raise Stop(f"There is no job {number}.")
    told: dict[str, Any] | None = jobs.detail(db, number)["findings"]
    if told is None:
        raise Stop(f"Job {number} is {job.status}: it has found nothing.")
    study, closed_at = material(db, Inbox.of(found), job)
    return Making(
        source=Source.of_study(study),
        findings=Findings.from_dict(told),
        context=context(db, found, job, kinds, closed_at),
    )


def _write(making: Making, kinds: list[str], folder: Path) -> int:
    from results.build import build_results

    built = build_results(kinds, making.source, making.findings, making.context)
    folder.mkdir(parents=True, exist_ok=True)
    for number, result in enumerate(built, 1):
        path = folder / f"{number:03}-{result.kind}.dcm"
        result.dataset.save_as(path, enforce_file_format=True)
        print(path)
    for reason in built.reasons:
        print(f"Not made: {reason}")
    return DONE
