"""Storage Commitment Push Model (PS3.4 Annex J): what we vouch for when a modality asks us."""

from __future__ import annotations

from pydicom import Dataset

from dicom_node.reports import Incomplete, references, transaction
from dicom_node.statuses import CLASS_CONFLICT, NO_SUCH_INSTANCE, PROCESSING_FAILURE
from storage.inbox import Inbox, Unreadable, read_journal
from storage.records import CommitmentReport, CommittedInstance, FailedInstance


def answer(request: Dataset, inbox: Inbox) -> CommitmentReport:
    """Look for every instance a modality asks about; raise `Incomplete` where it asks badly."""
    transaction_uid = transaction(request)
    asked = references(request.get("ReferencedSOPSequence"))
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
    return CommitmentReport(
        transaction_uid=transaction_uid, committed=tuple(committed), failed=tuple(failed)
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
