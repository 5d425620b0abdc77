"""What the receiver tells the rest of the node; it never waits for the answer to a peer's data."""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum
from typing import Protocol

from storage.records import Arrival, Asker, Association, CommitmentReport


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


class NotWritten(Exception):
    """The database did not take what a peer was to be told that we have."""


HOLD_SECONDS = 10.0
"""So long a commitment report is left to the association it was asked on, counted anew when it
is sent there. Then it is brought over a new one, and the peer may get it twice."""


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

    def commitment_result(self, report: CommitmentReport) -> bool:
        """A PACS has answered a storage commitment request of ours: durable when this returns.

        False where no such transaction is known. Raises `NotWritten`.
        """

    def owe(self, asker: Asker, report: CommitmentReport) -> str:
        """A peer is to get a commitment report: durable when this returns its id.

        For `HOLD_SECONDS` it is left to the association that the peer asked on. Raises
        `NotWritten`.
        """

    def is_owed(self, id_: str) -> bool:
        """Whether a report is still to be brought; then it is left to the caller once more."""

    def reported(self, id_: str) -> None:
        """The peer has taken a report."""

    def let_go(self, ids: Collection[str]) -> None:
        """The association on which these were promised has ended before the peer took them."""
