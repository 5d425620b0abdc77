"""What most commands begin with: the settings, the database, and whether the node runs."""

from __future__ import annotations

import os
import shutil
import socket
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dicom_node.cli.exits import NOT_RUNNING, USAGE, Stop

if TYPE_CHECKING:
    from config.settings import Peer, Settings
    from storage.database import Database
    from storage.records import StudyRecord

STALE_SECONDS = 30.0
"""A process whose last sign of life is older than this is not the node's any more, even where
its number is in use: numbers are given again."""

EVERYWHERE = ("0.0.0.0", "::", "")  # noqa: S104 - names to recognise; nothing is bound here


def program() -> str:
    """How this program is called from here: by its name, or by its path where that is needed."""
    beside = Path(sys.executable).with_name("dicom-node")
    if shutil.which("dicom-node") or not beside.exists():
        return "dicom-node"
    here = Path.cwd()
    return str(beside.relative_to(here) if beside.is_relative_to(here) else beside)


def settings() -> Settings:
    """The configuration as it is now; `main` prints what is wrong with it."""
    from config.loader import load

    return load()


@contextmanager
def database(found: Settings) -> Iterator[Database]:
    """The node's database, ready to be read; stops the command where there is none yet."""
    from storage.database import HEAD, Database

    must_exist(found)
    db = Database.of(found)
    try:
        version = db.version()
        if version != HEAD:
            raise Stop(
                f"The database is at schema {version or 'none'} and this program needs {HEAD}. "
                "Run `dicom-node db upgrade`, or `dicom-node serve`, which does it too."
            )
        yield db
    finally:
        db.close()


def must_exist(found: Settings) -> None:
    """Stop the command where the node has never made its database."""
    file = _sqlite_file(found)
    if file is not None and not file.exists():
        raise Stop(
            f"The node has not run here yet: there is no database at {file}. "
            "Start it with `dicom-node serve`, or point DICOM_NODE_CONFIG at its configuration.",
            NOT_RUNNING,
        )


def _sqlite_file(found: Settings) -> Path | None:
    """The file of an SQLite database; connecting would make it, and a reader should not."""
    address = found.node.database
    if address == "sqlite":
        return Path(found.node.data_dir) / "node.sqlite"
    return Path(address.removeprefix("sqlite:///")) if address.startswith("sqlite:") else None


def trouble_with_database(error: Exception) -> str | None:
    """What an error of the database means, in a sentence; None where it is something else."""
    from sqlalchemy.exc import OperationalError

    from storage.database import SchemaError

    if isinstance(error, SchemaError):
        return str(error)
    if isinstance(error, OperationalError):
        # The first line names the trouble; the rest is the statement, which helps nobody here.
        first = (str(error.orig).strip().splitlines() or ["it does not answer"])[0]
        return f"The database cannot be used: {first}. `dicom-node doctor` says more."
    return None


def processes(db: Database) -> list[dict[str, Any]]:
    """The node's processes, each with whether it really lives."""
    from storage import fleet

    return [{**row, "alive": _lives(row)} for row in fleet.alive(db)]


def _lives(row: Mapping[str, Any]) -> bool:
    if time.time() - row["heartbeat_at"] > STALE_SECONDS:
        return False
    if row["host"] != socket.gethostname():
        return True  # its heartbeat is all we can see from here
    try:
        os.kill(row["pid"], 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def supervisor(db: Database) -> dict[str, Any] | None:
    """The living supervisor of the node, if it runs."""
    found = [row for row in processes(db) if row["role"] == "supervisor" and row["alive"]]
    return found[-1] if found else None


def study(db: Database, uid: str) -> StudyRecord:
    """The study with this UID; stops the command where the node does not know it."""
    from storage import studies

    found = studies.find(db, uid)
    if found is None:
        raise Stop(f"The node knows no study {uid}. `dicom-node studies` lists those it knows.")
    return found


def itself(found: Settings) -> Peer:
    """The node itself as a peer, as this machine reaches it."""
    from config.settings import Peer

    host = "127.0.0.1" if found.node.host in EVERYWHERE else found.node.host
    port = found.node.port if found.tls.plain else found.tls.port
    return Peer(
        ae_title=found.node.ae_title,
        host=host,
        port=port or _chosen_port(found),
        tls=not found.tls.plain,
    )


def _chosen_port(found: Settings) -> int:
    """The port a running node has picked for itself, as it wrote down when it was ready."""
    with database(found) as db:
        running = supervisor(db)
    port = (running or {}).get("detail", {}).get("port")
    if not port:
        raise Stop(
            "The port is 0 in the configuration, and no node runs that has picked one.", NOT_RUNNING
        )
    return int(port)


def peer(found: Settings, text: str) -> tuple[str, Peer]:
    """The peer that a person names: by its name in the configuration, or HOST:PORT[:AE]."""
    from pydantic import ValidationError

    from config.settings import Peer

    if text in found.peers:
        return text, found.peers[text]
    host, port, ae_title = _parts(text)
    if not host or not port.isdecimal():
        known = ", ".join(sorted(found.peers)) or "none"
        raise Stop(
            f"{text} is neither the name of a configured peer (there are: {known}) "
            "nor an address of the form HOST:PORT or HOST:PORT:AE.",
            USAGE,
        )
    try:
        return text, Peer(ae_title=ae_title, host=host, port=int(port))
    except ValidationError:
        raise Stop(
            f"{text} is no address: a port is at most 65535, an AE title at most 16 characters.",
            USAGE,
        ) from None


def _parts(text: str) -> tuple[str, str, str]:
    """Host, port and AE title; an IPv6 address stands in brackets."""
    bracket, _, rest = text.rpartition("]")
    if bracket:
        host, rest = bracket.removeprefix("["), rest.removeprefix(":")
    else:
        host, _, rest = text.partition(":")
    port, _, ae_title = rest.partition(":")
    return host, port, ae_title or "ANY-SCP"
