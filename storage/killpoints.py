"""Places where a process may be killed on purpose, to prove that nothing is lost there.

A start with `NODE_KILL_AT=NAME:FILE` in its environment kills the first process that comes to
the point NAME, with SIGKILL, and leaves FILE behind so that it happens once. Without the
variable a point costs a comparison. The crash test enumerates `POINTS`.
"""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Literal, get_args

Point = Literal[
    "receiver: association accepted",
    "receiver: instance announced",
    "receiver: data half written",
    "receiver: file written, not synced",
    "receiver: file synced, not named",
    "receiver: file named, folder not synced",
    "receiver: instance safe, peer not told",
    "receiver: peer told, database not",
    "receiver: arrivals written, not committed",
    "receiver: arrivals committed",
    "assembly: headers read",
    "assembly: indexed, not committed",
    "assembly: indexed",
    "assembly: study judged complete",
    "assembly: jobs made, not committed",
    "assembly: study closed",
    "worker: job claimed",
    "worker: pipeline ran",
    "worker: results written, not recorded",
    "worker: job ended, not committed",
    "worker: job ended",
    "sender: about to send",
    "sender: sent, not recorded",
    "sender: recorded as sent",
    "sender: commitment to be asked, recorded",
    "sender: commitment asked",
    "receiver: commitment answered, not recorded",
    "receiver: commitment recorded, peer not told",
    "receiver: report owed, peer not told",
    "sender: report brought, not recorded",
    "supervisor: database ready",
    "supervisor: everything started",
]
POINTS: tuple[Point, ...] = get_args(Point)

_armed, _, _marker = os.environ.get("NODE_KILL_AT", "").rpartition(":")


def reached(point: Point) -> None:
    """Die here if a test says so, and has not said so before."""
    if point == _armed:
        try:
            os.close(os.open(Path(_marker), os.O_CREAT | os.O_EXCL))
        except FileExistsError:
            return
        os.kill(os.getpid(), signal.SIGKILL)
