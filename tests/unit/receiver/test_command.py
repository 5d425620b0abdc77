"""C-STORE's command sets, made and read by hand, against pydicom's and pynetdicom's."""

from __future__ import annotations

import struct
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom import Dataset
from pydicom.uid import UID, CTImageStorage
from pynetdicom.dimse_messages import C_STORE_RQ
from pynetdicom.dimse_primitives import C_STORE
from pynetdicom.dsutils import decode

from dicom_node.receiver.command import (
    Command,
    decode_command,
    encode_store_response,
    fragments,
)
from dicom_node.receiver.pdu import ProtocolError
from dicom_node.statuses import OUT_OF_RESOURCES, SUCCESS, Status


def request(uid: str = "1.2.3.4") -> bytes:
    """A C-STORE-RQ as pynetdicom encodes it."""
    primitive = C_STORE()
    primitive.MessageID = 7
    primitive.AffectedSOPClassUID = CTImageStorage
    primitive.AffectedSOPInstanceUID = UID(uid)
    primitive.Priority = 2
    primitive.DataSet = BytesIO(b"x")
    message = C_STORE_RQ()
    message.primitive_to_message(primitive)
    parts = [
        data[1:] for p in message.encode_msg(1, 0) for _, data in p.presentation_data_value_list
    ]
    return bytes(parts[0])


@pytest.mark.parametrize("uid", ["1.2.3.4", "1.2.3.45"])
def test_reads_what_pynetdicom_writes(uid: str) -> None:
    """The fields of a request come out, padding removed."""
    command = decode_command(request(uid))
    assert command.CommandField == 1
    assert command.MessageID == 7
    assert command.has_data_set
    assert command.AffectedSOPClassUID == CTImageStorage
    assert command.AffectedSOPInstanceUID == uid


@pytest.mark.parametrize("status", [SUCCESS, OUT_OF_RESOURCES])
def test_response_reads_back(status: Status) -> None:
    """pydicom reads our response, with its true group length, elements in order."""
    encoded = encode_store_response(decode_command(request()), status)
    response: Dataset = decode(BytesIO(encoded), True, True)
    assert response.CommandGroupLength == len(encoded) - 12
    assert response.CommandField == 0x8001
    assert response.MessageIDBeingRespondedTo == 7
    assert response.CommandDataSetType == 0x0101
    assert response.Status == status.code
    assert response.AffectedSOPClassUID == CTImageStorage
    assert response.AffectedSOPInstanceUID == "1.2.3.4"
    assert response.get("ErrorComment", "") == status.comment
    assert [int(element.tag) for element in response] == sorted(response.keys())


@given(st.binary(max_size=200))
def test_garbage(data: bytes) -> None:
    """Whatever comes, it is a command set or a protocol error."""
    try:
        command = decode_command(data)
    except ProtocolError:
        return
    assert isinstance(command, Command)
    assert command.MessageID is None or 0 <= command.MessageID <= 0xFFFF
    assert isinstance(command.AffectedSOPInstanceUID, str)


@pytest.mark.parametrize(
    "data",
    [
        b"\0\0",
        struct.pack("<HHI", 0, 0x0100, 100),
        struct.pack("<HHI", 0, 0x0100, 0xFFFFFFFF),
        struct.pack("<HHIH", 8, 0x0100, 2, 1),
    ],
)
def test_damaged_command_sets(data: bytes) -> None:
    """An element that does not fit, or of another group, breaks the protocol."""
    with pytest.raises(ProtocolError):
        decode_command(data)


@pytest.mark.parametrize("peer_max", [0, 16, 17, 128, 4096, 1 << 20])
def test_fragments_obey_the_peer(peer_max: int) -> None:
    """No PDU is longer than the peer takes, and the pieces make the message."""
    command, data_set = bytes(range(200)), b"d" * 301
    joined = {1: b"", 0: b""}
    ended = []
    for encoded in fragments(5, command, data_set, peer_max):
        kind, _, length, pdv_length, context_id, flags = struct.unpack_from(">BBIIBB", encoded)
        assert (kind, context_id) == (4, 5)
        assert length == len(encoded) - 6 == pdv_length + 4
        assert not peer_max or length <= peer_max
        joined[flags & 1] += encoded[12:]
        if flags & 2:
            ended.append(flags & 1)
    assert joined == {1: command, 0: data_set}
    assert ended == [1, 0]
