"""How many associations are open, counted over all receiver processes without a server.

An open association holds a lock on one byte of a file in memory, which the supervisor makes and
every receiver inherits. The kernel gives the byte back when the process dies, so a count is
never wrong for long.
"""

from __future__ import annotations

import fcntl
import os
import threading
from zlib import crc32

_MOST = 1 << 16


class Seats:
    """A number of seats under any name; who takes one gives it back."""

    def __init__(self, fd: int | None = None) -> None:
        self.fd = os.memfd_create("seats") if fd is None else fd
        self._mine: set[int] = set()
        self._lock = threading.Lock()

    def take(self, name: str, limit: int) -> int | None:
        """A seat under a name that has `limit` of them, or None where all are taken."""
        first = crc32(name.encode()) * _MOST
        with self._lock:
            for seat in range(first, first + min(limit, _MOST)):
                # A process does not exclude itself by such a lock, so it remembers its own.
                if seat not in self._mine and self._lock_byte(seat):
                    self._mine.add(seat)
                    return seat
        return None

    def leave(self, seat: int) -> None:
        """Give a seat back."""
        with self._lock:
            fcntl.lockf(self.fd, fcntl.LOCK_UN, 1, seat)
            self._mine.discard(seat)

    def _lock_byte(self, seat: int) -> bool:
        try:
            fcntl.lockf(self.fd, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, seat)
        except (BlockingIOError, PermissionError):
            return False
        return True
