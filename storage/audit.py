"""The trail of what happened, for whoever asks later. It holds UIDs, never a patient's name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, insert, select

from storage.database import Database, now
from storage.tables import audit, notices


def note(
    connection: Connection, event: str, StudyInstanceUID: str | None = None, /, **detail: object
) -> None:
    """Write one line of the trail inside the caller's transaction."""
    connection.execute(
        insert(audit).values(
            at=now(), event=event, StudyInstanceUID=StudyInstanceUID, detail=detail
        )
    )


def announce(connection: Connection, event: str, **body: object) -> None:
    """Put a message for the configured webhook into its queue, inside the caller's transaction."""
    moment = now()
    connection.execute(
        insert(notices).values(event=event, body=body, created_at=moment, not_before=moment)
    )


def trail(
    db: Database, StudyInstanceUID: str | None = None, limit: int = 200
) -> list[Mapping[str, Any]]:
    """The newest lines of the trail, oldest first; of one study where it is named."""
    query = select(audit).order_by(audit.c.id.desc()).limit(limit)
    if StudyInstanceUID is not None:
        query = query.where(audit.c.StudyInstanceUID == StudyInstanceUID)
    with db.reading() as connection:
        rows = connection.execute(query).mappings().all()
    return [dict(row) for row in reversed(rows)]
