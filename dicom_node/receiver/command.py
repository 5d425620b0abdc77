"""C-STORE requests read and answered without a Dataset: PS3.7 sections 6.3.1 and 9.3.1.

Every other message goes through pynetdicom; this one comes a thousand times a second.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from dicom_node.receiver.pdu import ProtocolError
from dicom_node.statuses import Abort, Status

C_STORE_RQ = 0x0001
C_CANCEL_RQ = 0x0FFF
IS_RESPONSE = 0x8000
NO_DATA_SET = 0x0101
"""CommandDataSetType of a message without a data set; any other value means that one follows."""

_ELEMENT = struct.Struct("<HHI")
_US = struct.Struct("<H")
_MOST_COMMENT = 64


@dataclass(frozen=True, slots=True)
class Command:
    """The elements of a command set by element number, group 0000 understood."""

    elements: dict[int, bytes]

    def number(self, element: int) -> int | None:
        """The value of a US element; None where it is missing or is none."""
        value = self.elements.get(element, b"")
        return _US.unpack(value)[0] if len(value) == _US.size else None

    def text(self, element: int) -> str:
        """The value of a UI element, padding removed; what is not ASCII is no UID."""
        return self.elements.get(element, b"").decode("ascii", "replace").strip("\0 ")

    @property
    def CommandField(self) -> int | None:
        """Which message it is."""
        return self.number(0x0100)

    @property
    def MessageID(self) -> int | None:
        """The number a response has to name."""
        return self.number(0x0110)

    @property
    def has_data_set(self) -> bool:
        """Whether a data set follows."""
        return self.number(0x0800) != NO_DATA_SET

    @property
    def AffectedSOPClassUID(self) -> str:
        """The class of what is sent."""
        return self.text(0x0002)

    @property
    def AffectedSOPInstanceUID(self) -> str:
        """Which instance is sent."""
        return self.text(0x1000)


def decode_command(data: bytes | bytearray) -> Command:
    """Read a command set: implicit VR little endian, group 0000 only."""
    elements: dict[int, bytes] = {}
    at, end = 0, len(data)
    while at < end:
        if at + _ELEMENT.size > end:
            raise ProtocolError(Abort.INVALID_PARAMETER, "a command set ends within an element")
        group, element, length = _ELEMENT.unpack_from(data, at)
        at += _ELEMENT.size
        if group or at + length > end:
            raise ProtocolError(Abort.INVALID_PARAMETER, "a command set is not one")
        elements[element] = bytes(data[at : at + length])
        at += length
    return Command(elements)


def encode_store_response(command: Command, status: Status) -> bytes:
    """The command set of a C-STORE-RSP (PS3.7 Table 9.3-2)."""
    parts = [
        _encode(0x0002, command.elements.get(0x0002, b"")),
        _encode(0x0100, _US.pack(IS_RESPONSE | C_STORE_RQ)),
        _encode(0x0120, _US.pack(command.MessageID or 0)),
        _encode(0x0800, _US.pack(NO_DATA_SET)),
        _encode(0x0900, _US.pack(status.code)),
    ]
    if status.comment:
        comment = status.comment.encode("ascii")[:_MOST_COMMENT]
        parts.append(_encode(0x0902, comment + b" " * (len(comment) % 2)))
    parts.append(_encode(0x1000, command.elements.get(0x1000, b"")))
    body = b"".join(parts)
    return _encode(0x0000, struct.pack("<I", len(body))) + body


def _encode(element: int, value: bytes) -> bytes:
    return _ELEMENT.pack(0, element, len(value)) + value


def fragments(
    context_id: int, command: bytes, data_set: bytes | None, peer_max: int
) -> list[bytes]:
    """The P-DATA-TF PDUs that carry a message (PS3.8 Annex E), none longer than the peer allows."""
    room = (peer_max or 1 << 16) - 6
    pdus = []
    for content, flag in ((command, 1), (data_set, 0)):
        if content is None:
            continue
        for at in range(0, max(len(content), 1), max(room, 2)):
            piece = content[at : at + room]
            flags = flag | (2 if at + room >= len(content) else 0)
            header = struct.pack(">BBIIBB", 4, 0, len(piece) + 6, len(piece) + 2, context_id, flags)
            pdus.append(header + piece)
    return pdus
