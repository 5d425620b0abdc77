"""`dicom-node reload`: a running node takes over the changed configuration."""

from __future__ import annotations

import os
import signal
import socket
import sys
import time
from typing import TYPE_CHECKING

from dicom_node.cli.exits import DONE, NOT_RUNNING, USAGE, WRONG, Stop

if TYPE_CHECKING:
    from argparse import Namespace
    from typing import Any

    from dicom_node.cli.kinds import Commands
    from storage.database import Database

WAIT_SECONDS = 10.0


def register(commands: Commands) -> None:
    """Add the command to the parser."""
    command = commands.add_parser(
        "reload", help="let the running node take over changed routes, peers and retention"
    )
    command.set_defaults(run=reload)


def reload(args: Namespace) -> int:
    """Check the new configuration, ask the node to take it over, and say what it did."""
    from dicom_node.cli.node import database, settings
    from dicom_node.preflight import problems

    found = settings()
    if wrong := problems(found):
        raise Stop("The configuration is not reloaded.\n" + "\n".join(wrong), USAGE)
    with database(found) as db:
        since = _last_line(db)
        _ask(db)
        told = _answer(db, since)
    if told is None:
        raise Stop(f"The node did not answer for {WAIT_SECONDS:.0f} seconds; see its log.")
    if told["event"] == "reload-refused":
        print("The node refused the configuration and keeps the old one:", file=sys.stderr)
        print(told["detail"].get("because", ""), file=sys.stderr)
        return WRONG
    print(f"Reloaded. {told['detail'].get('changed', '')}".rstrip())
    return DONE


def _ask(db: Database) -> None:
    from dicom_node.cli.node import supervisor

    running = supervisor(db)
    if running is None:
        raise Stop("The node is not running; it reads its configuration when it starts.", 3)
    if running["host"] != socket.gethostname():
        raise Stop(f"The node runs on {running['host']}: call `reload` there.", NOT_RUNNING)
    os.kill(running["pid"], signal.SIGHUP)


def _last_line(db: Database) -> int:
    from storage import audit

    newest = audit.trail(db, limit=1)
    return int(newest[-1]["id"]) if newest else 0


def _answer(db: Database, since: int) -> dict[str, Any] | None:
    """The line of the audit trail in which the supervisor says what it did."""
    from storage import audit

    deadline = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline:
        for line in audit.trail(db, limit=1000):
            if line["id"] > since and line["event"] in ("reloaded", "reload-refused"):
                return dict(line)
        time.sleep(0.05)
    return None
