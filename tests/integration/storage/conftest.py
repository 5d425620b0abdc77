"""A database for each test: a SQLite file, and the same again on a PostgreSQL server of our own."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import text

from storage.database import Database
from storage.tables import metadata

_numbers = count(1)
PROGRAMS = max(Path("/usr/lib/postgresql").glob("*/bin"), default=None)
MakeUrl = Callable[[], str]


class Postgres:
    """A PostgreSQL server on a Unix socket in a folder of its own."""

    def __init__(self, folder: Path, programs: Path) -> None:
        self.folder, self.programs = folder, programs
        self.data = folder / "data"

    def run(self, program: str, *arguments: str) -> None:
        """Run a program of the server, never as root: it refuses that."""
        command = [str(self.programs / program), "-D", str(self.data), *arguments]
        if os.geteuid() == 0:
            shutil.chown(self.folder, "postgres")
            command = ["runuser", "-u", "postgres", "--", *command]
        subprocess.run(command, check=True, cwd=self.folder, stdout=subprocess.DEVNULL, timeout=60)

    def start(self) -> None:
        """Make the data folder and start the server."""
        self.run("initdb", "-A", "trust", "-U", "node", "-E", "UTF8", "--locale=C", "--no-sync")
        options = f"-k {self.folder} -c listen_addresses='' -c fsync=off -c max_connections=40"
        self.run("pg_ctl", "-w", "-l", str(self.folder / "log"), "-o", options, "start")

    def stop(self) -> None:
        """End the server at once; nothing in it is needed any more."""
        self.run("pg_ctl", "-m", "immediate", "stop")

    def url(self, name: str) -> str:
        """The address of a database on it."""
        return f"postgresql+psycopg://node@/{name}?host={self.folder}"

    def make(self) -> str:
        """A new, empty database's address."""
        name = f"fresh_{next(_numbers)}"
        with psycopg.connect(
            host=str(self.folder), user="node", dbname="postgres", autocommit=True
        ) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        return self.url(name)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A running server, shared by the tests of this session."""
    if PROGRAMS is None:
        pytest.skip("PostgreSQL is not installed: no /usr/lib/postgresql/*/bin (apt: postgresql)")
    # Not in `tmp_path`: a socket's path has to be short, and others may not enter there.
    folder = Path(tempfile.mkdtemp(prefix="node-pg-"))
    server = Postgres(folder, PROGRAMS)
    try:
        server.start()
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(params=["sqlite", "postgresql"])
def make_url(request: pytest.FixtureRequest, tmp_path: Path) -> MakeUrl:
    """Makes addresses of new, empty databases of one kind."""
    if request.param == "postgresql":
        server: Postgres = request.getfixturevalue("postgres")
        return server.make
    return lambda: f"sqlite:///{tmp_path / f'fresh-{next(_numbers)}.sqlite'}"


@pytest.fixture(scope="session")
def postgres_suite(postgres: Postgres) -> Iterator[Database]:
    """One database with the schema, emptied for each test."""
    db = Database(postgres.make())
    db.upgrade()
    yield db
    db.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def db(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database with the newest schema and nothing in it."""
    if request.param == "postgresql":
        suite: Database = request.getfixturevalue("postgres_suite")
        with suite.transaction() as connection:
            tables = ", ".join(table.name for table in metadata.sorted_tables)
            connection.execute(text(f"TRUNCATE {tables} RESTART IDENTITY CASCADE"))
        yield suite
        return
    found = Database(f"sqlite:///{tmp_path / 'node.sqlite'}")
    found.upgrade()
    yield found
    found.close()


@pytest.fixture
def sqlite_db(tmp_path: Path) -> Iterator[Database]:
    """A SQLite database, for what only SQLite does."""
    found = Database(f"sqlite:///{tmp_path / 'node.sqlite'}")
    found.upgrade()
    yield found
    found.close()
