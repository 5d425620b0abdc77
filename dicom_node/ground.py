"""What a starting node takes hold of: its data folder, alone, and its ports."""

from __future__ import annotations

import errno
import fcntl
import os
import socket
import time
from collections.abc import Callable
from pathlib import Path

from config.settings import Settings


class Occupied(Exception):
    """Another node works on the data folder; two on one would take each other's jobs for lost."""


def listen_http(settings: Settings) -> list[socket.socket]:
    """Listen for the page and the API, where they are wanted."""
    if not settings.http.enabled:
        return []
    return [socket.create_server((settings.http.host, settings.http.port))]


def claim(data_dir: Path) -> int:
    """Be the only node on a data folder for as long as the returned descriptor is open.

    The kernel lets go of it when the process ends, however it ends.
    """
    folder = os.open(data_dir, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(folder)
        raise Occupied(f"Another node runs on the data folder {data_dir}.") from None
    return folder


def patiently(listening: Callable[[], list[socket.socket]]) -> list[socket.socket]:
    """Listen, waiting a moment where a predecessor that was killed still holds the port."""
    deadline = time.monotonic() + 3
    while True:
        try:
            return listening()
        except OSError as error:
            if error.errno != errno.EADDRINUSE or time.monotonic() > deadline:
                raise
            time.sleep(0.05)
