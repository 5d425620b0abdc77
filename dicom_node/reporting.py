"""Brings peers the commitment reports we owe them, where they closed the association meanwhile."""

from __future__ import annotations

import math
import threading
import time

from pynetdicom.association import Association
from pynetdicom.presentation import build_context, build_role

from config.settings import Peer, Settings
from dicom_node import logs, reports
from dicom_node.peers import peer_of
from dicom_node.process import Orders
from dicom_node.scu import Unreachable, associate
from dicom_node.statuses import SUCCESS
from dicom_node.uids import STORAGE_COMMITMENT, STORAGE_COMMITMENT_INSTANCE
from storage import owed
from storage.changes import Changes
from storage.database import Database, now
from storage.killpoints import reached
from storage.records import Asker, OwedReport

POLL = 0.05
MOST_AT_ONCE = 16
"""So many peers are brought their reports at once."""


class Reporting:
    """A thread for each peer that is owed something now: one that is down delays no other."""

    def __init__(self, db: Database, orders: Orders) -> None:
        self.db, self.orders = db, orders
        self.log = logs.log()
        self._threads: dict[Asker, threading.Thread] = {}

    @property
    def settings(self) -> Settings:
        """The configuration now in force."""
        return self.orders.settings

    def run(self) -> None:
        """Bring what is due until the node stops, and then everything once more."""
        changes = Changes(self.db)
        try:
            while not self.orders.stop.is_set():
                if changes.seen():
                    moment = now()
                    for asker in owed.askers(self.db, moment):
                        self._start(asker, moment)
                self.orders.stop.wait(POLL)
        finally:
            changes.close()
        self._drain()

    def _drain(self) -> None:
        """Try whatever is owed once, however long it was to wait: the node may be away for long."""
        deadline = time.monotonic() + self.settings.node.drain_seconds
        left = owed.askers(self.db, math.inf)
        while left and time.monotonic() < deadline:
            left = [asker for asker in left if not self._start(asker, math.inf)]
            time.sleep(POLL if left else 0)
        for thread in self._threads.values():
            thread.join(max(deadline - time.monotonic(), 0.0))

    def _start(self, asker: Asker, moment: float) -> bool:
        """See to a peer in a thread of its own; False where there is to be none just now."""
        self._threads = {who: thread for who, thread in self._threads.items() if thread.is_alive()}
        if asker in self._threads or len(self._threads) >= MOST_AT_ONCE:
            return False
        self._threads[asker] = thread = threading.Thread(
            target=self._serve, args=(asker, moment), name="reporter", daemon=True
        )
        thread.start()
        return True

    def _serve(self, asker: Asker, moment: float) -> None:
        rules = self.settings.sender
        ids = owed.take_up(self.db, asker, moment, rules.backoff_seconds, rules.backoff_cap_seconds)
        if not ids:
            return
        found = peer_of(self.settings, asker.calling_ae, asker.address)
        if found is None:
            who = f"{asker.calling_ae} at {asker.address}"
            self._missed(asker.calling_ae, ids, f"{who} is not among the configured peers.")
            return
        try:
            self._bring(found[1], ids)
        except Unreachable as error:
            self._missed(asker.calling_ae, ids, str(error))

    def _bring(self, peer: Peer, ids: list[str]) -> None:
        """All of them over one association."""
        role = build_role(STORAGE_COMMITMENT, scp_role=True)
        assoc = associate(self.settings, peer, [build_context(STORAGE_COMMITMENT)], roles=[role])
        try:
            for id_ in ids:
                report = owed.find(self.db, id_)
                if report is None:
                    continue  # taken meanwhile on the association that it was asked on
                refusal = _send(assoc, peer, report)
                if refusal is None:
                    reached("sender: report brought, not recorded")
                    owed.taken(self.db, id_)
                else:
                    self._missed(peer.ae_title, [id_], refusal)
        finally:
            if assoc.is_established:
                assoc.release()

    def _missed(self, calling_ae: str, ids: list[str], why: str) -> None:
        promised_before = now() - self.settings.sender.report_seconds
        left, given_up = owed.missed(self.db, ids, why, promised_before)
        log = self.log.bind(calling_ae=calling_ae, why=why)
        if left:
            log.warning("commitment reports were not taken", count=left)
        if given_up:
            log.error("commitment reports are given up", count=given_up)


def _send(assoc: Association, peer: Peer, owed_report: OwedReport) -> str | None:
    """One report; why the peer refuses it, in a sentence, where it does."""
    report = owed_report.report
    try:
        status, _ = assoc.send_n_event_report(
            reports.data_set(report),
            reports.event_type(report),
            STORAGE_COMMITMENT,
            STORAGE_COMMITMENT_INSTANCE,
        )
    except RuntimeError as error:  # pynetdicom's way to say that the association has ended
        raise Unreachable(f"{peer.ae_title} broke off before it was told.") from error
    except ValueError:
        return f"{peer.ae_title} does not accept us as the provider of Storage Commitment."
    if not status:
        raise Unreachable(f"{peer.ae_title} did not answer a commitment report.")
    if status.Status != SUCCESS.code:
        return f"{peer.ae_title} refused a commitment report ({status.Status:#06x})."
    return None
