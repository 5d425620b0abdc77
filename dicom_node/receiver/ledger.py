"""What the receiver tells the rest of the node; it never waits for the answer to a peer's data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from storage.records import Arrival, Association


class Ending(StrEnum):
    """How an association ended."""

    RELEASED = "released"
    ABORTED = "aborted"
    """The peer sent an A-ABORT."""
    LOST = "connection-lost"
    TIMED_OUT = "timed-out"
    PROTOCOL_ERROR = "protocol-error"
    """The peer broke the protocol and we aborted."""
    DRAINED = "drained"
    """It was still open when the node had to stop."""
    FAILED = "failed"
    """A fault of our own; the log has the trace."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CommittedInstance:
    """An instance a PACS vouches for."""

    SOPClassUID: str
    SOPInstanceUID: str


@dataclass(frozen=True, kw_only=True, slots=True)
class FailedInstance:
    """An instance a PACS does not vouch for, and its FailureReason."""

    SOPClassUID: str
    SOPInstanceUID: str
    reason: int


class Ledger(Protocol):
    """Where the receiver's threads report; every method is called from many threads at once.

    `opened`, `stored`, `closed` and `refused` are called in the order in which things happened
    to an association, and must return at once.
    """

    def opened(self, association: Association) -> None:
        """An association was accepted."""

    def stored(self, arrival: Arrival) -> None:
        """An instance is durable, or its conflict settled; the peer has not heard of it yet."""

    def closed(self, association_id: str, closed_at: float, outcome: Ending) -> None:
        """An association that was opened has ended."""

    def refused(self, *, reason: str, calling_ae: str, called_ae: str, address: str) -> None:
        """An association was rejected, or an instance refused; `reason` is for the audit trail."""

    def commitment_result(
        self,
        transaction_uid: str,
        committed: Sequence[CommittedInstance],
        failed: Sequence[FailedInstance],
    ) -> bool:
        """A PACS has answered a storage commitment request of ours: durable when this returns.

        False where no such transaction is known.
        """
