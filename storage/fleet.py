"""The processes of the node that are alive, and when each periodic chore ran last."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import delete, insert, select, update

from storage.database import Database, now
from storage.tables import chores, processes


def enrol(db: Database, id_: str, role: str, pid: int | None = None) -> None:
    """A process of the node is alive; whatever else used this number before is not."""
    moment = now()
    number = os.getpid() if pid is None else pid
    with db.transaction() as connection:
        connection.execute(
            delete(processes).where(
                processes.c.pid == number, processes.c.host == socket.gethostname()
            )
        )
        connection.execute(
            insert(processes).values(
                id=id_,
                role=role,
                host=socket.gethostname(),
                pid=number,
                started_at=moment,
                heartbeat_at=moment,
                detail={},
            )
        )


def describe(db: Database, pid: int, detail: Mapping[str, Any]) -> None:
    """Write down what others should know of a process of this machine: its ports, say."""
    with db.transaction() as connection:
        connection.execute(
            update(processes)
            .where(processes.c.pid == pid, processes.c.host == socket.gethostname())
            .values(detail=dict(detail))
        )


def beat(db: Database, ids: Sequence[str]) -> None:
    """These processes are still alive."""
    with db.transaction() as connection:
        connection.execute(
            update(processes).where(processes.c.id.in_(ids)).values(heartbeat_at=now())
        )


def dismiss(db: Database, ids: Sequence[str]) -> None:
    """These processes have ended."""
    with db.transaction() as connection:
        connection.execute(delete(processes).where(processes.c.id.in_(ids)))


def clear(db: Database) -> list[Mapping[str, Any]]:
    """Forget every process of this machine: a starting node is the only one on its database."""
    here = processes.c.host == socket.gethostname()
    with db.transaction() as connection:
        found: list[Mapping[str, Any]] = [
            dict(row) for row in connection.execute(select(processes).where(here)).mappings()
        ]
        connection.execute(delete(processes).where(here))
    return found


def alive(db: Database) -> list[Mapping[str, Any]]:
    """The processes of the node, the oldest first."""
    with db.reading() as connection:
        rows = connection.execute(select(processes).order_by(processes.c.started_at)).mappings()
        return [dict(row) for row in rows]


def last_run(db: Database, chore: str) -> float | None:
    """When a chore ran last, over restarts; None where it never did."""
    with db.reading() as connection:
        return connection.execute(select(chores.c.last_at).where(chores.c.name == chore)).scalar()


def has_run(db: Database, chore: str) -> None:
    """A chore ran now."""
    with db.transaction() as connection:
        changed = connection.execute(
            update(chores).where(chores.c.name == chore).values(last_at=now())
        ).rowcount
        if not changed:
            connection.execute(insert(chores).values(name=chore, last_at=now()))
