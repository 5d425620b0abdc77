"""Takes a byte stream apart into PDUs and P-DATA fragments, however the stream was cut.

PS3.8 sections 9.3.1 and 9.3.5. A fragment's bytes are shown where they lie, in a buffer that is
used again: nothing is copied, and a PDU need not fit into it.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

from dicom_node.statuses import Abort

P_DATA = 0x04
_ASSOCIATION = (0x01, 0x02)
_LAST_TYPE = 0x07
_MOST_ASSOCIATION = 1 << 20
"""128 contexts that each list every transfer syntax there is need a quarter of this."""
_MOST_CONTROL = 1 << 10

_PDU_HEADER = struct.Struct(">BxI")
_PDV_HEADER = struct.Struct(">IBB")
_HEADER = 6
"""The length of either header."""
_PDV_OVERHEAD = 2
"""Context ID and message control header count to the length of a PDV."""


class ProtocolError(Exception):
    """The peer broke the protocol: the association is to be aborted for this reason."""

    def __init__(self, abort: Abort, text: str) -> None:
        super().__init__(text)
        self.abort = abort


class Control(NamedTuple):
    """A whole PDU of association control, header included."""

    pdu_type: int
    data: bytes


class Fragment(NamedTuple):
    """Some bytes of a PDV; `data` is valid until the parser is given its next bytes."""

    context_id: int
    is_command: bool
    data: memoryview
    is_end: bool
    """The last bytes of the last PDV of a command set or data set."""


class Parser:
    """Bytes in, through `room` and `received`; events out, through `event`."""

    def __init__(self, max_pdu: int, buffer_size: int) -> None:
        self.max_pdu = max_pdu
        self._buffer = bytearray(buffer_size)
        self._view = memoryview(self._buffer)
        self._start = self._end = 0
        self._pdu_left = 0
        self._pdv_left = 0
        self._in_pdv = False
        self._context_id = self._flags = 0
        self._control: bytearray | None = None
        self._control_left = 0

    @property
    def is_between_pdus(self) -> bool:
        """Whether all that was received was whole PDUs."""
        return self._start == self._end and not (
            self._pdu_left or self._in_pdv or self._control is not None
        )

    def room(self) -> memoryview:
        """Where the next bytes are to be put; earlier fragments end their life here."""
        left = self._end - self._start
        if left:
            # Never more than an incomplete header, once every event has been taken.
            self._buffer[:left] = self._buffer[self._start : self._end]
        self._start, self._end = 0, left
        return self._view[left:]

    def received(self, count: int) -> None:
        """Say how many bytes were put there."""
        self._end += count

    def event(self) -> Control | Fragment | None:
        """The next event in what was received, or None until there is more."""
        while True:
            if self._in_pdv:
                return self._fragment()
            if self._control is not None:
                return self._collect(self._control)
            if self._end - self._start < _HEADER:
                return None
            if self._pdu_left:
                self._begin_pdv()
            else:
                self._begin_pdu()

    def _begin_pdu(self) -> None:
        pdu_type, length = _PDU_HEADER.unpack_from(self._buffer, self._start)
        if pdu_type == P_DATA:
            if length > self.max_pdu:
                raise ProtocolError(Abort.INVALID_PARAMETER, "a PDU is longer than we allowed")
            self._pdu_left = length
            self._start += _HEADER
            return
        if not 0 < pdu_type <= _LAST_TYPE:
            raise ProtocolError(Abort.UNRECOGNIZED_PDU, "what came is not a DICOM PDU")
        most = _MOST_ASSOCIATION if pdu_type in _ASSOCIATION else _MOST_CONTROL
        if length > most:
            raise ProtocolError(Abort.INVALID_PARAMETER, "a control PDU is absurdly long")
        self._control = bytearray()
        self._control_left = _HEADER + length

    def _collect(self, control: bytearray) -> Control | None:
        count = min(self._control_left, self._end - self._start)
        control += self._view[self._start : self._start + count]
        self._start += count
        self._control_left -= count
        if self._control_left:
            return None
        self._control = None
        return Control(control[0], bytes(control))

    def _begin_pdv(self) -> None:
        length, self._context_id, self._flags = _PDV_HEADER.unpack_from(self._buffer, self._start)
        if length < _PDV_OVERHEAD or length + 4 > self._pdu_left:
            raise ProtocolError(Abort.INVALID_PARAMETER, "a PDV does not fit into its PDU")
        self._start += _HEADER
        self._pdu_left -= length + 4
        if 0 < self._pdu_left < _HEADER:
            raise ProtocolError(Abort.INVALID_PARAMETER, "a PDU does not end with its last PDV")
        self._pdv_left = length - _PDV_OVERHEAD
        self._in_pdv = True

    def _fragment(self) -> Fragment | None:
        start = self._start
        count = min(self._pdv_left, self._end - start)
        if not count and self._pdv_left:
            return None
        self._start = start + count
        self._pdv_left -= count
        is_end = False
        if not self._pdv_left:
            self._in_pdv = False
            is_end = bool(self._flags & 2)
        return Fragment(
            self._context_id, bool(self._flags & 1), self._view[start : start + count], is_end
        )
