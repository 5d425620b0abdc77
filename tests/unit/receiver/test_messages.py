"""The rare messages: what is made reads back, and damage is found."""

from __future__ import annotations

from io import BytesIO

from pydicom import Dataset
from pynetdicom.dsutils import decode

from dicom_node.receiver.command import decode_command
from dicom_node.receiver.messages import (
    encode_command,
    encode_response,
)
from dicom_node.statuses import NO_SUCH_ACTION
from dicom_node.uids import STORAGE_COMMITMENT


def test_a_response_names_the_request() -> None:
    """A response repeats what the request was about, under its message ID."""
    request = encode_command(
        RequestedSOPClassUID=STORAGE_COMMITMENT,
        CommandField=0x0130,
        MessageID=4,
        CommandDataSetType=1,
        RequestedSOPInstanceUID="1.2.840.10008.1.20.1.1",
        ActionTypeID=2,
    )
    encoded = encode_response(decode_command(request), NO_SUCH_ACTION, ActionTypeID=2)
    response: Dataset = decode(BytesIO(encoded), True, True)
    assert response.CommandGroupLength == len(encoded) - 12
    assert response.CommandField == 0x8130
    assert response.MessageIDBeingRespondedTo == 4
    assert response.Status == NO_SUCH_ACTION.code
    assert response.AffectedSOPClassUID == STORAGE_COMMITMENT
    assert response.AffectedSOPInstanceUID == "1.2.840.10008.1.20.1.1"
