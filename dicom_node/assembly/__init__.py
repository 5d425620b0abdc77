"""Turns files in the inbox into studies, decides when a study is complete, and routes it."""

from __future__ import annotations

import os
import threading

from config.settings import Settings
from dicom_node.assembly.chores import Chores
from dicom_node.assembly.completeness import Completeness
from dicom_node.assembly.indexer import Indexer
from dicom_node.process import Orders
from storage.changes import Changes
from storage.database import Database
from storage.inbox import Inbox

POLL = 0.2
"""Counting may lag: no study is judged before the silence that follows its last instance."""


def run(orders: Orders) -> None:
    """Index what arrives and close what is complete, until told to stop."""
    # The receivers go first when the machine is busy: a peer waits for them.
    os.nice(19)
    db, inbox = Database.of(orders.settings), Inbox.of(orders.settings)
    indexer = Indexer(db, inbox, orders.settings)
    completeness = Completeness(db, inbox, orders.settings)
    chores = Chores(db, inbox, orders, completeness)
    lost = threading.Event()

    def reload(settings: Settings) -> None:
        indexer.reload(settings)
        completeness.reload(settings)

    orders.on_reload.append(reload)
    orders.on_order["take-up"] = lost.set
    # What the last run left behind is counted before any study is judged to be complete.
    indexer.take_up()
    chores.start()
    orders.ready()
    changes = Changes(db)
    while not orders.stop.is_set():
        if lost.is_set():
            lost.clear()
            indexer.take_up()
        if not (changes.seen() and indexer.step()):
            orders.stop.wait(POLL)
    chores.stop()
