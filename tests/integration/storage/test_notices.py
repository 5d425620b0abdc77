"""The queue of messages for the webhook, and the trail."""

from __future__ import annotations

from storage import audit, notices
from storage.database import Database, now


def _announce(db: Database, *events: str) -> None:
    with db.transaction() as connection:
        for event in events:
            audit.announce(connection, event, StudyInstanceUID="1.2.3")


def test_a_notice_is_due_until_it_was_taken(db: Database) -> None:
    """Oldest first, so many at once."""
    _announce(db, "a", "b", "c")
    first, second = notices.due(db, limit=2)
    assert (first["event"], second["event"]) == ("a", "b")
    notices.sent(db, first["id"])
    assert [notice["event"] for notice in notices.due(db)] == ["b", "c"]


def test_a_notice_that_was_not_taken_waits(db: Database) -> None:
    """Its tries are counted, so that the waits can grow."""
    _announce(db, "a")
    (notice,) = notices.due(db)
    notices.postpone(db, notice["id"], now() + 60)
    assert notices.due(db) == []
    notices.postpone(db, notice["id"], now() - 1)
    assert notices.due(db)[0]["attempts"] == 2


def test_the_trail_is_read_oldest_first_and_ends_with_the_newest(db: Database) -> None:
    """Of one study or of everything; only the newest lines where there are many."""
    with db.transaction() as connection:
        for number in range(5):
            audit.note(connection, f"event-{number}", "1.2.3" if number % 2 else None)
    assert [line["event"] for line in audit.trail(db, limit=2)] == ["event-3", "event-4"]
    assert [line["event"] for line in audit.trail(db, "1.2.3")] == ["event-1", "event-3"]
