"""Delivers results: a queue and a thread for each destination, until the peer vouches for them.

Done means that the peer answered success and, where it is configured so, confirmed by Storage
Commitment, or was asked by C-FIND, that it keeps the object. Everything sent twice is sent
with the same UID, so that the peer sees it once.
"""

from __future__ import annotations

import time
from functools import partial
from pathlib import Path

from pynetdicom.association import Association

from config.settings import Peer, Settings
from dicom_node import logs
from dicom_node.fates import Fate, fate_of
from dicom_node.forms import Unsendable, contexts, syntaxes, transmit
from dicom_node.process import Orders
from dicom_node.reporting import Reporting
from dicom_node.scu import NothingAccepted, Unreachable, associate
from dicom_node.tended import Tended
from dicom_node.vouching import Vouching
from storage import outbox
from storage.backoff import delay
from storage.changes import Changes
from storage.database import Database, now
from storage.killpoints import reached
from storage.records import Delivery

POLL = 0.05


class Destination:
    """One peer's queue: sends what is due, one association after the other."""

    def __init__(self, name: str, db: Database, orders: Orders) -> None:
        self.name, self.db, self.orders = name, db, orders
        self.log = logs.log().bind(destination=name)
        self.vouching = Vouching(name, db, orders)
        self.assoc: Association | None = None
        self.peer: Peer | None = None
        self.known: Peer | None = None
        self.offered: set[tuple[str, str]] = set()
        self.used_at = 0.0
        self.failures = 0
        self.rest_until = 0.0

    @property
    def settings(self) -> Settings:
        """The configuration now in force."""
        return self.orders.settings

    def run(self) -> None:
        """Serve the queue until the node stops."""
        changes = Changes(self.db)
        try:
            while not self.orders.stop.is_set():
                if not (changes.seen() and self.step()):
                    self._close_idle()
                    self.orders.stop.wait(POLL)
        finally:
            changes.close()
            self.vouching.close()
            self._close()

    def step(self) -> bool:
        """Send what is due and ask about what was sent; False where there was nothing to do."""
        peer = self.settings.peers.get(self.name)
        if peer is None:
            return False
        if peer is not self.known:
            # A reload: somebody has put it right, perhaps, so there is no need to wait any longer.
            self.known, self.rest_until, self.vouching.rest_until = peer, 0.0, 0.0
        if time.monotonic() < self.rest_until:
            return False
        due = outbox.due(self.db, self.name)
        try:
            self._send(peer, due)
        except Unreachable as error:
            self._rest(str(error), due)
            return True
        asked = self.vouching.step(peer)
        return bool(due) or asked

    def _send(self, peer: Peer, due: list[Delivery]) -> None:
        for delivery in due:
            if self.orders.stop.is_set():
                return
            try:
                self._send_one(peer, delivery)
            except Unreachable:
                raise
            except Exception as error:
                # It ends this thread, and an object must not do that for ever.
                why = f"The node met a bug at this object ({type(error).__name__}); see its log."
                self._refused(delivery, None, why)
                raise

    def _send_one(self, peer: Peer, delivery: Delivery) -> None:
        path = Path(self.settings.node.data_dir) / "results" / delivery.key
        if not path.exists():
            outbox.give_up(
                self.db, delivery, "The file of the result is gone.", None, self._announced
            )
            return
        if delivery.sent_at is not None and delivery.attempts >= self.settings.sender.max_attempts:
            why = f"{peer.ae_title} took the object again and again and never vouched for it."
            outbox.give_up(self.db, delivery, why, delivery.dimse_status, self._announced)
            return
        try:
            assoc = self._association(peer, delivery)
            accepted = syntaxes(assoc, delivery.SOPClassUID)
        except NothingAccepted:
            accepted = set()
        if not accepted:
            self._refused(delivery, None, f"{peer.ae_title} takes no objects of this class.")
            return
        reached("sender: about to send")
        try:
            response = transmit(assoc, path, delivery.TransferSyntaxUID, accepted)
        except Unsendable as error:
            self._refused(delivery, None, str(error))
            return
        self.used_at = time.monotonic()
        if not response:
            # Whether the peer or the object is at fault, the others go first from now on.
            why = f"{peer.ae_title} broke off while this object was sent, or did not answer."
            self._later(delivery, None, why)
            raise Unreachable(why)
        reached("sender: sent, not recorded")
        self.failures = 0
        status: int = response.Status
        comment = response.get("ErrorComment")
        fate = fate_of(status)
        if fate is Fate.DONE:
            vouch = peer.commitment or peer.verify
            outbox.accepted(self.db, delivery, status, comment, vouch)
            reached("sender: recorded as sent")
        elif fate is Fate.LATER:
            self._later(delivery, status, comment)
        else:
            self._refused(delivery, status, comment or "refused")

    @property
    def _announced(self) -> bool:
        return self.settings.notices.dead

    def _later(self, delivery: Delivery, status: int | None, comment: str | None) -> None:
        rules = self.settings.sender
        wait = delay(delivery.attempts + 1, rules.backoff_seconds, rules.backoff_cap_seconds)
        outbox.postpone(
            self.db,
            delivery,
            not_before=now() + wait,
            comment=comment or "The peer is short of resources.",
            dimse_status=status,
        )

    def _refused(self, delivery: Delivery, status: int | None, comment: str) -> None:
        if delivery.attempts + 1 >= self.settings.sender.max_attempts:
            outbox.give_up(self.db, delivery, comment, status, self._announced)
            self.log.error("delivery is dead", delivery=delivery.id, status=status)
        else:
            self._later(delivery, status, comment)

    def _association(self, peer: Peer, delivery: Delivery) -> Association:
        """The open association where it serves, else a new one that serves this object."""
        offered = (delivery.SOPClassUID, delivery.TransferSyntaxUID)
        is_open = self.assoc is not None and self.assoc.is_established
        if self.assoc is not None and is_open and offered in self.offered and peer == self.peer:
            return self.assoc
        self._close()
        self.offered = {offered} | {
            (d.SOPClassUID, d.TransferSyntaxUID) for d in outbox.due(self.db, self.name, 50)
        }
        self.assoc = associate(self.settings, peer, contexts(self.offered, rle=peer.rle))
        self.peer = peer
        return self.assoc

    def _rest(self, why: str, due: list[Delivery]) -> None:
        """The peer cannot be talked to: wait, longer each time, and say why where it is read."""
        self._close()
        self.failures += 1
        rules = self.settings.sender
        wait = delay(self.failures, rules.backoff_seconds, rules.backoff_cap_seconds)
        self.rest_until = time.monotonic() + wait
        outbox.explain(self.db, [delivery.id for delivery in due], why)
        self.log.warning("destination cannot be reached", wait_seconds=round(wait, 1), why=why)

    def _close_idle(self) -> None:
        self.vouching.close_idle()
        if time.monotonic() - self.used_at > self.settings.sender.idle_seconds:
            self._close()

    def _close(self) -> None:
        assoc, self.assoc = self.assoc, None
        if assoc is not None and assoc.is_established:
            assoc.release()


def run(orders: Orders) -> None:
    """Keep a thread for every destination; one that ends by a bug takes no other with it.

    Beside them, one for the commitment reports that we owe.
    """
    db = Database.of(orders.settings)
    reporting = Tended("reporting", Reporting(db, orders).run)
    threads: dict[str, Tended] = {}
    orders.ready()
    while not orders.stop.is_set():
        for name in orders.settings.peers.keys() - threads.keys():
            threads[name] = Tended(name, partial(_serve, name, db, orders))
        rules = orders.settings.sender
        for thread in (reporting, *threads.values()):
            thread.tend(rules.backoff_seconds, rules.backoff_cap_seconds)
        orders.stop.wait(0.5)
    for thread in (reporting, *threads.values()):
        thread.join(orders.settings.node.drain_seconds)


def _serve(name: str, db: Database, orders: Orders) -> None:
    Destination(name, db, orders).run()
