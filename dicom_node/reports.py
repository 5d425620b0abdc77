"""Reads the answer to a storage commitment request (N-EVENT-REPORT, PS3.4 section J.3.3)."""

from __future__ import annotations

from dataclasses import dataclass

from pydicom import Dataset


@dataclass(frozen=True, kw_only=True)
class Report:
    """What a peer vouches for and what it does not."""

    transaction_uid: str
    committed: frozenset[str]
    failed: dict[str, int]
    """The Failure Reason (0008,1197) by SOP Instance UID."""


def read_report(information: Dataset) -> Report:
    """The report in the event information of an N-EVENT-REPORT."""
    return Report(
        transaction_uid=str(information.TransactionUID),
        committed=frozenset(
            str(item.ReferencedSOPInstanceUID)
            for item in information.get("ReferencedSOPSequence", [])
        ),
        failed={
            str(item.ReferencedSOPInstanceUID): int(item.get("FailureReason", 0x0110))
            for item in information.get("FailedSOPSequence", [])
        },
    )
