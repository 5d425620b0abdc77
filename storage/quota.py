"""How much the inbox holds, as one number that all its processes share."""

from __future__ import annotations

import fcntl
import os
import struct
import threading
from collections.abc import Callable
from pathlib import Path

_NUMBER = struct.Struct("<q")


class Quota:
    """A running sum in a small file; the first to ask after a start measures it."""

    def __init__(self, path: Path, limit: int, measure: Callable[[], int]) -> None:
        self._path = path
        self._limit = limit
        self._measure = measure
        self._lock = threading.Lock()

    def left(self) -> int:
        """How many more bytes may be stored."""
        return self._limit - self.add(0)

    def add(self, size: int) -> int:
        """Count bytes that were stored, or removed where negative; return the sum."""
        fd = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
        try:
            with self._lock:
                fcntl.flock(fd, fcntl.LOCK_EX)  # let go by closing, or by dying
                stored = os.pread(fd, _NUMBER.size, 0)
                if len(stored) == _NUMBER.size:
                    total = _NUMBER.unpack(stored)[0] + size
                else:
                    total = self._measure()  # what `size` stands for is in it already
                if size or not stored:
                    os.pwrite(fd, _NUMBER.pack(total), 0)
                return int(total)
        finally:
            os.close(fd)
