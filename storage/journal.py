"""The journal in a file's own meta information: how an instance came here, readable without us.

File meta information is written by hand because it is written for every instance; it is plain
PS3.10 section 7.1 and every toolkit reads it.
"""

from __future__ import annotations

import json
import os
import struct
from dataclasses import dataclass
from pathlib import Path

from storage.records import Arrival, Outcome

IMPLEMENTATION_CLASS_UID = "2.25.286638219268332498636826696396172736663"
"""The same as that of the objects this node makes; `results.identity` derives it."""
IMPLEMENTATION_VERSION_NAME = "DICOM-NODE"
JOURNAL_CREATOR_UID = "2.25.311845743068375969352261662987149582495"
"""Private Information Creator UID (0002,0100) of what follows in (0002,0102)."""

_PREAMBLE = bytes(128) + b"DICM"
_GROUP_LENGTH = struct.Struct("<HH2sHI")
_SHORT = struct.Struct("<HH2sH")
_LONG = struct.Struct("<HH2s2xI")
_LONG_VRS = frozenset((b"OB", b"OW", b"OF", b"SQ", b"UT", b"UN"))
_MOST_META = 1 << 20


class Unreadable(Exception):
    """A file whose meta information cannot be read."""


def _element(element: int, vr: bytes, value: bytes) -> bytes:
    if len(value) % 2:
        value += b" " if vr in (b"AE", b"SH") else b"\0"
    if vr in _LONG_VRS:
        return _LONG.pack(2, element, vr, len(value)) + value
    return _SHORT.pack(2, element, vr, len(value)) + value


def _ae(title: str) -> bytes:
    return title.encode("ascii", "replace")[:16]


@dataclass(frozen=True, kw_only=True)
class Provenance:
    """Who sends over which association; the same for every instance of it."""

    association: str
    calling_ae: str
    called_ae: str
    address: str


class MetaTemplate:
    """File meta information but for the instance UID and the moment, made once per context."""

    def __init__(self, SOPClassUID: str, TransferSyntaxUID: str, origin: Provenance) -> None:
        self._before = _element(0x0001, b"OB", b"\0\1") + _element(
            0x0002, b"UI", SOPClassUID.encode("ascii")
        )
        self._between = b"".join(
            (
                _element(0x0010, b"UI", TransferSyntaxUID.encode("ascii")),
                _element(0x0012, b"UI", IMPLEMENTATION_CLASS_UID.encode("ascii")),
                _element(0x0013, b"SH", IMPLEMENTATION_VERSION_NAME.encode("ascii")),
                _element(0x0016, b"AE", _ae(origin.calling_ae)),
                _element(0x0017, b"AE", _ae(origin.calling_ae)),
                _element(0x0018, b"AE", _ae(origin.called_ae)),
                _element(0x0100, b"UI", JOURNAL_CREATOR_UID.encode("ascii")),
            )
        )
        told = json.dumps({"association": origin.association, "address": origin.address})
        self._told = told[:-1].encode("ascii") + b', "received_at": '

    def fill(self, SOPInstanceUID: str, received_at: float) -> bytes:
        """Everything of the file that comes before the data set."""
        told = b"%s%.6f}" % (self._told, received_at)
        if len(told) % 2:
            told += b" "
        body = b"".join(
            (
                self._before,
                _element(0x0003, b"UI", SOPInstanceUID.encode("ascii")),
                self._between,
                _LONG.pack(2, 0x0102, b"OB", len(told)),
                told,
            )
        )
        return _PREAMBLE + _GROUP_LENGTH.pack(2, 0, b"UL", 4, len(body)) + body


@dataclass(frozen=True, kw_only=True, slots=True)
class Meta:
    """The file meta information of a file, and where its data set begins."""

    elements: dict[int, bytes]
    """The values of group 0002 by element number."""
    offset: int

    def text(self, element: int) -> str:
        """The value of an element as text, padding removed; empty where it is missing."""
        return self.elements.get(element, b"").decode("ascii", "replace").strip("\0 ")

    @property
    def TransferSyntaxUID(self) -> str:
        """How the data set is encoded."""
        return self.text(0x0010)


def read_meta(fd: int) -> Meta:
    """Read the file meta information of an open file, or raise `Unreadable`."""
    head = os.pread(fd, 4096, 0)
    if head[128:132] != b"DICM" or len(head) < 144:
        raise Unreadable("The file does not begin as a DICOM file does.")
    group, element, vr, _, length = _GROUP_LENGTH.unpack_from(head, 132)
    if (group, element, vr) != (2, 0, b"UL") or length > _MOST_META:
        raise Unreadable("The file does not say how long its meta information is.")
    end = 144 + length
    if end > len(head):
        head = os.pread(fd, end, 0)
    if end > len(head):
        raise Unreadable("The file ends within its meta information.")
    return Meta(elements=_elements(head, 144, end), offset=end)


def _elements(data: bytes, at: int, end: int) -> dict[int, bytes]:
    found: dict[int, bytes] = {}
    while at + 8 <= end:
        group, element, vr, length = _SHORT.unpack_from(data, at)
        at += 8
        if vr in _LONG_VRS and at + 4 <= end:
            (length,) = struct.unpack_from("<I", data, at)
            at += 4
        if group != 2 or at + length > end:
            raise Unreadable("The meta information of the file is damaged.")
        found[element] = data[at : at + length]
        at += length
    return found


def read_journal(path: Path, key: str) -> Arrival:
    """What a file of the inbox says about its own arrival, or raise `Unreadable`.

    A file that carries no journal of ours, because it was put there by hand, say, counts as
    having arrived when it was written.
    """
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        meta = read_meta(fd)
        status = os.fstat(fd)
    finally:
        os.close(fd)
    told = _told(meta)
    return Arrival(
        key=key,
        SOPClassUID=meta.text(0x0002),
        SOPInstanceUID=meta.text(0x0003),
        TransferSyntaxUID=meta.TransferSyntaxUID,
        size=status.st_size,
        association=str(told.get("association", "")),
        calling_ae=meta.text(0x0016),
        address=str(told.get("address", "")),
        received_at=float(told.get("received_at", status.st_mtime)),
        outcome=Outcome.REVISED if key.count(".") > 1 else Outcome.STORED,
    )


def _told(meta: Meta) -> dict[str, str | float]:
    if meta.text(0x0100) != JOURNAL_CREATOR_UID:
        return {}
    try:
        told: dict[str, str | float] = json.loads(meta.elements.get(0x0102, b"{}"))
    except ValueError as error:
        raise Unreadable("The journal in the file is damaged.") from error
    return told
