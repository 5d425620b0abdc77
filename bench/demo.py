"""`make demo`: sends a phantom study of each kind to the node and follows them to their results.

The running node is used where one answers under the configuration; else one is started with the
defaults in a temporary folder, on free ports.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bench.demo_view import Refresh, Study, view
from config.errors import ConfigError
from config.loader import load
from config.settings import Settings
from dicom_node.cli import node as here
from dicom_node.cli.exits import DONE, INTERRUPTED, NOT_RUNNING, USAGE, WRONG, Stop
from dicom_node.cli.following import look
from dicom_node.cli.out import many

if TYPE_CHECKING:
    from storage.database import Database

START_SECONDS = 20.0
LOOK_SECONDS = 0.2


@dataclass(frozen=True, kw_only=True)
class Place:
    """The node the demonstration runs on."""

    settings: Settings
    environ: Mapping[str, str]
    """What the command line needs to be told to find it; empty for the configured node."""


def main() -> int:
    """Run the demonstration; the exit status is 0 where every study came to its end well."""
    parser = argparse.ArgumentParser(prog="python -m bench.demo", description=__doc__)
    parser.add_argument("--kind", action="append", metavar="KIND", help="only this kind; repeat")
    parser.add_argument("--seed", type=int, help="the same seed makes the same studies")
    parser.add_argument("--seconds", type=float, default=180.0, help="give up after so long (180)")
    parser.add_argument("--no-tty", action="store_true", help="lines instead of a live table")
    args = parser.parse_args()
    try:
        with _place() as place:
            return _demonstrate(place, args)
    except (Stop, ConfigError) as error:
        print(error, file=sys.stderr)
        return error.status if isinstance(error, Stop) else USAGE
    except KeyboardInterrupt:
        return INTERRUPTED


@contextmanager
def _place() -> Iterator[Place]:
    settings = load()
    if _answers(settings):
        address = here.itself(settings)
        print(f"Using the node that runs at {address.host}:{address.port}.")
        yield Place(settings=settings, environ={})
        return
    print("No node runs under this configuration; starting one in a temporary folder.")
    with tempfile.TemporaryDirectory(prefix="dicom-node-demo-") as folder:
        own = {
            "DICOM_NODE_NODE__DATA_DIR": folder,
            "DICOM_NODE_NODE__PORT": "0",
            "DICOM_NODE_HTTP__PORT": "0",
            "DICOM_NODE_ASSEMBLY__QUIET_SECONDS": "2",
        }
        # The site's routes are left out: phantoms are not sent to its PACS.
        plain = {name: v for name, v in os.environ.items() if not name.startswith("DICOM_NODE_")}
        with _serving(plain | own, Path(folder) / "node.log") as settings:
            yield Place(settings=settings, environ=own)


def _answers(settings: Settings) -> bool:
    """Whether the configured node runs here and answers."""
    from dicom_node import scu

    try:
        with here.database(settings) as db:
            if here.supervisor(db) is None:
                return False
        scu.echo(settings, here.itself(settings))
    except (Stop, scu.Unreachable):
        return False
    return True


@contextmanager
def _serving(environ: Mapping[str, str], log: Path) -> Iterator[Settings]:
    settings = load(environ)
    with log.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "dicom_node.cli", "serve"],
            env=dict(environ),
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        deadline = time.monotonic() + START_SECONDS
        while not _answers(settings):
            if process.poll() is not None or time.monotonic() > deadline:
                raise Stop(f"The node did not start:\n{log.read_text()[-2000:]}", NOT_RUNNING)
            time.sleep(0.1)
        yield settings
    finally:
        process.terminate()
        try:
            process.wait(settings.node.drain_seconds + 5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _demonstrate(place: Place, args: argparse.Namespace) -> int:
    from bench.phantoms import KINDS

    wanted = args.kind or list(KINDS)
    unknown = sorted(set(wanted) - set(KINDS))
    if unknown:
        raise Stop(f"No such kind: {', '.join(unknown)}. There are: {', '.join(KINDS)}.", USAGE)
    # A seed of its own for every call: the same studies again would count as sent already.
    seed = args.seed if args.seed is not None else int(time.time())
    with tempfile.TemporaryDirectory(prefix="dicom-node-phantoms-") as folder:
        studies = [_make(kind, seed, Path(folder) / kind) for kind in dict.fromkeys(wanted)]
        total = sum(study.instances for study in studies)
        print(f"Made {many(len(studies), 'phantom study', 'phantom studies')}, {total} instances.")
        with here.database(place.settings) as db, view(studies, live=not args.no_tty) as refresh:
            began = time.monotonic()
            for study in studies:
                _send(place.settings, study, Path(folder) / study.kind)
                refresh()
            _follow(db, studies, began, args.seconds, refresh)
    return _conclude(place, studies, wait=sys.stdin.isatty() and not args.no_tty)


def _make(kind: str, seed: int, folder: Path) -> Study:
    from bench.phantoms import KINDS, write

    made = KINDS[kind](seed)
    paths = write(made, folder)
    return Study(
        kind=kind,
        uid=str(made[0].StudyInstanceUID),
        instances=len(paths),
        bytes=sum(path.stat().st_size for path in paths),
    )


def _send(settings: Settings, study: Study, folder: Path) -> None:
    from dicom_node import sending
    from dicom_node.cli.files import Gathered, gather
    from dicom_node.scu import Unreachable

    gathered = Gathered()
    for gathered in gather([folder]):  # noqa: B007 - the last answer is the whole one
        pass
    try:
        outcomes = sending.send(settings, here.itself(settings), gathered.found)
    except Unreachable as error:
        raise Stop(str(error), NOT_RUNNING) from None
    study.sent = sum(outcome.ok for outcome in outcomes)
    study.refused = [outcome.reason for outcome in outcomes if not outcome.ok]


def _follow(
    db: Database, studies: list[Study], began: float, seconds: float, refresh: Refresh
) -> None:
    """Look again and again until all is over, or for too long."""
    while not all(study.over for study in studies) and time.monotonic() - began < seconds:
        for study in studies:
            if not study.over:
                study.progress = look(db, study.uid)
                if study.over:
                    study.finished_after = time.monotonic() - began
        refresh()
        time.sleep(LOOK_SECONDS)


def _conclude(place: Place, studies: list[Study], *, wait: bool) -> int:
    failed = [study for study in studies if not study.well]
    for study in failed:
        print(f"NOT well: {study.kind} ({study.uid}): {study.stage}: {study.sentence}")
    if not failed:
        print(f"All {len(studies)} studies came to their end well.")
    _where(place, studies[0])
    if place.environ and wait:
        input("The temporary node runs until you press Enter. ")
    elif place.environ:
        print("The temporary node and its folder end here; `make run` first, and they stay.")
    return WRONG if failed else DONE


def _where(place: Place, study: Study) -> None:
    """Say where to look."""
    with here.database(place.settings) as db:
        running = here.supervisor(db)
    http_port = (running or {}).get("detail", {}).get("http_port") or place.settings.http.port
    if place.settings.http.enabled:
        print(f"Page:    http://{place.settings.http.host}:{http_port}/")
    told = "".join(f"{name}={value} " for name, value in place.environ.items() if "DATA" in name)
    print(f"Explain: {told}{here.program()} explain {study.uid}")


if __name__ == "__main__":
    sys.exit(main())
