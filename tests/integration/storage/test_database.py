"""The schema, the transactions, and several processes at one database."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, func, insert, inspect, select, text
from sqlalchemy.exc import IntegrityError

from config.loader import load
from storage import migrations
from storage.database import HEAD, Database, SchemaError, url_of
from storage.tables import chores, metadata

MakeUrl = Callable[[], str]


def _chore(connection: Connection, name: str) -> None:
    connection.execute(insert(chores).values(name=name, last_at=1.0))


def _chores(connection: Connection) -> int:
    return connection.execute(select(func.count()).select_from(chores)).scalar_one()


def _differences(engine: Engine) -> list[object]:
    with engine.connect() as connection:
        context = MigrationContext.configure(connection)
        return list(compare_metadata(context, metadata))


def _columns(engine: Engine) -> dict[str, list[tuple[str, str, bool]]]:
    found = inspect(engine)
    return {
        table: [
            (column["name"], str(column["type"]), column["nullable"])
            for column in found.get_columns(table)
        ]
        for table in found.get_table_names()
        if table != "alembic_version"
    }


def test_head_is_the_newest_migration() -> None:
    """The constant that spares a start the import of Alembic is what Alembic would say."""
    scripts = ScriptDirectory.from_config(migrations.configuration())
    assert scripts.get_current_head() == HEAD


def test_a_migrated_database_has_the_tables_of_the_code(make_url: MakeUrl) -> None:
    """Migrations from nothing to head and the fresh schema are the same, by Alembic's own eyes."""
    migrated, fresh = Database(make_url()), Database(make_url())
    migrations.upgrade(migrated.engine)
    fresh.upgrade()
    assert _differences(migrated.engine) == []
    assert _differences(fresh.engine) == []
    assert _columns(migrated.engine) == _columns(fresh.engine)
    assert migrated.version() == fresh.version() == HEAD
    migrated.close()
    fresh.close()


def test_an_upgrade_says_where_it_came_from(make_url: MakeUrl) -> None:
    """The first one made the database; the second finds nothing to do."""
    db = Database(make_url())
    assert db.upgrade() is None
    assert db.upgrade() == HEAD
    db.close()


def test_a_foreign_database_is_left_alone(make_url: MakeUrl) -> None:
    """A database that holds somebody else's tables is refused, and stays as it was."""
    db = Database(make_url())
    with db.transaction() as connection:
        connection.execute(text("CREATE TABLE patients (id INTEGER)"))
    with pytest.raises(SchemaError, match="not the node's"):
        db.upgrade()
    assert inspect(db.engine).get_table_names() == ["patients"]
    db.close()


def test_a_database_of_a_newer_version_is_left_alone(make_url: MakeUrl) -> None:
    """An older version of the node does not touch what a newer one made."""
    db = Database(make_url())
    db.upgrade()
    with db.transaction() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(SchemaError, match="9999"):
        db.upgrade()
    db.close()


def test_several_processes_may_open_a_new_database_at_once(make_url: MakeUrl) -> None:
    """Whoever is first makes it; the others find it made."""
    url = make_url()
    start = threading.Barrier(4)

    def opener() -> str | None:
        db = Database(url)
        start.wait()
        db.upgrade()
        version = db.version()
        db.close()
        return version

    with ThreadPoolExecutor(4) as pool:
        futures = [pool.submit(opener) for _ in range(4)]
        assert [future.result(30) for future in futures] == [HEAD] * 4


def test_a_transaction_is_all_or_nothing(db: Database) -> None:
    """An exception inside rolls back what was written before it."""

    def half() -> None:
        with db.transaction() as connection:
            _chore(connection, "half")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        half()
    with db.reading() as connection:
        assert _chores(connection) == 0


def test_a_reader_sees_one_moment(db: Database) -> None:
    """What others commit while somebody reads is not seen half-way through."""
    with db.reading() as reader:
        assert _chores(reader) == 0
        with db.transaction() as writer:
            _chore(writer, "meanwhile")
        assert _chores(reader) == 0
    with db.reading() as reader:
        assert _chores(reader) == 1


def test_a_reader_does_not_wait_for_a_writer(db: Database) -> None:
    """A page can be looked at while an instance is being counted."""
    with db.transaction() as writer:
        _chore(writer, "slow")
        with db.reading() as reader:
            assert _chores(reader) == 0


def test_a_writer_waits_for_its_turn_before_it_reads(sqlite_db: Database) -> None:
    """BEGIN IMMEDIATE: the second writer sees what the first one committed, and never fails."""
    began, seen = threading.Event(), []

    def second() -> None:
        began.set()
        with sqlite_db.transaction() as connection:
            seen.append(_chores(connection))

    with sqlite_db.transaction() as connection:
        thread = threading.Thread(target=second)
        thread.start()
        began.wait(5)
        time.sleep(0.2)
        assert seen == []
        _chore(connection, "first")
    thread.join(10)
    assert seen == [1]


def test_sqlite_survives_a_power_cut(sqlite_db: Database) -> None:
    """A commit is on the disk when it returns: write-ahead log with full synchronisation."""
    with sqlite_db.reading() as connection:
        assert connection.execute(text("PRAGMA journal_mode")).scalar() == "wal"
        assert connection.execute(text("PRAGMA synchronous")).scalar() == 2
        assert connection.execute(text("PRAGMA foreign_keys")).scalar() == 1


def test_the_text_of_an_error_holds_no_values(db: Database) -> None:
    """What stands in a header never comes into a log by way of a database's error."""

    def twice() -> None:
        with db.transaction() as connection:
            for _ in range(2):
                _chore(connection, "DOE^JANE")

    with pytest.raises(IntegrityError) as caught:
        twice()
    assert "[SQL parameters hidden" in str(caught.value)


def test_the_configured_database_is_a_file_in_the_data_folder(tmp_path: Path) -> None:
    """`sqlite` means one file in `node.data_dir`, however odd the folder's name is."""
    folder = tmp_path / "50% of?it#all"
    db = Database.of(load({"DICOM_NODE_NODE__DATA_DIR": str(folder)}))
    db.upgrade()
    db.close()
    connection = sqlite3.connect(folder / "node.sqlite")
    assert connection.execute("SELECT version_num FROM alembic_version").fetchone() == (HEAD,)
    connection.close()


def test_a_postgresql_address_is_taken_as_it_is() -> None:
    """The address and the password that the configuration gives are those that are used."""
    url = url_of(
        load(
            {
                "DICOM_NODE_NODE__DATABASE": "postgresql+psycopg://node@db.example/node",
                "DICOM_NODE_NODE__DATABASE_PASSWORD": "p@ss/word",
            }
        )
    )
    assert (url.host, url.username, url.password) == ("db.example", "node", "p@ss/word")
    assert "p@ss" not in str(url)
