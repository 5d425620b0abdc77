"""Commitment reports: the N-EVENT-REPORT of Storage Commitment (PS3.4 section J.3.3).

A PACS sends us one about our results, to the receiver or over the sender's own association; we
send one to a modality that asked us. Reading, writing and the status of the answer are here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from pydicom import Dataset
from pydicom.sequence import Sequence

from dicom_node.garbage import UNDECODABLE
from dicom_node.statuses import (
    INVALID_ARGUMENT,
    NO_SUCH_EVENT,
    PROCESSING_FAILURE,
    SUCCESS,
    UNKNOWN_TRANSACTION,
    Status,
)
from storage.records import CommitmentReport, CommittedInstance, FailedInstance

ALL_COMMITTED = 1
SOME_FAILED = 2
"""Event Type IDs, PS3.4 Table J.3-2."""
_MOST_UID = 64


class Incomplete(Exception):
    """A data set lacks what PS3.4 Table J.3-1 or J.3-2 demands."""


def take(
    event_type: int | None,
    information: Callable[[], Dataset],
    record: Callable[[CommitmentReport], bool],
) -> Status:
    """Take in what a PACS reports, and say what it is answered.

    `record` writes it down and says whether we have asked for it.
    """
    if event_type not in (ALL_COMMITTED, SOME_FAILED):
        return NO_SUCH_EVENT
    try:
        report = read_report(information())
    except (Incomplete, *UNDECODABLE):
        return INVALID_ARGUMENT
    return SUCCESS if record(report) else UNKNOWN_TRANSACTION


def read_report(event: Dataset) -> CommitmentReport:
    """What a PACS reports about a request of ours; raise `Incomplete` where it makes no sense."""
    return CommitmentReport(
        transaction_uid=transaction(event),
        committed=tuple(references(event.get("ReferencedSOPSequence"))),
        failed=tuple(
            FailedInstance(
                SOPClassUID=str(item.get("ReferencedSOPClassUID", "")),
                SOPInstanceUID=str(item.get("ReferencedSOPInstanceUID", "")),
                reason=_reason(item),
            )
            for item in event.get("FailedSOPSequence") or ()
        ),
    )


def transaction(ds: Dataset) -> str:
    """The Transaction UID of a request or of its report."""
    uid = str(ds.get("TransactionUID", None) or "")
    # The database holds no longer one, and none with other characters can be one of ours.
    if not uid or len(uid) > _MOST_UID or set(uid) - set("0123456789."):
        raise Incomplete
    return uid


def references(items: Iterable[Dataset] | None) -> list[CommittedInstance]:
    """The instances that the items of a sequence refer to."""
    return [
        CommittedInstance(
            SOPClassUID=str(item.get("ReferencedSOPClassUID", "")),
            SOPInstanceUID=str(item.get("ReferencedSOPInstanceUID", "")),
        )
        for item in items or ()
    ]


def _reason(item: Dataset) -> int:
    reason = item.get("FailureReason", None)
    return reason if isinstance(reason, int) else PROCESSING_FAILURE.code


def event_type(report: CommitmentReport) -> int:
    """Whether everything is committed, as an Event Type ID."""
    return SOME_FAILED if report.failed else ALL_COMMITTED


def data_set(report: CommitmentReport) -> Dataset:
    """A report as the event information of an N-EVENT-REPORT."""
    ds = Dataset()
    ds.TransactionUID = report.transaction_uid
    if report.committed:
        ds.ReferencedSOPSequence = Sequence([_item(one) for one in report.committed])
    if report.failed:
        items = []
        for one in report.failed:
            item = _item(one)
            item.FailureReason = one.reason
            items.append(item)
        ds.FailedSOPSequence = Sequence(items)
    return ds


def _item(one: CommittedInstance | FailedInstance) -> Dataset:
    item = Dataset()
    item.ReferencedSOPClassUID = one.SOPClassUID
    item.ReferencedSOPInstanceUID = one.SOPInstanceUID
    return item
