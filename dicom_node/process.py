"""What every child process of the node has in common: its orders, its name, its end.

The supervisor starts a child as `python -m dicom_node.process ROLE` with one end of a socket
pair. Over it come the settings, later new ones, and the order to drain; and when the
supervisor dies, however it dies, the socket closes and so does the child. Nothing is left
behind that holds a port or works on the database beside the next start.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import signal
import socket
import sys
import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from config.settings import Settings

CONTROL_FD = "NODE_CONTROL_FD"
"""The environment variable that tells a child which descriptor its orders come over; its name
does not begin as those of settings do."""

EXIT_OVER_LIMIT = 71
"""The exit status of a worker that ended itself because a job went over time or memory."""


@dataclass
class Orders:
    """What the supervisor has told this child, kept up to date by a thread of its own."""

    id: str
    settings: Settings
    sockets: list[socket.socket]
    """The listening sockets this child was handed."""
    extra: dict[str, Any]
    channel: socket.socket
    stop: threading.Event = field(default_factory=threading.Event)
    on_reload: list[Callable[[Settings], None]] = field(default_factory=list)
    on_order: dict[str, Callable[[], None]] = field(default_factory=dict)

    def ready(self) -> None:
        """Tell the supervisor that this child does its work now."""
        with contextlib.suppress(OSError):
            self.channel.sendall(b'{"ready": true}\n')

    def follow(self) -> None:
        """Obey until the channel closes; the supervisor's death is an order too."""
        for line in self.channel.makefile("rb"):
            order = json.loads(line)
            if "settings" in order:
                self.settings = Settings.model_validate(order["settings"])
                for callback in self.on_reload:
                    callback(self.settings)
            elif order["order"] == "drain":
                self.stop.set()
            elif order["order"] in self.on_order:
                self.on_order[order["order"]]()
        os._exit(0 if self.stop.is_set() else 70)


def take_orders() -> Orders:
    """Read the first order and follow the later ones in a thread."""
    # The supervisor alone answers Ctrl-C; its children drain when it says so.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    channel = socket.socket(fileno=int(os.environ[CONTROL_FD]))
    first = json.loads(_line(channel))
    orders = Orders(
        id=first["id"],
        settings=Settings.model_validate(first["settings"]),
        sockets=[socket.socket(fileno=number) for number in first["fds"]],
        extra=first["extra"],
        channel=channel,
    )
    signal.signal(signal.SIGTERM, lambda *_: orders.stop.set())
    threading.Thread(target=orders.follow, name="orders", daemon=True).start()
    return orders


def _line(channel: socket.socket) -> bytes:
    # Byte by byte: what follows the first line belongs to the thread that reads on.
    line = b""
    while not line.endswith(b"\n"):
        piece = channel.recv(1)
        if not piece:
            sys.exit(70)
        line += piece
    return line


def new_id() -> str:
    """A name for a process, unique over machines and restarts."""
    return str(uuid.uuid4())


def _read_values_as_they_are() -> None:
    """Keep pydicom from judging values: its warnings would print a patient's into the log."""
    from pydicom import config

    config.settings.reading_validation_mode = config.IGNORE


def _end_with_the_supervisor() -> None:
    """Let the kernel end this process when the supervisor dies, even where Python cannot run.

    The orders' thread does so too, but not while native code of a pipeline holds the interpreter.
    """
    PR_SET_PDEATHSIG = 1
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def main() -> int:
    """Run the role this process was started for."""
    role = sys.argv[1]
    _end_with_the_supervisor()
    if role == "receiver":
        # Before anything imports pydicom: the receiver decodes no pixels.
        from dicom_node.lean import hide_pixel_libraries

        hide_pixel_libraries()
    from importlib import import_module

    module = import_module(
        {
            "receiver": "dicom_node.receiver.process",
            "assembly": "dicom_node.assembly",
            "worker": "dicom_node.worker",
            "sender": "dicom_node.sender",
            "gateway": "gateway.process",
        }[role]
    )
    if role != "gateway":
        _read_values_as_they_are()
    orders = take_orders()
    from dicom_node import logs

    logs.configure(orders.settings.logging, role)
    logs.report_bugs_without_their_words()
    orders.on_reload.append(lambda settings: logs.configure(settings.logging, role))
    module.run(orders)
    return 0


if __name__ == "__main__":
    status = main()
    sys.stdout.flush()
    sys.stderr.flush()
    # All is done and on disk. Taking the interpreter apart takes longer than draining an idle
    # node, and a thread of a library that still waits for a peer would hold it up further.
    os._exit(status)
