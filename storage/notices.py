"""The queue of messages for the configured webhook."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select, update

from storage.database import Database, now
from storage.tables import notices


def due(db: Database, limit: int = 20) -> list[Mapping[str, Any]]:
    """The messages that are to be sent now, oldest first."""
    query = (
        select(notices)
        .where(notices.c.sent_at.is_(None), notices.c.not_before <= now())
        .order_by(notices.c.id)
        .limit(limit)
    )
    with db.reading() as connection:
        return [dict(row) for row in connection.execute(query).mappings()]


def sent(db: Database, id_: int) -> None:
    """A message was taken."""
    with db.transaction() as connection:
        connection.execute(update(notices).where(notices.c.id == id_).values(sent_at=now()))


def postpone(db: Database, id_: int, not_before: float) -> None:
    """A message was not taken; it is tried again then."""
    with db.transaction() as connection:
        connection.execute(
            update(notices)
            .where(notices.c.id == id_)
            .values(not_before=not_before, attempts=notices.c.attempts + 1)
        )
