"""The database behind every function of storage: SQLite in the data folder, or PostgreSQL."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import (
    URL,
    Connection,
    Engine,
    create_engine,
    event,
    inspect,
    make_url,
    text,
)

from config.settings import Settings
from storage.tables import metadata
from storage.turns import SCHEMA, take_turns

HEAD = "0003"
"""The newest schema revision in `migrations/versions`; a test holds it to Alembic's own answer."""


class SchemaError(Exception):
    """The database was made by a newer version of the node, or is not the node's at all."""


def now() -> float:
    """The present moment, as the database stores moments."""
    return time.time()


class Database:
    """Connections and transactions; all that the rest of the node sees of the engine."""

    def __init__(self, url: str | URL, *, derived: bool = False) -> None:
        self.engine = _engine(url, derived=derived)
        self._reading: dict[str, Any] = {"reading": True}
        if self.engine.dialect.name == "postgresql":
            # By default every statement of a transaction there sees what was committed before it.
            self._reading["isolation_level"] = "REPEATABLE READ"

    @classmethod
    def of(cls, settings: Settings, *, derived: bool = False) -> Database:
        """The database a configuration names.

        `derived`: what is written can be had again from the inbox, so a commit need not wait
        for the disk. A power cut may take the last ones back, and never leaves half of one.
        """
        return cls(url_of(settings), derived=derived)

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """One write transaction: committed on a clean exit, rolled back on any exception."""
        with self.engine.begin() as connection:
            yield connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A consistent view for reading; takes no write lock."""
        with self.engine.connect().execution_options(**self._reading) as connection:
            yield connection

    def ping(self) -> None:
        """Raise unless the database answers."""
        with self.reading() as connection:
            connection.execute(text("SELECT 1"))

    def close(self) -> None:
        """Let go of every connection."""
        self.engine.dispose()

    def version(self) -> str | None:
        """The schema revision the database is at; None for an empty database."""
        with self.reading() as connection:
            return _version(connection)

    def upgrade(self) -> str | None:
        """Bring the schema to `HEAD`; return the revision it was at before.

        A fresh database is made in one go, because importing Alembic takes most of a second
        and the first start should not.
        """
        before = self.version()
        if before == HEAD:
            return before
        if before is None:
            with self.transaction() as connection:
                _create(connection)
            return before
        from storage.migrations import known, upgrade  # Alembic is slow to import

        if before not in known():
            raise SchemaError(
                f"The database is at schema revision {before}, which this version of the node "
                "does not know: a newer one made it, or another program. It was left alone."
            )
        upgrade(self.engine)
        return before


def _version(connection: Connection) -> str | None:
    tables = inspect(connection).get_table_names()
    if "alembic_version" in tables:
        found: str | None = connection.execute(
            text("SELECT version_num FROM alembic_version")
        ).scalar()
        return found
    if tables:
        raise SchemaError("The database holds tables that are not the node's; it was left alone.")
    return None


def _create(connection: Connection) -> None:
    take_turns(connection, SCHEMA)
    if _version(connection) is not None:
        return  # another process was first
    metadata.create_all(connection)
    connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) PRIMARY KEY)"))
    connection.execute(text("INSERT INTO alembic_version VALUES (:head)"), {"head": HEAD})


def url_of(settings: Settings) -> URL:
    """The SQLAlchemy address of the configured database."""
    if settings.node.database != "sqlite":
        return make_url(settings.node.database)
    folder = Path(settings.node.data_dir).absolute()
    folder.mkdir(parents=True, exist_ok=True)
    return URL.create("sqlite", database=str(folder / "node.sqlite"))


def _engine(url: str | URL, *, derived: bool) -> Engine:
    url = make_url(url)
    # Parameters are hidden: what stands in a header has no place in the text of an error.
    if url.get_backend_name() != "sqlite":
        options = {"options": "-c synchronous_commit=off"} if derived else {}
        return create_engine(url, connect_args=options, pool_pre_ping=True, hide_parameters=True)
    engine = create_engine(
        url, connect_args={"timeout": 30, "check_same_thread": False}, hide_parameters=True
    )

    @event.listens_for(engine, "connect")
    def _configure(connection: Any, _record: object) -> None:
        # Transactions are begun by the listener below, not by the driver's own guesswork.
        connection.isolation_level = None
        cursor = connection.cursor()
        _in_wal_mode(cursor)
        cursor.execute(f"PRAGMA synchronous={'NORMAL' if derived else 'FULL'}")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        # IMMEDIATE: a transaction that will write waits for its turn at once, and is never
        # told half-way that somebody else was first.
        reading = connection.get_execution_options().get("reading", False)
        connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")

    return engine


def _in_wal_mode(cursor: Any) -> None:
    # The switch needs the file for itself and does not wait for it (SQLite documents this);
    # several processes may open a new database at the same moment.
    for attempt in range(50):
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or attempt == 49:
                raise
            time.sleep(0.02)
        else:
            return
