"""Commitment reports: what one side writes the other reads, and what each is answered."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom import Dataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from dicom_node.receiver.messages import BadDataSet, decode_data_set, encode_data_set
from dicom_node.receiver.negotiation import Context
from dicom_node.reports import Incomplete, data_set, event_type, read_report, take
from dicom_node.statuses import (
    INVALID_ARGUMENT,
    NO_SUCH_EVENT,
    SUCCESS,
    UNKNOWN_TRANSACTION,
    Status,
)
from dicom_node.uids import STORAGE_COMMITMENT
from storage.records import CommitmentReport, CommittedInstance, FailedInstance

REPORT = CommitmentReport(
    transaction_uid="1.2.3",
    committed=(CommittedInstance(SOPClassUID=CTImageStorage, SOPInstanceUID="1.2.3.4"),),
    failed=(FailedInstance(SOPClassUID=CTImageStorage, SOPInstanceUID="1.2.3.5", reason=0x0112),),
)
NATIVE = [ImplicitVRLittleEndian, ExplicitVRLittleEndian]


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


@pytest.mark.parametrize("syntax", NATIVE)
def test_a_report_reads_back(syntax: str) -> None:
    """What one side writes the other reads, in any native encoding."""
    encoded = encode_data_set(data_set(REPORT), context(syntax))
    assert read_report(decode_data_set(encoded, context(syntax))) == REPORT
    assert event_type(REPORT) == 2


@pytest.mark.filterwarnings("ignore")  # pydicom's, of the damage
@given(data=st.data(), syntax=st.sampled_from(NATIVE))
def test_a_damaged_report(data: st.DataObject, syntax: str) -> None:
    """A report with some bytes changed is read, or refused, and never anything else."""
    encoded = bytearray(encode_data_set(data_set(REPORT), context(syntax)))
    for place in data.draw(st.sets(st.integers(0, len(encoded) - 1), max_size=5)):
        encoded[place] = data.draw(st.integers(0, 255))
    del encoded[data.draw(st.integers(0, len(encoded))) :]
    try:
        found = read_report(decode_data_set(bytes(encoded), context(syntax)))
    except (BadDataSet, Incomplete):
        return
    assert isinstance(found, CommitmentReport)


def _without_transaction() -> Dataset:
    ds = data_set(REPORT)
    del ds.TransactionUID
    return ds


def _damaged() -> Dataset:
    raise BadDataSet


ANSWERS: dict[str, tuple[int | None, Callable[[], Dataset], bool, Status]] = {
    "asked for": (2, lambda: data_set(REPORT), True, SUCCESS),
    "never asked for": (2, lambda: data_set(REPORT), False, UNKNOWN_TRANSACTION),
    "another event": (3, lambda: data_set(REPORT), True, NO_SUCH_EVENT),
    "no event": (None, lambda: data_set(REPORT), True, NO_SUCH_EVENT),
    "no transaction": (1, _without_transaction, True, INVALID_ARGUMENT),
    "damaged": (1, _damaged, True, INVALID_ARGUMENT),
}


@pytest.mark.parametrize(("event", "read", "known", "status"), ANSWERS.values(), ids=ANSWERS)
def test_what_a_report_is_answered(
    event: int | None, read: Callable[[], Dataset], known: bool, status: Status
) -> None:
    """One status for each way a report can be, whichever association it comes over."""
    seen: list[CommitmentReport] = []

    def record(report: CommitmentReport) -> bool:
        seen.append(report)
        return known

    assert take(event, read, record) == status
    assert seen == ([REPORT] if status in (SUCCESS, UNKNOWN_TRANSACTION) else [])


@pytest.mark.filterwarnings("ignore:The value length")
@pytest.mark.parametrize("uid", ["", "1.2.3\\1.2.4", "one", "1." * 33])
def test_a_transaction_is_named_by_a_uid(uid: str) -> None:
    """Anything else cannot be ours, and no database need be asked about it."""
    ds = Dataset()
    ds.add_new("TransactionUID", "LO", uid)
    with pytest.raises(Incomplete):
        read_report(ds)
