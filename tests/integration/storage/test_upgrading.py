"""A database of an older version keeps everything when the node is upgraded."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from alembic import command
from sqlalchemy import inspect, select, text
from sqlalchemy.engine import Connection

from storage import commitments, jobs, migrations, outbox
from storage.database import HEAD, Database
from storage.records import DeliveryStatus, JobStatus
from storage.tables import commitment_requests, deliveries
from tests.unit.storage.making import done, due, report

MakeUrl = Callable[[], str]


def _at(db: Database, revision: str, move: Callable[..., None]) -> None:
    """Bring a database's schema to a revision by Alembic."""
    config = migrations.configuration()
    with db.transaction() as connection:
        config.attributes["connection"] = connection
        move(config, revision)


def _values(connection: Connection) -> list[dict[str, Any]]:
    rows = connection.execute(text("SELECT * FROM deliveries ORDER BY id")).mappings()
    return [{k: v for k, v in row.items() if k != "transaction_uid"} for row in rows]


def _first(db: Database) -> None:
    """A database as the first version left it: three deliveries, of which two were asked about."""
    db.upgrade()
    done(db, ["archive", "pacs", "other"])
    for name in ("archive", "pacs", "other"):
        outbox.accepted(db, due(db, name), 0x0000, None, vouch=True)
    _at(db, "0001", command.downgrade)
    with db.transaction() as connection:
        for name, uid in (("archive", "2.25.1"), ("pacs", "2.25.2")):
            connection.execute(
                text(
                    "UPDATE deliveries SET transaction_uid = :uid, asked = 1"
                    " WHERE destination = :name"
                ),
                {"uid": uid, "name": name},
            )


def test_requests_of_the_first_version_are_still_answered(make_url: MakeUrl) -> None:
    """What was asked before the upgrade counts when the PACS answers after it."""
    db = Database(make_url())
    _first(db)
    with db.reading() as connection:
        before = _values(connection)
    assert db.upgrade() == "0001"
    assert db.version() == HEAD
    with db.reading() as connection:
        assert _values(connection) == before
        asked = connection.execute(select(commitment_requests.c.transaction_uid)).scalars()
        assert sorted(asked) == ["2.25.1", "2.25.2"]
        uid = connection.execute(text('SELECT "SOPInstanceUID" FROM results')).scalar_one()
    assert commitments.vouched(db, report("2.25.1", [uid]))
    assert commitments.vouched(db, report("2.25.2", [], {uid: 0x0112}))
    with db.reading() as connection:
        rows = connection.execute(select(deliveries.c.destination, deliveries.c.status))
        found = {row.destination: row.status for row in rows}
    assert found == {
        "archive": DeliveryStatus.DELIVERED,
        "pacs": DeliveryStatus.WAITING,
        "other": DeliveryStatus.SENT,
    }
    db.close()


def test_jobs_of_the_second_version_raised_no_alert(make_url: MakeUrl) -> None:
    """They are as they were, and those that come after them can raise one."""
    db = Database(make_url())
    db.upgrade()
    old = done(db)
    _at(db, "0002", command.downgrade)
    assert db.upgrade() == "0002"
    found = jobs.find(db, old.id)
    assert found is not None
    assert (found.status, found.alert) == (JobStatus.DONE, None)
    db.close()


def test_the_way_back_keeps_the_newest_request(make_url: MakeUrl) -> None:
    """The first version knows one request for each delivery."""
    db = Database(make_url())
    db.upgrade()
    done(db)
    delivery = due(db)
    outbox.accepted(db, delivery, 0x0000, None, vouch=True)
    for uid in ("2.25.1", "2.25.2"):
        commitments.asked(db, [delivery.id], uid, 0.0)
    _at(db, "0001", command.downgrade)
    with db.reading() as connection:
        found = connection.execute(text("SELECT transaction_uid FROM deliveries")).scalars().all()
    assert found == ["2.25.2"]
    assert "commitment_requests" not in inspect(db.engine).get_table_names()
    db.close()
