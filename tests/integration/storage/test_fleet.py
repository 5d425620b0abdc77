"""The processes of the node that are alive, and its periodic chores."""

from __future__ import annotations

import os

from sqlalchemy import update

from storage import fleet
from storage.database import Database
from storage.tables import processes


def _alive(db: Database) -> list[str]:
    return [row["id"] for row in fleet.alive(db)]


def test_a_process_is_enrolled_with_its_number(db: Database) -> None:
    """Its own, or that of the child it speaks for."""
    fleet.enrol(db, "a", "supervisor")
    fleet.enrol(db, "b", "receiver", 4711)
    assert [(row["role"], row["pid"]) for row in fleet.alive(db)] == [
        ("supervisor", os.getpid()),
        ("receiver", 4711),
    ]


def test_a_number_belongs_to_one_process(db: Database) -> None:
    """Whoever had it before is gone, or the machine would not have given it again."""
    fleet.enrol(db, "old", "receiver", 4711)
    fleet.enrol(db, "new", "worker", 4711)
    assert _alive(db) == ["new"]


def test_a_heartbeat_is_that_of_the_named_processes(db: Database) -> None:
    """The others grow old."""
    fleet.enrol(db, "a", "receiver", 1001)
    fleet.enrol(db, "b", "worker", 1002)
    with db.transaction() as connection:
        connection.execute(update(processes).values(heartbeat_at=1.0))
    fleet.beat(db, ["a"])
    beats = {row["id"]: row["heartbeat_at"] for row in fleet.alive(db)}
    assert beats["a"] > 1.0
    assert beats["b"] == 1.0


def test_ended_processes_are_dismissed(db: Database) -> None:
    """By name; the others stay."""
    fleet.enrol(db, "a", "receiver", 1001)
    fleet.enrol(db, "b", "worker", 1002)
    fleet.dismiss(db, ["a"])
    assert _alive(db) == ["b"]


def test_a_start_forgets_what_ran_on_this_machine(db: Database) -> None:
    """And returns it; another machine's processes are its own affair."""
    fleet.enrol(db, "here", "receiver", 1001)
    fleet.enrol(db, "there", "receiver", 1002)
    with db.transaction() as connection:
        connection.execute(
            update(processes).where(processes.c.id == "there").values(host="elsewhere")
        )
    assert [row["id"] for row in fleet.clear(db)] == ["here"]
    assert _alive(db) == ["there"]


def test_a_chore_remembers_when_it_ran(db: Database) -> None:
    """Over restarts: it stands in the database."""
    assert fleet.last_run(db, "retention") is None
    fleet.has_run(db, "retention")
    first = fleet.last_run(db, "retention")
    fleet.has_run(db, "retention")
    second = fleet.last_run(db, "retention")
    assert first is not None
    assert second is not None
    assert second >= first
