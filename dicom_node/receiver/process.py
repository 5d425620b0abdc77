"""A receiver process: the acceptor loop with its inbox and its ledger."""

from __future__ import annotations

import gc

from dicom_node.process import Orders
from dicom_node.receiver.listening import listeners
from dicom_node.receiver.registrar import Registrar
from dicom_node.receiver.seats import Seats
from dicom_node.receiver.server import Receiver
from storage.database import Database
from storage.inbox import Inbox


def run(orders: Orders) -> None:
    """Receive until told to stop, then let open associations finish."""
    # What was imported stays: the collector need not walk through it for every few instances.
    gc.collect()
    gc.freeze()
    settings = orders.settings
    registrar = Registrar(Database.of(settings, derived=True), Database.of(settings))
    receiver = Receiver(
        listeners(settings, orders.sockets),
        settings,
        Inbox.of(settings),
        registrar,
        orders.stop,
        name=orders.id,
        seats=Seats(orders.extra["seats"]),
    )
    orders.on_reload.append(receiver.reload)
    orders.ready()
    receiver.run()
    registrar.end(settings.node.drain_seconds)
