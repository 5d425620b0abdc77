"""Asks peers to vouch for what they took: by Storage Commitment (PS3.4 Annex J), or by C-FIND."""

from __future__ import annotations

import time
from typing import Any

from pydicom import Dataset
from pydicom.uid import generate_uid
from pynetdicom.association import Association
from pynetdicom.presentation import build_context, build_role

from config.settings import Peer, Settings
from dicom_node import logs, reports
from dicom_node.process import Orders
from dicom_node.scu import (
    NothingAccepted,
    Unreachable,
    associate,
    has_instance,
)
from dicom_node.uids import STORAGE_COMMITMENT, STORAGE_COMMITMENT_INSTANCE
from storage import commitments, outbox
from storage.backoff import delay
from storage.database import Database, now
from storage.killpoints import reached
from storage.records import Delivery, DeliveryStatus

REPORT_SECONDS = 2.0
"""How long an association stays open after a request, for peers that report over the same one."""


class Vouching:
    """Asks one destination about what it took; trouble with that never delays what is sent."""

    def __init__(self, name: str, db: Database, orders: Orders) -> None:
        self.name, self.db, self.orders = name, db, orders
        self.log = logs.log().bind(destination=name)
        self.assoc: Association | None = None
        self.peer: Peer | None = None
        self.transaction_uid = ""
        self.asked_at = 0.0
        self.failures = 0
        self.rest_until = 0.0

    @property
    def settings(self) -> Settings:
        """The configuration now in force."""
        return self.orders.settings

    def step(self, peer: Peer) -> bool:
        """Ask about all that is not vouched for, when it is time to; False where nothing is."""
        if time.monotonic() < self.rest_until:
            return False
        waiting = commitments.unvouched(self.db, self.name)
        if not waiting:
            return False
        try:
            self._ask(peer, waiting)
            self.failures = 0
        except Unreachable as error:
            self._rest(peer, waiting, error)
        return True

    def _ask(self, peer: Peer, waiting: list[Delivery]) -> None:
        most = self.settings.sender.commitment_attempts
        asking = [d for d in waiting if d.asked < most]
        if not peer.commitment:
            for delivery in asking:
                self._query(peer, delivery)
        elif asking:
            self._request_commitment(peer, asking)
        for delivery in waiting:
            if delivery.asked >= most:
                self._without_commitment(peer, delivery)

    def _rest(self, peer: Peer, waiting: list[Delivery], error: Unreachable) -> None:
        self.close()
        self.failures += 1
        rules = self.settings.sender
        wait = delay(self.failures, rules.backoff_seconds, rules.backoff_cap_seconds)
        self.rest_until = time.monotonic() + wait
        outbox.explain(self.db, [d.id for d in waiting], str(error), DeliveryStatus.SENT)
        self.log.warning("destination did not vouch", wait_seconds=round(wait, 1), why=str(error))
        if isinstance(error, NothingAccepted) and not peer.verify:
            for delivery in waiting:
                # Asked once more just now; sending it again would not change the peer.
                if delivery.asked + 1 >= rules.commitment_attempts:
                    self._give_up(delivery, str(error))

    def _give_up(self, delivery: Delivery, comment: str) -> None:
        announced = self.settings.notices.dead
        if outbox.give_up(self.db, delivery, comment, delivery.dimse_status, announced):
            self.log.error("delivery is dead", delivery=delivery.id)

    def _without_commitment(self, peer: Peer, delivery: Delivery) -> None:
        """It never answered a request: ask by query where that may be, else send again."""
        if peer.commitment and peer.verify:
            self._query(peer, delivery)
        elif delivery.attempts >= self.settings.sender.max_attempts:
            self._give_up(delivery, f"{peer.ae_title} took the object and never vouched for it.")
        else:
            commitments.send_again(
                self.db, delivery, "The peer answered no question about the object."
            )

    def _query(self, peer: Peer, delivery: Delivery) -> None:
        rules = self.settings.sender
        wait = delay(delivery.asked + 1, rules.backoff_seconds, rules.commitment_seconds)
        commitments.asked(self.db, [delivery.id], None, now() + wait)
        present = has_instance(
            self.settings,
            peer,
            delivery.StudyInstanceUID,
            delivery.SeriesInstanceUID,
            delivery.SOPInstanceUID,
        )
        # Many a PACS takes a moment to find what it has just stored.
        if present or delivery.asked + 1 >= rules.commitment_attempts:
            commitments.verified(self.db, delivery, present)

    def _request_commitment(self, peer: Peer, asking: list[Delivery]) -> None:
        """N-ACTION for all of them; the answer comes to the receiver, or over this association."""
        self.transaction_uid = str(generate_uid(prefix=None))
        # Written down before it is sent: the answer may be faster than we are.
        ids = [delivery.id for delivery in asking]
        answer_by = now() + self.settings.sender.commitment_seconds
        commitments.asked(self.db, ids, self.transaction_uid, answer_by)
        reached("sender: commitment to be asked, recorded")
        assoc = self._association(peer)
        try:
            status, _ = assoc.send_n_action(
                _request(self.transaction_uid, asking),
                1,
                STORAGE_COMMITMENT,
                STORAGE_COMMITMENT_INSTANCE,
            )
        except RuntimeError as error:  # pynetdicom's way to say that the association has ended
            raise Unreachable(f"{peer.ae_title} broke off before it was asked.") from error
        if not status or status.Status != 0x0000:
            code = f"{status.Status:#06x}" if status else "no answer"
            raise Unreachable(f"{peer.ae_title} took no commitment request ({code}).")
        self.asked_at = time.monotonic()
        reached("sender: commitment asked")

    def _association(self, peer: Peer) -> Association:
        if self.assoc is not None and self.assoc.is_established and peer == self.peer:
            return self.assoc
        self.close()
        context = build_context(STORAGE_COMMITMENT)
        self.peer = peer
        # We are the user of Storage Commitment, so its reports may come over our association.
        role = build_role(STORAGE_COMMITMENT, scu_role=True)
        report = self._on_report
        try:
            self.assoc = associate(self.settings, peer, [context], roles=[role], on_report=report)
        except NothingAccepted as error:
            raise NothingAccepted(
                f"{peer.ae_title} offers no Storage Commitment, though the configuration says so."
            ) from error
        return self.assoc

    def _on_report(self, event: Any) -> tuple[int, None]:
        status = reports.take(
            event.event_type,
            lambda: event.event_information,
            lambda report: commitments.vouched(self.db, report),
        )
        return status.code, None

    def close_idle(self) -> None:
        """Release the association once the peer has answered, or has had its time to."""
        if self.assoc is None:
            return
        waited = time.monotonic() - self.asked_at
        if waited > REPORT_SECONDS or not commitments.awaited(self.db, self.transaction_uid):
            self.close()

    def close(self) -> None:
        """Release the association, if one is open."""
        assoc, self.assoc = self.assoc, None
        if assoc is not None and assoc.is_established:
            assoc.release()


def _request(transaction_uid: str, asking: list[Delivery]) -> Dataset:
    ds = Dataset()
    ds.TransactionUID = transaction_uid
    ds.ReferencedSOPSequence = []
    for delivery in asking:
        item = Dataset()
        item.ReferencedSOPClassUID = delivery.SOPClassUID
        item.ReferencedSOPInstanceUID = delivery.SOPInstanceUID
        ds.ReferencedSOPSequence.append(item)
    return ds
