"""`dicom-node studies` and `dicom-node replay`."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from dicom_node.cli.exits import DONE, NOT_RUNNING, WRONG, Stop
from dicom_node.cli.kinds import Commands, positive, with_json

if TYPE_CHECKING:
    from argparse import Namespace

    from dicom_node.cli.following import Progress
    from storage.database import Database

LOOK_SECONDS = 0.2


def register(commands: Commands) -> None:
    """Add the commands to the parser."""
    lists = commands.add_parser("studies", help="the studies that changed last")
    lists.add_argument("--limit", type=positive, default=50, help="at most so many (50)")
    lists.add_argument("--open", action="store_true", help="only those that still come in")
    with_json(lists)
    lists.set_defaults(run=listing)
    again = commands.add_parser(
        "replay", help="route a study again and run its pipelines, from stored pixels"
    )
    again.add_argument("study", metavar="STUDY", help="its StudyInstanceUID")
    again.add_argument("--wait", action="store_true", help="wait until its results are delivered")
    again.set_defaults(run=replay)


def listing(args: Namespace) -> int:
    """List studies by UID; nothing that says whose they are."""
    from dataclasses import asdict

    from dicom_node.cli.following import look
    from dicom_node.cli.node import database, settings
    from dicom_node.cli.out import as_json, show, table, when
    from storage import listings, studies

    with database(settings()) as db:
        newest = listings.open_studies if args.open else studies.listing
        found = [look(db, study.StudyInstanceUID) for study in newest(db, args.limit)]
    seen = [progress for progress in found if progress is not None]
    if args.json:
        rows = [
            {**asdict(p.study), "status": str(p.study.status), "instances": p.held}
            | {"stage": p.stage, "finished": p.finished}
            for p in seen
        ]
        as_json({"studies": rows})
        return DONE
    columns = ("last instance", "stage", "#rev", "#instances", "now", "study")
    cells = (
        (when(p.study.last_at), p.stage, p.study.revision, p.held, p.sentence, p.uid) for p in seen
    )
    show(table(columns, cells))
    return DONE


def replay(args: Namespace) -> int:
    """Open the next revision of a study with the instances it has."""
    from dicom_node.cli import node
    from storage import studies

    with node.database(node.settings()) as db:
        if args.wait:
            _must_run(db, "wait for the study")
        _replayable(db, args.study)
        revision = studies.reopen(db, args.study)
        print(f"Study {args.study}: revision {revision} is routed as soon as it is quiet.")
        if not args.wait:
            return DONE
        return _follow(db, args.study)


def _must_run(db: Database, to: str) -> None:
    from dicom_node.cli.node import supervisor

    if supervisor(db) is None:
        raise Stop(f"The node is not running, so there is no use to {to}.", NOT_RUNNING)


def _replayable(db: Database, uid: str) -> None:
    from dicom_node.cli import node
    from storage import listings, studies

    study = node.study(db, uid)
    if studies.counts(db, [study.id]).get(study.id, 0) == 0:
        why = "were removed by retention" if listings.is_removed(db, study.id) else "are not here"
        raise Stop(f"Study {uid} cannot be replayed: its stored pixels {why}. Send it again.")


def _follow(db: Database, uid: str) -> int:
    """Wait until all is done about the study, telling each step; status 1: something failed."""
    told = ""
    while True:
        _must_run(db, "go on waiting")
        progress = _seen(db, uid)
        if progress.stage != told:
            told = progress.stage
            print(f"{told}: {progress.sentence}", flush=True)
        if progress.finished:
            return WRONG if progress.failed else DONE
        time.sleep(LOOK_SECONDS)


def _seen(db: Database, uid: str) -> Progress:
    from dicom_node.cli.following import look

    progress = look(db, uid)
    if progress is None:
        raise Stop(f"The study {uid} is gone.")
    return progress
