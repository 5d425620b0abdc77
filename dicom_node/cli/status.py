"""`dicom-node status`: what runs, what waits and for what."""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING

from dicom_node.cli.exits import DONE, NOT_RUNNING, WRONG
from dicom_node.cli.kinds import Commands, with_json

if TYPE_CHECKING:
    from argparse import Namespace
    from typing import Any

    from rich.console import RenderableType

    from config.settings import Settings
    from storage.database import Database

EVERY_SECONDS = 1.0


def register(commands: Commands) -> None:
    """Add the command to the parser."""
    command = commands.add_parser(
        "status", help="what runs, what waits and why; status 3 where the node does not run"
    )
    command.add_argument("--watch", action="store_true", help="go on until Ctrl-C")
    with_json(command)
    command.set_defaults(run=status)


def status(args: Namespace) -> int:
    """Say how the node is."""
    from dicom_node.cli.node import database, settings
    from dicom_node.cli.out import as_json, show

    found = settings()
    with database(found) as db:
        if args.watch:
            return _watch(args, found, db)
        seen = look(db, found)
    if args.json:
        as_json(seen)
    else:
        show(*_parts(seen))
    return _exit(seen)


def look(db: Database, found: Settings) -> dict[str, Any]:
    """How the node is, as JSON carries it."""
    from dicom_node.cli.node import processes
    from storage import listings, overview

    running = processes(db)
    traffic = overview.traffic(db)
    return {
        "at": time.time(),
        "running": any(row["role"] == "supervisor" and row["alive"] for row in running),
        "processes": running,
        "associations": traffic.connected,
        "arrivals": {"waiting": traffic.uncounted, "oldest_at": listings.oldest_arrival(db)},
        "studies": dict(traffic.studies),
        "jobs": dict(traffic.jobs),
        "deliveries": {
            name: {
                "counts": dict(queue.counts),
                "oldest_waiting_at": queue.oldest_waiting,
                "last_delivered_at": queue.last_delivered,
                "because": queue.comment,
            }
            for name, queue in overview.queues(db).items()
        },
        "disk": _disk(found),
    }


def _disk(found: Settings) -> dict[str, Any]:
    folder = Path(found.node.data_dir).absolute()
    existing = next(place for place in (folder, *folder.parents) if place.exists())
    free, needed = shutil.disk_usage(existing).free, found.receiver.min_free_mb
    return {
        "folder": str(folder),
        "free_mb": free // 2**20,
        "needed_mb": needed,
        "has_room": free >= needed * 2**20,
    }


def trouble(seen: dict[str, Any]) -> list[str]:
    """What a person should see to, in sentences with what to do."""
    from dicom_node.cli.out import many

    told = []
    if not seen["running"]:
        told.append("The node is not running: start it with `dicom-node serve`.")
    gone = [row for row in seen["processes"] if not row["alive"]]
    if seen["running"] and gone:
        roles = ", ".join(sorted({row["role"] for row in gone}))
        told.append(f"Gone without a word: {roles}. The supervisor starts them again; see its log.")
    if not seen["disk"]["has_room"]:
        told.append(
            f"Only {seen['disk']['free_mb']} MB are free in {seen['disk']['folder']} and "
            f"{seen['disk']['needed_mb']} are needed: instances are refused (0xA700). Make room."
        )
    if dead := seen["jobs"].get("dead", 0):
        told.append(
            f"{many(dead, 'job')} given up: `dicom-node jobs list --status dead` says why, "
            "`dicom-node jobs retry --all-dead` runs them again."
        )
    for name, of_peer in seen["deliveries"].items():
        if dead := of_peer["counts"].get("dead", 0):
            told.append(
                f"{many(dead, 'delivery', 'deliveries')} to {name} given up: `dicom-node "
                f"deliveries list --status dead` says why, `deliveries retry --to {name}` resumes."
            )
    return told


def _exit(seen: dict[str, Any]) -> int:
    """Old failures alone are no alarm: they stay listed until somebody retries them."""
    if not seen["running"]:
        return NOT_RUNNING
    is_whole = seen["disk"]["has_room"] and all(row["alive"] for row in seen["processes"])
    return DONE if is_whole else WRONG


def _parts(seen: dict[str, Any]) -> list[RenderableType]:
    from dicom_node.cli.out import table

    parts: list[RenderableType] = [table(("what", "now"), _rows(seen))]
    if seen["processes"]:
        parts.append(_processes(seen))
    if seen["deliveries"]:
        parts.append(_deliveries(seen))
    return parts + [f"! {text}" for text in trouble(seen)]


def _rows(seen: dict[str, Any]) -> list[tuple[str, str]]:
    from dicom_node.cli.out import many, size, span

    arrivals, disk = seen["arrivals"], seen["disk"]
    queue = many(arrivals["waiting"], "instance")
    if arrivals["oldest_at"]:
        queue += f", the oldest for {span(seen['at'] - arrivals['oldest_at'])}"
    return [
        ("node", "running" if seen["running"] else "NOT running"),
        ("associations", many(seen["associations"], "open association")),
        ("to be indexed", queue),
        ("studies", _counts(seen["studies"])),
        ("jobs", _counts(seen["jobs"])),
        ("disk", f"{size(disk['free_mb'] * 2**20)} free in {disk['folder']}"),
    ]


def _counts(found: dict[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in sorted(found.items())) or "none"


def _processes(seen: dict[str, Any]) -> RenderableType:
    from dicom_node.cli.out import span, table

    rows = (
        (
            row["role"],
            row["pid"],
            row["host"],
            "alive" if row["alive"] else "GONE",
            span(seen["at"] - row["started_at"]),
            span(seen["at"] - row["heartbeat_at"]),
        )
        for row in seen["processes"]
    )
    return table(("process", "#pid", "host", "state", "#runs for", "#last sign"), rows)


def _deliveries(seen: dict[str, Any]) -> RenderableType:
    from dicom_node.cli.out import span, table

    columns = ("destination", "#waiting", "#sent", "#delivered", "#dead", "#oldest", "because")
    rows = []
    for name, of_peer in seen["deliveries"].items():
        counts, oldest = of_peer["counts"], of_peer["oldest_waiting_at"]
        waits = span(seen["at"] - oldest) if oldest else ""
        numbers = (counts.get(s, 0) for s in ("waiting", "sent", "delivered", "dead"))
        rows.append((name, *numbers, waits, _because(of_peer)))
    return table(columns, rows)


def _because(of_peer: dict[str, Any]) -> str:
    if of_peer["counts"].get("waiting"):
        return str(of_peer["because"] or "its turn has not come")
    return "the peer has not vouched for it yet" if of_peer["counts"].get("sent") else ""


def _watch(args: Namespace, found: Settings, db: Database) -> int:
    """Show it again and again, until Ctrl-C."""
    from rich.console import Group
    from rich.live import Live

    from dicom_node.cli.out import as_json, console, show

    out = console()
    if args.json or not out.is_terminal:
        while True:
            seen = look(db, found)
            as_json(seen, indent=None) if args.json else show(*_parts(seen), "")
            time.sleep(EVERY_SECONDS)
    with Live(console=out, auto_refresh=False) as live:
        while True:
            live.update(Group(*_parts(look(db, found))), refresh=True)
            time.sleep(EVERY_SECONDS)
