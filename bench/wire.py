"""As much of the DICOM upper layer as a load generator needs: bytes made before the clock starts.

It imports nothing but the standard library, so that a process that only sends stays small.
"""

from __future__ import annotations

import socket
import struct
import time
from dataclasses import dataclass
from typing import Self

APPLICATION_CONTEXT = b"1.2.840.10008.3.1.1.1"
VERIFICATION = "1.2.840.10008.1.1"
IMPLICIT_VR = "1.2.840.10008.1.2"
IMPLEMENTATION_CLASS = b"2.25.286638219268332498636826696396172736663"
MOST_PDU = 131072
"""The largest PDU that DCMTK's storescu sends."""
_CONTEXT_ID = 1
_PDU = struct.Struct(">BxI")
_PDV = struct.Struct(">IBB")
_ITEM = struct.Struct(">BxH")
_ELEMENT = struct.Struct("<HHI")
_COMMAND, _LAST = 0x01, 0x02


class Refused(Exception):
    """The peer did not take the association or an instance."""


class Closed(Exception):
    """The peer closed the connection."""


def _item(kind: int, value: bytes) -> bytes:
    return _ITEM.pack(kind, len(value)) + value


def associate_rq(SOPClassUID: str, TransferSyntaxUID: str, called: str) -> bytes:
    """An A-ASSOCIATE-RQ with one presentation context (PS3.8 section 9.3.2)."""
    syntaxes = _item(0x30, SOPClassUID.encode()) + _item(0x40, TransferSyntaxUID.encode())
    user = _item(0x51, struct.pack(">I", MOST_PDU)) + _item(0x52, IMPLEMENTATION_CLASS)
    body = b"".join(
        (
            struct.pack(">HH", 1, 0),
            called.encode().ljust(16) + b"BENCH".ljust(16) + bytes(32),
            _item(0x10, APPLICATION_CONTEXT),
            _item(0x20, bytes((_CONTEXT_ID, 0, 0, 0)) + syntaxes),
            _item(0x50, user),
        )
    )
    return _PDU.pack(0x01, len(body)) + body


def read_acceptance(kind: int, body: bytes) -> int:
    """The largest PDU the peer takes, by its A-ASSOCIATE-AC; anything else raises `Refused`."""
    if kind != 0x02:
        raise Refused(f"The association was answered with a PDU of type {kind}.")
    at, most = 68, 0
    while at + 4 <= len(body):
        item, length = _ITEM.unpack_from(body, at)
        value = body[at + 4 : at + 4 + length]
        if item == 0x21 and value[2] != 0:
            raise Refused(f"The presentation context was refused with result {value[2]}.")
        if item == 0x50 and value[0] == 0x51:
            (most,) = struct.unpack_from(">I", value, 4)
        at += 4 + length
    return min(most or MOST_PDU, MOST_PDU)


@dataclass(frozen=True, kw_only=True)
class Message:
    """A C-STORE request ready to be sent: a head in which UIDs are patched, and the rest."""

    head: bytearray
    tail: bytes
    """Every PDU after the first of the data set; the same for all associations."""
    places: tuple[tuple[int, int], ...]
    """Where in the head the instance's own values stand: (which value, offset)."""

    def of(self, values: tuple[bytes, ...]) -> list[bytearray | bytes]:
        """The buffers of an instance with these values, each as wide as what it replaces."""
        for which, at in self.places:
            value = values[which]
            self.head[at : at + len(value)] = value
        return [self.head, self.tail]


def encode(
    SOPClassUID: str, data_set: bytes, needles: tuple[bytes, ...], instance: int, most: int
) -> Message:
    """Cut a data set into PDUs; `needles[instance]` is its SOP Instance UID, named in the command.

    Each needle must stand in the first PDU.
    """
    uid = needles[instance]
    elements = (
        (0x0002, _padded(SOPClassUID.encode())),
        (0x0100, struct.pack("<H", 0x0001)),
        (0x0110, struct.pack("<H", 1)),
        (0x0700, struct.pack("<H", 0)),
        (0x0800, struct.pack("<H", 0)),
        (0x1000, _padded(uid)),
    )
    group = b"".join(_ELEMENT.pack(0, number, len(v)) + v for number, v in elements)
    command = _ELEMENT.pack(0, 0, 4) + struct.pack("<I", len(group)) + group
    room = most - 6
    parts = [data_set[at : at + room] for at in range(0, len(data_set), room)]
    pdus = [_p_data(part, 0 if part is not parts[-1] else _LAST) for part in parts]
    head = bytearray(_p_data(command, _COMMAND | _LAST) + pdus[0])
    places = [
        (which, at) for which, needle in enumerate(needles) for at in _occurrences(head, needle)
    ]
    return Message(head=head, tail=b"".join(pdus[1:]), places=tuple(places))


def _padded(value: bytes) -> bytes:
    return value + b"\0" if len(value) % 2 else value


def _p_data(fragment: bytes, control: int) -> bytes:
    body = _PDV.pack(len(fragment) + 2, _CONTEXT_ID, control) + fragment
    return _PDU.pack(0x04, len(body)) + body


def _occurrences(data: bytearray, needle: bytes) -> list[int]:
    found, at = [], data.find(needle)
    while at >= 0:
        found.append(at)
        at = data.find(needle, at + 1)
    return found


class Association:
    """An open association with one presentation context; requests are answered one by one."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._read = bytearray()
        self.most = MOST_PDU

    @classmethod
    def open(
        cls,
        port: int,
        called: str,
        SOPClassUID: str = VERIFICATION,
        TransferSyntaxUID: str = IMPLICIT_VR,
        seconds: float = 60.0,
    ) -> Self:
        """Connect and negotiate, or raise `Refused`, `Closed` or OSError."""
        sock = socket.create_connection(("127.0.0.1", port), timeout=seconds)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        found = cls(sock)
        try:
            sock.sendall(associate_rq(SOPClassUID, TransferSyntaxUID, called))
            found.most = read_acceptance(*found._pdu())
        except BaseException:
            sock.close()
            raise
        return found

    def store(self, buffers: list[bytearray | bytes]) -> None:
        """Send one instance and wait until it is acknowledged with success."""
        self._send(buffers)
        kind, body = self._pdu()
        if kind != 0x04:
            raise Refused(f"An instance was answered with a PDU of type {kind}.")
        status = response_status(body)
        if status:
            raise Refused(f"An instance was answered with status {status:04X}.")

    def release(self) -> None:
        """End the association in order."""
        try:
            self._sock.sendall(_PDU.pack(0x05, 4) + bytes(4))
            self._pdu()
        except (OSError, Closed):
            return
        finally:
            self._sock.close()

    def _send(self, buffers: list[bytearray | bytes]) -> None:
        sent = self._sock.sendmsg(buffers)
        for buffer in buffers:
            if sent < len(buffer):
                self._sock.sendall(memoryview(buffer)[sent:])
            sent = max(0, sent - len(buffer))

    def _pdu(self) -> tuple[int, bytes]:
        self._fill(_PDU.size)
        kind, length = _PDU.unpack_from(self._read)
        self._fill(_PDU.size + length)
        body = bytes(self._read[_PDU.size : _PDU.size + length])
        del self._read[: _PDU.size + length]
        return kind, body

    def _fill(self, wanted: int) -> None:
        while len(self._read) < wanted:
            received = self._sock.recv(4096)
            if not received:
                raise Closed("The peer closed the connection.")
            self._read += received


def response_status(body: bytes) -> int:
    """The Status of a response that lies in one P-DATA-TF, command only."""
    at = _PDV.size
    while at + 8 <= len(body):
        _, element, length = _ELEMENT.unpack_from(body, at)
        at += 8
        if element == 0x0900:
            (status,) = struct.unpack_from("<H", body, at)
            return int(status)
        at += length
    raise Refused("A response carries no status.")


def first_acceptance(port: int, called: str, seconds: float) -> float:
    """Knock until an association is accepted; the moment it was, by the monotonic clock."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            association = Association.open(port, called)
        except (OSError, Refused, Closed):
            if time.monotonic() > deadline:
                raise
            time.sleep(0.002)
        else:
            accepted = time.monotonic()
            association.release()
            return accepted
