"""The receiver's ledger in the database: written by a thread of its own, some at a time.

No peer waits for it. What it has not yet written when the process dies stands in the inbox,
and is taken up from there.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Sequence

from sqlalchemy.exc import SQLAlchemyError

from dicom_node import logs
from dicom_node.receiver.ledger import CommittedInstance, Ending, FailedInstance
from storage import arrivals, outbox
from storage.arrivals import Closing, Event, Remark
from storage.database import Database
from storage.killpoints import reached
from storage.records import Arrival, Association

GATHER_SECONDS = 0.1
"""How long events are gathered before they are written together."""
MOST = 2000


class Registrar:
    """A `Ledger` that writes to the database behind the receiver's back."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self.log = logs.log()
        self.events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self.ending = threading.Event()
        self.thread = threading.Thread(target=self._write, name="registrar", daemon=True)
        self.thread.start()

    def opened(self, association: Association) -> None:
        """Queue it."""
        self.events.put(association)

    def stored(self, arrival: Arrival) -> None:
        """Queue it."""
        self.events.put(arrival)

    def closed(self, association_id: str, closed_at: float, outcome: Ending) -> None:
        """Queue it."""
        self.events.put(Closing(association=association_id, closed_at=closed_at, outcome=outcome))

    def refused(self, *, reason: str, calling_ae: str, called_ae: str, address: str) -> None:
        """Queue it."""
        detail: dict[str, object] = {
            "because": reason,
            "calling_ae": calling_ae,
            "called_ae": called_ae,
            "address": address,
        }
        self.events.put(Remark(event="refused", detail=detail))

    def commitment_result(
        self,
        transaction_uid: str,
        committed: Sequence[CommittedInstance],
        failed: Sequence[FailedInstance],
    ) -> bool:
        """Write it at once: the peer is told that we have its answer."""
        reached("receiver: commitment answered, not recorded")
        known = outbox.vouched(
            self.db,
            transaction_uid,
            {item.SOPInstanceUID for item in committed},
            {item.SOPInstanceUID: item.reason for item in failed},
        )
        reached("receiver: commitment recorded, peer not told")
        return known

    def end(self, seconds: float) -> None:
        """Write what is queued, then stop."""
        self.ending.set()
        self.thread.join(seconds)

    def _write(self) -> None:
        while not (self.ending.is_set() and self.events.empty()):
            batch = self._gather()
            while batch and not self._try(batch):
                # The files are safe: the rows can wait until the database answers again, or
                # until the next start takes the files up.
                if self.ending.wait(0.5):
                    return

    def _gather(self) -> list[Event]:
        try:
            batch = [self.events.get(timeout=0.1)]
        except queue.Empty:
            return []
        self.ending.wait(GATHER_SECONDS)
        while len(batch) < MOST:
            try:
                batch.append(self.events.get_nowait())
            except queue.Empty:
                break
        return batch

    def _try(self, batch: list[Event]) -> bool:
        if any(isinstance(event, Arrival) for event in batch):
            reached("receiver: peer told, database not")
        try:
            arrivals.record(self.db, batch)
        except SQLAlchemyError as error:
            self.log.error("the database did not take arrivals", error=type(error).__name__)
            return False
        return True
