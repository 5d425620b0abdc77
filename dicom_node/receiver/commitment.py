"""Storage Commitment Push Model (PS3.4 Annex J): asked by a modality, or answered by a PACS."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pydicom import Dataset
from pydicom.sequence import Sequence

from dicom_node.receiver.ledger import CommittedInstance, FailedInstance
from dicom_node.statuses import CLASS_CONFLICT, NO_SUCH_INSTANCE, PROCESSING_FAILURE
from storage.inbox import Inbox, Unreadable, read_journal

ALL_COMMITTED = 1
SOME_FAILED = 2
"""Event Type IDs, PS3.4 Table J.3-2."""


class Incomplete(Exception):
    """A data set lacks what PS3.4 Table J.3-1 or J.3-2 demands."""


@dataclass(frozen=True, kw_only=True)
class Report:
    """What we answer to a request for commitment."""

    transaction_uid: str
    committed: tuple[CommittedInstance, ...]
    failed: tuple[FailedInstance, ...]

    @property
    def event_type(self) -> int:
        """Whether everything is committed, as an Event Type ID."""
        return SOME_FAILED if self.failed else ALL_COMMITTED

    @property
    def data_set(self) -> Dataset:
        """The event information."""
        ds = Dataset()
        ds.TransactionUID = self.transaction_uid
        if self.committed:
            ds.ReferencedSOPSequence = Sequence([_item(one) for one in self.committed])
        if self.failed:
            items = []
            for one in self.failed:
                item = _item(one)
                item.FailureReason = one.reason
                items.append(item)
            ds.FailedSOPSequence = Sequence(items)
        return ds


def answer(request: Dataset, inbox: Inbox) -> Report:
    """Look for every instance a modality asks about; raise `Incomplete` where it asks badly."""
    asked = _instances(request.get("ReferencedSOPSequence"))
    if not asked:
        raise Incomplete
    committed, failed = [], []
    for one in asked:
        reason = _objection(one, inbox)
        if reason is None:
            committed.append(one)
        else:
            failed.append(
                FailedInstance(
                    SOPClassUID=one.SOPClassUID, SOPInstanceUID=one.SOPInstanceUID, reason=reason
                )
            )
    return Report(
        transaction_uid=_transaction(request), committed=tuple(committed), failed=tuple(failed)
    )


def read_report(event: Dataset) -> Report:
    """What a PACS reports about a request of ours; raise `Incomplete` where it makes no sense."""
    return Report(
        transaction_uid=_transaction(event),
        committed=tuple(_instances(event.get("ReferencedSOPSequence"))),
        failed=tuple(
            FailedInstance(
                SOPClassUID=str(item.get("ReferencedSOPClassUID", "")),
                SOPInstanceUID=str(item.get("ReferencedSOPInstanceUID", "")),
                reason=_reason(item),
            )
            for item in event.get("FailedSOPSequence") or ()
        ),
    )


def _objection(one: CommittedInstance, inbox: Inbox) -> int | None:
    """Why an instance is not committed: a FailureReason of PS3.3 C.14.1.1."""
    path = inbox.holds(one.SOPInstanceUID)
    if path is None:
        return NO_SUCH_INSTANCE.code
    try:
        held = read_journal(path, path.name)
    except (OSError, Unreadable):
        return PROCESSING_FAILURE.code
    return None if held.SOPClassUID == one.SOPClassUID else CLASS_CONFLICT.code


def _reason(item: Dataset) -> int:
    reason = item.get("FailureReason", None)
    return reason if isinstance(reason, int) else PROCESSING_FAILURE.code


def _transaction(ds: Dataset) -> str:
    uid = str(ds.get("TransactionUID", None) or "")
    if not uid:
        raise Incomplete
    return uid


def _instances(items: Iterable[Dataset] | None) -> list[CommittedInstance]:
    return [
        CommittedInstance(
            SOPClassUID=str(item.get("ReferencedSOPClassUID", "")),
            SOPInstanceUID=str(item.get("ReferencedSOPInstanceUID", "")),
        )
        for item in items or ()
    ]


def _item(one: CommittedInstance | FailedInstance) -> Dataset:
    item = Dataset()
    item.ReferencedSOPClassUID = one.SOPClassUID
    item.ReferencedSOPInstanceUID = one.SOPInstanceUID
    return item
