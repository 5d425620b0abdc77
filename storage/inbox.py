"""The inbox: instances as files, safe on disk before anybody is told that we have them.

    inbox/ab/cdef....dcm       an instance; the name is a hash of its SOP Instance UID
    inbox/ab/cdef....r2.dcm    other bytes that came later under the same UID
    inbox/incoming/...         what is being written; nothing here was ever acknowledged

Several processes write to one inbox. Names are taken by `link`, which the file system grants to
one of them only.
"""

from __future__ import annotations

import errno
import os
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from itertools import count
from pathlib import Path
from typing import Literal
from uuid import uuid4

from config.settings import Settings
from storage.journal import Unreadable, read_journal, read_meta
from storage.killpoints import reached
from storage.quota import Quota
from storage.records import Outcome
from storage.writing import NewFile, Stages

__all__ = ["Inbox", "Incoming", "NoRoom", "OnConflict", "Unreadable", "read_journal"]

OnConflict = Literal["revise", "keep-first", "refuse"]

_MB = 1 << 20
_COMPARED_AT_ONCE = 1 << 18


class NoRoom(Exception):
    """The disk or the quota is full: nothing was kept."""


@contextmanager
def _room() -> Iterator[None]:
    """Raise `NoRoom` for the errors that say so."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise NoRoom from error
        raise


class Inbox:
    """A folder of instances; see the module for its layout."""

    def __init__(self, root: Path, *, min_free_mb: int = 0, quota_mb: int = 0) -> None:
        self.root = root
        self._incoming = root / "incoming"
        self._lay_out()
        self.stages = Stages()
        self._prefix, self._numbers = uuid4().hex, count()
        self._min_free = min_free_mb * _MB
        self._quota = Quota(root / "size", quota_mb * _MB, self._measure) if quota_mb else None
        self._folders: dict[str, int] = {}
        self._lock = threading.Lock()
        self._asked_at = float("-inf")
        self._free = 0

    @classmethod
    def of(cls, settings: Settings) -> Inbox:
        """The inbox of a configuration."""
        receiver = settings.receiver
        return cls(
            settings.node.data_dir / "inbox",
            min_free_mb=receiver.min_free_mb,
            quota_mb=receiver.quota_mb,
        )

    def recover(self) -> int:
        """Remove what was half-written when the node died; return how many files that were.

        Only for the one process that starts the node, before any receiver runs.
        """
        (self.root / "size").unlink(missing_ok=True)
        left = list(self._incoming.iterdir())
        for path in left:
            path.unlink()
        return len(left)

    def incoming(self) -> Incoming:
        """Begin a new file, or raise `NoRoom`."""
        if not self.has_room():
            raise NoRoom
        return Incoming(self, self._incoming / f"{self._prefix}-{next(self._numbers)}")

    def path(self, key: str) -> Path:
        """Where the file with this key is."""
        return self.root / key

    def holds(self, SOPInstanceUID: str) -> Path | None:
        """The newest file of this instance, if there is one."""
        newest = None
        for key in _keys(SOPInstanceUID):
            path = self.root / key
            if not path.exists():
                return newest
            newest = path
        return None

    def scan(self) -> Iterator[tuple[str, os.stat_result]]:
        """Every file the inbox holds, by key, in no particular order."""
        for folder in os.scandir(self.root):
            if folder.is_dir() and len(folder.name) == 2:
                for entry in os.scandir(folder.path):
                    if entry.name.endswith(".dcm"):
                        yield f"{folder.name}/{entry.name}", entry.stat()

    def remove(self, key: str) -> None:
        """Remove a file for good; nothing happens where it is gone already."""
        path = self.root / key
        try:
            size = path.stat().st_size
            path.unlink()
        except FileNotFoundError:
            return
        if self._quota:
            self._quota.add(-size)

    def free(self) -> int:
        """How many bytes the disk has left for us, as of the last second."""
        now = time.monotonic()
        if now - self._asked_at >= 1.0:
            status = os.statvfs(self.root)
            self._free = status.f_bavail * status.f_frsize
            self._asked_at = now
        return self._free

    def has_room(self) -> bool:
        """Whether an instance may be taken in at all."""
        if self._min_free and self.free() < self._min_free:
            return False
        return self._quota is None or self._quota.left() > 0

    def _measure(self) -> int:
        return sum(status.st_size for _, status in self.scan())

    def _lay_out(self) -> None:
        """Make every folder there will ever be, and see to it that they are on disk."""
        self._incoming.mkdir(parents=True, exist_ok=True)
        there = {entry.name for entry in os.scandir(self.root)}
        for number in range(256):
            if f"{number:02x}" not in there:
                (self.root / f"{number:02x}").mkdir(exist_ok=True)
        _sync_folder(self.root)  # even where nothing was missing: another may just have made them

    def _folder(self, name: str) -> int:
        """A descriptor of a folder, kept open; there are 256 of them."""
        fd = self._folders.get(name)
        if fd is not None:
            return fd
        with self._lock:
            if name not in self._folders:
                flags = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
                self._folders[name] = os.open(self.root / name, flags)
            return self._folders[name]

    def _publish(self, written: Incoming, uid: str, on_conflict: OnConflict) -> tuple[str, Outcome]:
        """Give a synced file its name, and sync that too; or say what was there already."""
        first = next(_keys(uid))
        for key in _keys(uid):
            if key != first and on_conflict != "revise" and not (self.root / key).exists():
                return self._refuse(first, on_conflict)
            folder = self._folder(key[:2])
            try:
                os.link(written.path, key[3:], dst_dir_fd=folder)
            except FileExistsError:
                if written.same_as(self.root / key):
                    os.fsync(folder)  # whoever linked it may not have come to this yet
                    return key, Outcome.DUPLICATE
                continue
            reached("receiver: file named, folder not synced")
            os.fsync(folder)
            if self._quota:
                self._quota.add(written.size)
            return key, Outcome.STORED if key == first else Outcome.REVISED
        raise AssertionError("unreachable: there is always a next name")

    def _refuse(self, first: str, on_conflict: OnConflict) -> tuple[str, Outcome]:
        if on_conflict == "refuse":
            return first, Outcome.REFUSED
        os.fsync(self._folder(first[:2]))  # the peer will hear that we have the instance
        return first, Outcome.KEPT_FIRST


class Incoming:
    """A file on its way into the inbox: written to, and then kept or discarded, once."""

    def __init__(self, inbox: Inbox, path: Path) -> None:
        self._inbox = inbox
        self.path = path
        with _room():
            self._file = NewFile(path, inbox.stages)

    @property
    def size(self) -> int:
        """How many bytes were written so far."""
        return self._file.size

    def write(self, buffers: Sequence[bytes | memoryview]) -> None:
        """Append buffers, or raise `NoRoom`."""
        with _room():
            self._file.append(buffers)

    def read(self, length: int, offset: int) -> bytes:
        """What was written so far, from an offset."""
        return self._file.read(length, offset)

    def keep(self, SOPInstanceUID: str, on_conflict: OnConflict) -> tuple[str, Outcome]:
        """Make the file durable under its name; it is safe when this returns.

        The answer is the key of the file that now stands for these bytes (for `KEPT_FIRST` and
        `REFUSED`: of the file that stood in the way). Raises `NoRoom` where the disk is full.
        """
        try:
            with _room():
                reached("receiver: file written, not synced")
                self._file.sync()
                reached("receiver: file synced, not named")
                return self._inbox._publish(self, SOPInstanceUID, on_conflict)
        finally:
            self.discard()

    def discard(self) -> None:
        """Remove the file unless it was kept; calling it again does nothing."""
        if self._file.fd >= 0:
            self._file.close()
            self.path.unlink(missing_ok=True)

    def same_as(self, other: Path) -> bool:
        """Whether another file holds the same data set in the same transfer syntax."""
        try:
            fd = os.open(other, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return False
        try:
            return _same_data_set(self._file.fd, fd)
        except Unreadable:
            return False
        finally:
            os.close(fd)


def _keys(SOPInstanceUID: str) -> Iterator[str]:
    """The names an instance may have, in the order they are taken."""
    name = sha256(SOPInstanceUID.encode("utf-8", "surrogateescape")).hexdigest()
    stem = f"{name[:2]}/{name[2:]}"
    yield f"{stem}.dcm"
    for revision in count(2):
        yield f"{stem}.r{revision}.dcm"


def _same_data_set(one: int, other: int) -> bool:
    metas = read_meta(one), read_meta(other)
    if metas[0].TransferSyntaxUID != metas[1].TransferSyntaxUID:
        return False
    at, there = metas[0].offset, metas[1].offset
    if os.fstat(one).st_size - at != os.fstat(other).st_size - there:
        return False
    while True:
        part = os.pread(one, _COMPARED_AT_ONCE, at)
        if part != os.pread(other, _COMPARED_AT_ONCE, there):
            return False
        if not part:
            return True
        at += len(part)
        there += len(part)


def _sync_folder(path: Path) -> None:
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
