"""Asks peers to vouch for what they took: by Storage Commitment (PS3.4 Annex J), or by C-FIND."""

from __future__ import annotations

from typing import Any

from pydicom import Dataset
from pydicom.uid import generate_uid
from pynetdicom.presentation import build_context

from config.settings import Peer, Settings
from dicom_node.reports import read_report
from dicom_node.scu import (
    STORAGE_COMMITMENT,
    STORAGE_COMMITMENT_INSTANCE,
    Unreachable,
    associate,
    has_instance,
)
from storage import outbox
from storage.database import Database, now
from storage.killpoints import reached
from storage.records import Delivery


def ask_to_vouch(db: Database, settings: Settings, name: str, peer: Peer) -> None:
    """Ask a destination about everything it took and has not vouched for, where it is time to."""
    waiting = outbox.unvouched(db, name)
    if not waiting:
        return
    unanswered = [d for d in waiting if d.asked >= settings.sender.commitment_attempts]
    for delivery in unanswered:
        _without_commitment(db, settings, peer, delivery)
    asking = [d for d in waiting if d not in unanswered]
    if not peer.commitment:
        for delivery in asking:
            _query(db, settings, peer, delivery)
    elif asking:
        _request_commitment(db, settings, peer, asking)


def _without_commitment(db: Database, settings: Settings, peer: Peer, delivery: Delivery) -> None:
    """It never answered a commitment request: ask by query where that may be, else send again."""
    if peer.verify:
        _query(db, settings, peer, delivery)
    elif delivery.attempts >= settings.sender.max_attempts:
        comment = f"{peer.ae_title} took the object and never vouched for it."
        outbox.give_up(db, delivery, comment, delivery.dimse_status, settings.notices.dead)
    else:
        outbox.send_again(db, delivery, "The peer answered no commitment request.")


def _query(db: Database, settings: Settings, peer: Peer, delivery: Delivery) -> None:
    outbox.asked(db, [delivery.id], None, now() + settings.sender.commitment_seconds)
    present = has_instance(
        settings,
        peer,
        delivery.StudyInstanceUID,
        delivery.SeriesInstanceUID,
        delivery.SOPInstanceUID,
    )
    outbox.verified(db, delivery, present)


def _request_commitment(
    db: Database, settings: Settings, peer: Peer, asking: list[Delivery]
) -> None:
    """N-ACTION for all of them; the answer comes to the receiver, or over this association."""
    transaction_uid = str(generate_uid(prefix=None))
    # Written down before it is sent: the answer may be faster than we are.
    ids = [delivery.id for delivery in asking]
    outbox.asked(db, ids, transaction_uid, now() + settings.sender.commitment_seconds)
    reached("sender: commitment to be asked, recorded")

    def on_report(event: Any) -> tuple[int, None]:
        report = read_report(event.event_information)
        ours = outbox.vouched(db, report.transaction_uid, report.committed, report.failed)
        return (0x0000 if ours else 0x0112), None

    context = build_context(STORAGE_COMMITMENT)
    assoc = associate(settings, peer, [context], on_report=on_report)
    try:
        if not assoc.accepted_contexts:
            raise Unreachable(f"{peer.ae_title} offers no Storage Commitment.")
        status, _ = assoc.send_n_action(
            _request(transaction_uid, asking),
            1,
            STORAGE_COMMITMENT,
            STORAGE_COMMITMENT_INSTANCE,
        )
        if not status or status.Status != 0x0000:
            code = f"{status.Status:#06x}" if status else "no answer"
            raise Unreachable(f"{peer.ae_title} took no commitment request ({code}).")
        reached("sender: commitment asked")
    finally:
        if assoc.is_established:
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
