"""The messages that are rare: C-ECHO, what Storage Commitment needs, and what is not offered."""

from __future__ import annotations

import struct
from io import BytesIO
from typing import Any

from pydicom import Dataset
from pydicom.uid import UID
from pynetdicom.dsutils import decode, encode

from dicom_node.garbage import UNDECODABLE
from dicom_node.receiver.command import IS_RESPONSE, NO_DATA_SET, Command
from dicom_node.receiver.negotiation import Context
from dicom_node.statuses import Status

C_ECHO_RQ = 0x0030
N_EVENT_REPORT_RQ = 0x0100
N_ACTION_RQ = 0x0130


class BadDataSet(ValueError):
    """A message's data set cannot be read."""


def encode_command(**elements: Any) -> bytes:
    """A command set from keywords, CommandGroupLength added (PS3.7 6.3.1)."""
    command = Dataset()
    for keyword, value in elements.items():
        if value not in (None, ""):
            setattr(command, keyword, value)
    body = encode(command, True, True) or b""
    return struct.pack("<HHII", 0, 0, 4, len(body)) + body


def encode_response(command: Command, status: Status, **elements: Any) -> bytes:
    """The command set that answers a request (PS3.7 sections 9.3 and 10.3)."""
    return encode_command(
        AffectedSOPClassUID=command.text(0x0002) or command.text(0x0003),
        CommandField=(command.CommandField or 0) | IS_RESPONSE,
        MessageIDBeingRespondedTo=command.MessageID or 0,
        CommandDataSetType=NO_DATA_SET,
        Status=status.code,
        ErrorComment=status.comment,
        AffectedSOPInstanceUID=command.text(0x1000) or command.text(0x1001),
        **elements,
    )


def decode_data_set(data: bytes, context: Context) -> Dataset:
    """A message's data set, or raise `BadDataSet`."""
    syntax = UID(context.transfer_syntax)
    try:
        ds = decode(
            BytesIO(data), syntax.is_implicit_VR, syntax.is_little_endian, syntax.is_deflated
        )
        ds.walk(lambda _ds, _element: None)  # values are read on access: find errors now
    except UNDECODABLE as error:
        raise BadDataSet from error
    return ds


def encode_data_set(ds: Dataset, context: Context) -> bytes:
    """A data set in the transfer syntax of a context."""
    syntax = UID(context.transfer_syntax)
    encoded = encode(ds, syntax.is_implicit_VR, syntax.is_little_endian, syntax.is_deflated)
    if encoded is None:
        raise ValueError("a data set of our own could not be encoded")
    return encoded
