"""`dicom-node send`: files, folders and zip archives to a peer, or to the node itself."""

from __future__ import annotations

import sys
import time
from collections import Counter
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from dicom_node.cli.exits import DONE, NOT_RUNNING, USAGE, WRONG, Stop
from dicom_node.cli.kinds import Commands, positive, with_json

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Callable, Iterator
    from typing import Any

    from config.settings import Peer, Settings
    from dicom_node.cli.files import Gathered
    from dicom_node.sending import Outcome


def register(commands: Commands) -> None:
    """Add the command to the parser."""
    command = commands.add_parser(
        "send",
        help="send DICOM files, folders or zip archives by C-STORE, as they are",
        description="Send DICOM files, everything in folders and zip archives, by C-STORE. DICOM "
        "is known by its content, not its name; other files are skipped and counted.",
    )
    command.add_argument("paths", nargs="+", type=Path, metavar="PATH")
    command.add_argument(
        "--to", metavar="PEER", help="a peer's name, HOST:PORT or HOST:PORT:AE (default: this node)"
    )
    command.add_argument("--calling", metavar="AE", help="the AE title to call with")
    command.add_argument(
        "--jobs", type=positive, default=1, metavar="N", help="associations at once (1)"
    )
    with_json(command)
    command.set_defaults(run=send, pixels=False)


def send(args: Namespace) -> int:
    """Send files and say what became of them."""
    from dicom_node.cli import node

    missing = [str(path) for path in args.paths if not path.exists()]
    if missing:
        raise Stop(f"There is no such file or folder: {', '.join(missing)}", USAGE)
    found = _calling(node.settings(), args.calling)
    peer = node.peer(found, args.to)[1] if args.to else node.itself(found)
    gathered = _gather(args.paths)
    began = time.monotonic()
    outcomes = _send(found, peer, gathered, args.jobs) if gathered.found else []
    seconds = time.monotonic() - began
    if args.json:
        _as_json(gathered, outcomes, seconds)
    else:
        _tell(gathered, outcomes, seconds, peer)
    is_whole = outcomes and all(outcome.ok for outcome in outcomes) and not gathered.damaged
    return DONE if is_whole else WRONG


def _calling(found: Settings, ae_title: str | None) -> Settings:
    """The settings with another AE title of our own, checked as one in the file is."""
    if ae_title is None:
        return found
    from pydantic import ValidationError

    from config.settings import Node

    try:
        node = Node.model_validate({**found.node.model_dump(), "ae_title": ae_title})
    except ValidationError:
        raise Stop(f'"{ae_title}" is no AE title: 1 to 16 plain characters.', USAGE) from None
    return found.model_copy(update={"node": node})


def _gather(paths: list[Path]) -> Gathered:
    from dicom_node.cli.files import Gathered, gather
    from dicom_node.cli.out import console

    gathered = Gathered()
    with console(stderr=True).status("Looking for DICOM files") as shown:
        for gathered in gather(paths):
            if len(gathered.found) % 100 == 0:
                shown.update(f"Looking for DICOM files: {len(gathered.found)} found")
    return gathered


def _send(found: Settings, peer: Peer, gathered: Gathered, jobs: int) -> list[Outcome]:
    from dicom_node import sending
    from dicom_node.scu import Unreachable

    try:
        with _progress(gathered) as advance:
            return sending.send(found, peer, gathered.found, jobs=jobs, on_outcome=advance)
    except Unreachable as error:
        raise Stop(
            f"{error} Nothing was sent. Is it running, and does it know the AE title "
            f"{found.node.ae_title}?",
            NOT_RUNNING,
        ) from None


@contextmanager
def _progress(gathered: Gathered) -> Iterator[Callable[[Outcome], None]]:
    """A bar with count and rate on a terminal; nothing in a pipe."""
    from rich.progress import (
        BarColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )

    from dicom_node.cli.out import console

    out = console(stderr=True)
    columns = (
        TextColumn("Sending"),
        BarColumn(),
        TextColumn("{task.fields[done]}/{task.fields[files]} files"),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=out, transient=True, disable=not out.is_terminal) as bar:
        total = sum(file.size for file in gathered.found)
        task = bar.add_task("", total=total, done=0, files=len(gathered.found))
        done = 0

        def advance(outcome: Outcome) -> None:
            nonlocal done
            done += 1
            bar.update(task, advance=outcome.file.size, done=done)

        yield advance


def _failures(gathered: Gathered, outcomes: list[Outcome]) -> list[tuple[str, str]]:
    refused = [(o.file.name, o.reason) for o in outcomes if not o.ok]
    return refused + gathered.damaged


def _as_json(gathered: Gathered, outcomes: list[Outcome], seconds: float) -> None:
    from dicom_node.cli.out import as_json

    answered = Counter(f"{o.status:#06x}" for o in outcomes if o.status is not None)
    failed: list[dict[str, Any]] = [
        {"name": o.file.name, "status": o.status, "because": o.reason} for o in outcomes if not o.ok
    ]
    failed += [{"name": n, "status": None, "because": why} for n, why in gathered.damaged]
    as_json(
        {
            "sent": sum(o.ok for o in outcomes),
            "bytes": sum(o.file.size for o in outcomes if o.ok),
            "seconds": round(seconds, 3),
            "statuses": dict(answered),
            "skipped": len(gathered.skipped),
            "failed": failed,
        }
    )


def _tell(gathered: Gathered, outcomes: list[Outcome], seconds: float, peer: Peer) -> None:
    from dicom_node.cli.out import many, show, size, table
    from dicom_node.sending import meaning

    if not outcomes and not gathered.damaged:
        print(f"No DICOM file found ({many(len(gathered.skipped), 'other file')}).")
        return
    answered = Counter(outcome.status for outcome in outcomes)
    rows = [
        ("none", "no answer, or not sent", count)
        if status is None
        else (f"{status:#06x}", meaning(status), count)
        for status, count in sorted(answered.items(), key=lambda item: (item[0] is None, item[0]))
    ]
    if rows:
        show(table(("status", "meaning", "#files"), rows))
    done = [outcome for outcome in outcomes if outcome.ok]
    sent = sum(outcome.file.size for outcome in done)
    rate = f"{len(done) / seconds:.0f} files/s, {sent / 1e6 / seconds:.1f} MB/s" if seconds else ""
    print(
        f"{many(len(done), 'file')} ({size(sent)}) sent to {peer.ae_title} at "
        f"{peer.host}:{peer.port} in {seconds:.1f} s: {rate}."
    )
    if gathered.skipped:
        print(f"{many(len(gathered.skipped), 'file')} skipped: not DICOM, or an index of DICOM.")
    for name, why in _failures(gathered, outcomes):
        print(f"failed: {name}: {why}", file=sys.stderr)
