"""The receiver's ledger in the database: written by a thread of its own, some at a time.

No peer waits for it. What it has not yet written when the process dies stands in the inbox,
and is taken up from there.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Collection, Iterator
from contextlib import contextmanager

from sqlalchemy.exc import SQLAlchemyError

from dicom_node import logs
from dicom_node.receiver.ledger import HOLD_SECONDS, Ending, NotWritten
from storage import arrivals, commitments, owed
from storage.arrivals import Closing, Event, Remark
from storage.database import Database, now
from storage.killpoints import reached
from storage.records import Arrival, Asker, Association, CommitmentReport

GATHER_SECONDS = 0.1
"""How long events are gathered before they are written together."""
MOST = 2000


class Registrar:
    """A `Ledger` that writes to the database behind the receiver's back.

    What is in no file goes through `durable`, which waits for the disk: it is rare.
    """

    def __init__(self, db: Database, durable: Database) -> None:
        self.db, self.durable = db, durable
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

    def commitment_result(self, report: CommitmentReport) -> bool:
        """Write it at once: the peer is told that we have its answer."""
        reached("receiver: commitment answered, not recorded")
        with self._at_once():
            known = commitments.vouched(self.durable, report)
        reached("receiver: commitment recorded, peer not told")
        return known

    def owe(self, asker: Asker, report: CommitmentReport) -> str:
        """Write it at once: the peer relies on it."""
        with self._at_once():
            id_ = owed.promise(self.durable, asker, report, now() + HOLD_SECONDS)
        reached("receiver: report owed, peer not told")
        return id_

    def is_owed(self, id_: str) -> bool:
        """Ask the database; one that does not answer leaves the report to the sender."""
        try:
            return owed.hold(self.db, id_, now() + HOLD_SECONDS)
        except SQLAlchemyError as error:
            self.log.error("the database does not say what is owed", error=type(error).__name__)
            return False

    def reported(self, id_: str) -> None:
        """Write it; where that fails, the peer gets the report once more."""
        try:
            owed.taken(self.db, id_)
        except SQLAlchemyError as error:
            self.log.error("the database did not take a report", error=type(error).__name__)

    def let_go(self, ids: Collection[str]) -> None:
        """Write it; where that fails, the sender takes them when they were held long enough."""
        try:
            owed.let_go(self.db, ids)
        except SQLAlchemyError as error:
            self.log.error("the database did not take a report", error=type(error).__name__)

    @contextmanager
    def _at_once(self) -> Iterator[None]:
        try:
            yield
        except SQLAlchemyError as error:
            self.log.error("the database did not take a report", error=type(error).__name__)
            raise NotWritten from error

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
