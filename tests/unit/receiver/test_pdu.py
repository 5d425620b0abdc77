"""The parser of the byte stream: the same events however the bytes were cut."""

from __future__ import annotations

import struct
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dicom_node.receiver.pdu import Control, Parser, ProtocolError
from dicom_node.statuses import Abort

MAX_PDU = 4096
ABORT = b"\x07\x00\x00\x00\x00\x04\x00\x00\x00\x00"


@dataclass
class Piece:
    """A PDV, put together again from what the parser showed of it."""

    context_id: int
    is_command: bool
    is_end: bool
    data: bytes


def pdv(context_id: int, flags: int, data: bytes) -> bytes:
    """An encoded PDV."""
    return struct.pack(">IBB", len(data) + 2, context_id, flags) + data


def pdu(*pdvs: bytes) -> bytes:
    """An encoded P-DATA-TF."""
    body = b"".join(pdvs)
    return struct.pack(">BBI", 4, 0, len(body)) + body


def parse(data: bytes, cuts: list[int], buffer_size: int = 8192) -> list[Piece | Control]:
    """Feed a stream in the pieces that some cuts make; join fragments up to each end."""
    parser = Parser(MAX_PDU, buffer_size)
    found: list[Piece | Control] = []
    open_piece: Piece | None = None
    for start, end in zip([0, *cuts], [*cuts, len(data)], strict=True):
        at = start
        while at < end:
            room = parser.room()
            count = min(len(room), end - at)
            room[:count] = data[at : at + count]
            parser.received(count)
            at += count
            while (event := parser.event()) is not None:
                if isinstance(event, Control):
                    found.append(event)
                    continue
                if open_piece is None:
                    open_piece = Piece(event.context_id, event.is_command, False, b"")
                open_piece.data += bytes(event.data)
                if event.is_end:
                    open_piece.is_end = True
                    found.append(open_piece)
                    open_piece = None
    return found


MESSAGES = st.lists(
    st.tuples(
        st.sampled_from([1, 3, 255]),
        st.booleans(),
        st.lists(st.binary(max_size=300), min_size=1, max_size=4),
    ),
    min_size=1,
    max_size=6,
)


@given(messages=MESSAGES, data=st.data())
def test_cut_anywhere(messages: list[tuple[int, bool, list[bytes]]], data: st.DataObject) -> None:
    """Messages come out whole, wherever the stream and the PDUs were cut, in a small buffer too."""
    pdvs: list[bytes] = []
    for context_id, is_command, parts in messages:
        for number, part in enumerate(parts):
            last = 2 if number == len(parts) - 1 else 0
            pdvs.append(pdv(context_id, is_command | last, part))
    stream = b""
    while pdvs:
        count = data.draw(st.integers(1, min(len(pdvs), 8)), label="PDVs in this PDU")
        stream += pdu(*pdvs[:count])
        del pdvs[:count]
    stream += ABORT
    cuts = sorted(data.draw(st.sets(st.integers(1, len(stream) - 1), max_size=40), label="cuts"))
    size = data.draw(st.sampled_from([16, 100, 8192]), label="buffer")
    *pieces, last_event = parse(stream, cuts, size)
    assert pieces == [
        Piece(context_id, is_command, True, b"".join(parts))
        for context_id, is_command, parts in messages
    ]
    assert last_event == Control(7, ABORT)


@given(st.binary(max_size=400))
def test_garbage(data: bytes) -> None:
    """Whatever comes, the parser answers with events, with waiting, or with a protocol error."""
    try:
        parse(data, [], 64)
    except ProtocolError as error:
        assert error.abort in Abort  # noqa: PT017 - whether it is raised is the stream's choice


def test_byte_by_byte() -> None:
    """One byte at a time is enough."""
    stream = pdu(pdv(1, 3, b"command"), pdv(1, 2, b"data set"))
    assert parse(stream, list(range(1, len(stream)))) == [
        Piece(1, True, True, b"command"),
        Piece(1, False, True, b"data set"),
    ]


def test_empty_last_fragment() -> None:
    """A last fragment without a byte ends the data set."""
    stream = pdu(pdv(1, 0, b"data")) + pdu(pdv(1, 2, b""))
    assert parse(stream, []) == [Piece(1, False, True, b"data")]


def test_empty_pdu() -> None:
    """A P-DATA-TF without a PDV is passed over."""
    assert parse(pdu() + ABORT, []) == [Control(7, ABORT)]


@pytest.mark.parametrize(
    ("stream", "abort"),
    [
        (struct.pack(">BBI", 4, 0, MAX_PDU + 1), Abort.INVALID_PARAMETER),
        (struct.pack(">BBI", 4, 0, 0xFFFFFFFF), Abort.INVALID_PARAMETER),
        (struct.pack(">BBI", 1, 0, 0xFFFFFFFF), Abort.INVALID_PARAMETER),
        (struct.pack(">BBI", 5, 0, 1 << 20), Abort.INVALID_PARAMETER),
        (b"GET / HTTP/1.1\r\n", Abort.UNRECOGNIZED_PDU),
        (b"\0" * 6, Abort.UNRECOGNIZED_PDU),
        (struct.pack(">BBIIBB", 4, 0, 100, 97, 1, 3), Abort.INVALID_PARAMETER),
        (struct.pack(">BBIIBB", 4, 0, 100, 0xFFFFFFFF, 1, 3), Abort.INVALID_PARAMETER),
        (struct.pack(">BBIIBB", 4, 0, 100, 1, 1, 3), Abort.INVALID_PARAMETER),
        (struct.pack(">BBIIBB", 4, 0, 100, 0, 1, 3), Abort.INVALID_PARAMETER),
        (struct.pack(">BBIIBB", 4, 0, 100, 93, 1, 3), Abort.INVALID_PARAMETER),
        (struct.pack(">BBIIBB", 4, 0, 3, 1, 1, 3), Abort.INVALID_PARAMETER),
    ],
)
def test_lying_lengths(stream: bytes, abort: Abort) -> None:
    """A length that cannot be true is found before a byte of it is waited for."""
    with pytest.raises(ProtocolError) as caught:
        parse(stream, [])
    assert caught.value.abort is abort


def test_nothing_is_copied_and_the_buffer_stays() -> None:
    """A long data set passes through one small buffer."""
    parser = Parser(MAX_PDU, 512)
    total = 0
    stream = b"".join(pdu(pdv(1, 0, bytes(4000))) for _ in range(50))
    at = 0
    while at < len(stream):
        room = parser.room()
        assert 512 - 6 < len(room) <= 512
        count = min(len(room), len(stream) - at)
        room[:count] = stream[at : at + count]
        parser.received(count)
        at += count
        while (event := parser.event()) is not None:
            assert not isinstance(event, Control)
            total += len(event.data)
    assert total == 200_000
    assert parser.is_between_pdus
