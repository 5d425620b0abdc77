"""Writes new files past the page cache, which costs a receiver more than the disk does.

Copying into the page cache and having that written out takes most of the processor time of an
instance; a large aligned block goes to the disk straight from our memory. File systems that cannot
do so are written to in the ordinary way, and so are small files and ends of files.
"""

from __future__ import annotations

import errno
import fcntl
import mmap
import os
from collections.abc import Sequence
from pathlib import Path

STAGE = 1 << 19
"""Bytes that are gathered before they are written."""
_WORTH = 1 << 16
"""Less than this is written in the ordinary way."""
_BLOCK = 4096
_KEPT = 8
"""Stages that wait for their next file; more are given back to the system."""


class Stages:
    """Aligned memory, used again and again by whichever thread comes next."""

    def __init__(self) -> None:
        self._free: list[mmap.mmap] = []

    def take(self) -> mmap.mmap:
        """Memory of `STAGE` bytes that begins on a page."""
        try:
            return self._free.pop()
        except IndexError:
            return mmap.mmap(-1, STAGE)

    def give(self, stage: mmap.mmap) -> None:
        """Give memory back."""
        if len(self._free) < _KEPT:
            self._free.append(stage)


class NewFile:
    """A file that is appended to, made durable, and closed."""

    def __init__(self, path: Path, stages: Stages) -> None:
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        self.fd = os.open(path, flags, 0o640)
        self.size = 0
        self._stages = stages
        self._stage = stages.take()
        self._staged = 0
        self._direct = True

    def append(self, buffers: Sequence[bytes | memoryview]) -> None:
        """Take the next bytes, or raise OSError."""
        for buffer in buffers:
            rest = memoryview(buffer)
            while rest:
                part = rest[: STAGE - self._staged]
                end = self._staged + len(part)
                self._stage[self._staged : end] = part
                self._staged = end
                self.size += len(part)
                rest = rest[len(part) :]
                if end == STAGE:
                    self._flush()

    def read(self, length: int, offset: int) -> bytes:
        """What was appended so far, from an offset."""
        written = self.size - self._staged
        if offset >= written:
            return self._stage[offset - written : min(self._staged, offset - written + length)]
        found = os.pread(self.fd, length, offset)
        missing = min(length, self.size - offset) - len(found)
        return found + self._stage[:missing] if missing > 0 else found

    def sync(self) -> None:
        """See to it that every byte is on the disk, or raise OSError."""
        self._flush()
        os.fsync(self.fd)

    def close(self) -> None:
        """Close the file; calling it again does nothing."""
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1
            self._stages.give(self._stage)

    def _flush(self) -> None:
        start, done = self.size - self._staged, 0
        if self._direct and self._staged >= _WORTH:
            done = self._write_direct(start)
        while done < self._staged:
            with memoryview(self._stage) as view:
                done += os.pwrite(self.fd, view[done : self._staged], start + done)
        self._staged = 0

    def _write_direct(self, start: int) -> int:
        """Write the whole blocks of the stage; returns how much that was."""
        whole = self._staged - self._staged % _BLOCK
        usual = fcntl.fcntl(self.fd, fcntl.F_GETFL)
        try:
            fcntl.fcntl(self.fd, fcntl.F_SETFL, usual | os.O_DIRECT)
            with memoryview(self._stage) as view:
                return os.pwrite(self.fd, view[:whole], start)
        except OSError as error:
            if error.errno not in (errno.EINVAL, errno.EOPNOTSUPP):
                raise
            self._direct = False  # this file system wants none of it
            return 0
        finally:
            fcntl.fcntl(self.fd, fcntl.F_SETFL, usual)
