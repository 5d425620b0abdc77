"""One process of the node, seen from its parent: started, given orders, buried."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from typing import Any

from config.settings import Settings
from dicom_node.process import CONTROL_FD, new_id

BACKOFF = (0.0, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
"""The waits before a process that keeps dying is started again, in seconds."""

ORDER_SECONDS = 2.0
"""How long a child may take to read an order that no longer fits in between."""


@dataclass(kw_only=True)
class Child:
    """One process of the node."""

    role: str
    sockets: tuple[socket.socket, ...] = ()
    fds: tuple[int, ...] = ()
    """Other descriptors it inherits, under the same numbers."""
    extra: dict[str, Any] = field(default_factory=dict)
    id: str = ""
    popen: subprocess.Popen[bytes] | None = None
    channel: socket.socket | None = None
    is_ready: bool = False
    started_at: float = 0.0
    deaths: int = 0
    start_at: float = 0.0

    def spawn(self) -> None:
        """Start the process; it imports what it needs and waits for its first order."""
        ours, theirs = socket.socketpair()
        self.id, self.is_ready, self.started_at = new_id(), False, time.monotonic()
        self.popen = subprocess.Popen(
            # -P: the folder we are started in may hold a `config` or a `storage` of its own.
            [sys.executable, "-P", "-m", "dicom_node.process", self.role],
            pass_fds=[theirs.fileno(), *(s.fileno() for s in self.sockets), *self.fds],
            env=os.environ | {CONTROL_FD: str(theirs.fileno())},
            # Not in the terminal's group: Ctrl-C is the supervisor's to answer.
            start_new_session=True,
        )
        theirs.close()
        ours.setblocking(False)
        self.channel = ours

    def brief(self, settings: Settings) -> None:
        """Give the first order: who it is, the settings, its sockets."""
        self.tell(
            id=self.id,
            settings=plain(settings),
            fds=[s.fileno() for s in self.sockets],
            extra=self.extra | {"deaths": self.deaths},
        )

    def tell(self, **order: object) -> None:
        """Send an order; a dead child is noticed elsewhere, one that reads no orders is ended."""
        if self.channel is None or self.popen is None:
            return
        try:
            self.channel.settimeout(ORDER_SECONDS)
            self.channel.sendall(json.dumps(order).encode() + b"\n")
            self.channel.setblocking(False)
        except TimeoutError:
            # Half an order is under way: nothing that follows it would be understood.
            self.popen.kill()
        except OSError:
            return

    def hear(self) -> None:
        """Notice that the child is ready."""
        if self.channel is not None and not self.is_ready:
            try:
                self.is_ready = bool(self.channel.recv(4096))
            except OSError:
                return

    def dead(self) -> int | None:
        """The exit status of a child that ended, else None."""
        return None if self.popen is None else self.popen.poll()

    def bury(self) -> None:
        """Forget the process that ended."""
        if self.channel is not None:
            self.channel.close()
        self.popen = self.channel = None
        # A child that lived for a minute is not one that cannot start.
        self.deaths = 1 if time.monotonic() - self.started_at > 60 else self.deaths + 1
        self.start_at = time.monotonic() + BACKOFF[min(self.deaths, len(BACKOFF)) - 1]


def plain(settings: Settings) -> dict[str, Any]:
    """The settings as JSON can carry them, secrets included: only for our own children."""

    def spell(value: Any) -> Any:
        return value.get_secret_value() if hasattr(value, "get_secret_value") else str(value)

    text = json.dumps(settings.model_dump(), default=spell)
    found: dict[str, Any] = json.loads(text)
    return found
