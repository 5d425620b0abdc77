"""The receiver's ledger in the database: what it says is written is written, or it says so."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import pytest

from dicom_node.receiver.ledger import NotWritten
from dicom_node.receiver.registrar import Registrar
from storage import owed
from storage.database import Database
from storage.records import Asker
from tests.unit.storage.making import report

CT1 = Asker(calling_ae="CT1", address="127.0.0.1")
REPORT = report("2.25.5", ["2.25.7001"])


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    """A database without tables: nothing can be written to it."""
    found = Database(f"sqlite:///{tmp_path / 'node.sqlite'}")
    yield found
    found.close()


@pytest.fixture
def registrar(db: Database) -> Iterator[Registrar]:
    """A registrar, whose thread ends with the test."""
    found = Registrar(db, db)
    yield found
    found.end(5)


def test_a_promise_is_in_the_database_at_once(db: Database, registrar: Registrar) -> None:
    """And left to the association for a while; then anybody may bring it."""
    db.upgrade()
    id_ = registrar.owe(CT1, REPORT)
    assert registrar.is_owed(id_)
    assert owed.askers(db, 0.0) == []
    registrar.let_go([id_])
    assert owed.askers(db, math.inf) == [CT1]
    registrar.reported(id_)
    assert not registrar.is_owed(id_)


def test_what_is_not_written_is_not_promised(registrar: Registrar) -> None:
    """The peer must not be told that we have what a power cut would take."""
    with pytest.raises(NotWritten):
        registrar.owe(CT1, REPORT)
    with pytest.raises(NotWritten):
        registrar.commitment_result(REPORT)


def test_a_database_that_is_away_ends_no_association(registrar: Registrar) -> None:
    """What only spares the peer a second report is logged and let be."""
    assert not registrar.is_owed("an id")
    registrar.reported("an id")
    registrar.let_go(["an id"])
