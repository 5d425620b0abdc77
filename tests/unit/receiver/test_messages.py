"""The rare messages: what is made reads back, and damage is found."""

from __future__ import annotations

from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom import Dataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, ImplicitVRLittleEndian
from pynetdicom.dsutils import decode

from dicom_node.receiver.command import decode_command
from dicom_node.receiver.commitment import Incomplete, Report, read_report
from dicom_node.receiver.ledger import CommittedInstance, FailedInstance
from dicom_node.receiver.messages import (
    BadDataSet,
    decode_data_set,
    encode_command,
    encode_data_set,
    encode_response,
)
from dicom_node.receiver.negotiation import Context
from dicom_node.statuses import NO_SUCH_ACTION
from dicom_node.uids import STORAGE_COMMITMENT

REPORT = Report(
    transaction_uid="1.2.3",
    committed=(CommittedInstance(SOPClassUID=CTImageStorage, SOPInstanceUID="1.2.3.4"),),
    failed=(FailedInstance(SOPClassUID=CTImageStorage, SOPInstanceUID="1.2.3.5", reason=0x0112),),
)


def context(transfer_syntax: str) -> Context:
    """A context for commitment."""
    return Context(
        id=1,
        abstract_syntax=STORAGE_COMMITMENT,
        transfer_syntax=transfer_syntax,
        is_storage=False,
        as_scp=True,
        as_scu=True,
    )


@pytest.mark.parametrize("syntax", [ImplicitVRLittleEndian, ExplicitVRLittleEndian])
def test_a_report_reads_back(syntax: str) -> None:
    """What one side writes the other reads, in any native encoding."""
    encoded = encode_data_set(REPORT.data_set, context(syntax))
    assert read_report(decode_data_set(encoded, context(syntax))) == REPORT
    assert REPORT.event_type == 2


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


@pytest.mark.filterwarnings("ignore")  # pydicom's, of the damage
@given(data=st.data(), syntax=st.sampled_from([ImplicitVRLittleEndian, ExplicitVRLittleEndian]))
def test_a_damaged_report(data: st.DataObject, syntax: str) -> None:
    """A report with some bytes changed is read, or refused, and never anything else."""
    encoded = bytearray(encode_data_set(REPORT.data_set, context(syntax)))
    for place in data.draw(st.sets(st.integers(0, len(encoded) - 1), max_size=5)):
        encoded[place] = data.draw(st.integers(0, 255))
    del encoded[data.draw(st.integers(0, len(encoded))) :]
    try:
        found = read_report(decode_data_set(bytes(encoded), context(syntax)))
    except (BadDataSet, Incomplete):
        return
    assert isinstance(found, Report)
