"""Turns that transactions take where locking rows is not enough."""

from __future__ import annotations

from sqlalchemy import Connection, func, select

SCHEMA = 0x44494301
"""Making or changing the schema."""
CLAIM = 0x44494302
"""Taking a job of a pipeline that may run a limited number of times at once."""


def take_turns(connection: Connection, number: int) -> None:
    """Let transactions that name the same number on one after the other, until they end.

    SQLite's writers do so anyway.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(number)))
