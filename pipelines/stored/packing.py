"""Deflated files, which may become much larger once they are unpacked."""

from __future__ import annotations

import io
import zlib
from typing import TYPE_CHECKING, BinaryIO

from pipelines.contract import Instance

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

MOST_INFLATED = 2**30
"""So many bytes a deflated file may have once it is unpacked."""
_META_START = 144
"""Preamble, DICM, and the element with the length of the rest of the meta information."""
_PIECE = 1 << 16


def inflates_too_far(instance: Instance) -> bool:
    """Whether unpacking a deflated file would take too much memory; it is read bit by bit."""
    with instance.path.open("rb") as file:
        return Inflated(file).seek(MOST_INFLATED + 1) > MOST_INFLATED


class Inflated(io.RawIOBase):
    """A deflated file as if it were not: it is unpacked while it is read, and never held.

    Reading on is cheap, going back is to begin anew. `head` stands before the data set.
    """

    def __init__(self, file: BinaryIO, head: bytes = b"") -> None:
        self.name = file.name  # pydicom asks every file for it
        self._file, self._head = file, head
        start = file.read(_META_START)
        self._start = _META_START + int.from_bytes(start[140:144], "little")
        self._rewind()

    def _rewind(self) -> None:
        self._file.seek(self._start)
        self._unpacking, self._at = zlib.decompressobj(-zlib.MAX_WBITS), 0

    def readable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """It is, at the price of unpacking what lies before."""
        return True

    def tell(self) -> int:
        """So many bytes were read."""
        return self._at

    def readinto(self, buffer: WriteableBuffer) -> int:
        """The next bytes, at least one, none at the end."""
        view = memoryview(buffer).cast("B")
        data = self._next(len(view))
        view[: len(data)] = data
        return len(data)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """To a place from the start or from here; no further than to the end."""
        if whence == io.SEEK_END:
            raise io.UnsupportedOperation("where it ends is not known")
        target = offset + (self._at if whence == io.SEEK_CUR else 0)
        if target < self._at:
            self._rewind()
        while self._at < target and self._next(min(target - self._at, 1 << 20)):
            pass
        return self._at

    def _next(self, size: int) -> bytes:
        data = self._head[self._at : self._at + size]
        while not data and size and not self._unpacking.eof:
            packed = self._unpacking.unconsumed_tail or self._file.read(_PIECE)
            data = self._unpacking.decompress(packed, size)
            if not (packed or data):
                break
        self._at += len(data)
        return data
