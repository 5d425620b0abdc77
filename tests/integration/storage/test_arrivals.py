"""What the receiver writes down, and what is taken up after it died."""

from __future__ import annotations

from sqlalchemy import select

from storage import arrivals, audit
from storage.arrivals import Closing, Remark
from storage.database import Database
from storage.records import Outcome
from storage.tables import associations
from tests.unit.storage.making import arrival, association, count_in, uids


def _ends(db: Database) -> dict[str, str | None]:
    with db.reading() as connection:
        rows = connection.execute(select(associations.c.id, associations.c.outcome))
        return {row[0]: row[1] for row in rows}


def test_an_association_and_what_it_brought_are_written_together(db: Database) -> None:
    """Opening, instances and end may all be in one batch, in the order they happened."""
    items = [arrival(uid) for uid in uids(2)]
    closing = Closing(association="assoc-1", closed_at=5.0, outcome="released")
    arrivals.record(db, [association(), *items, closing])
    assert _ends(db) == {"assoc-1": "released"}
    assert [item for _, item in arrivals.pending(db)] == items


def test_pending_arrivals_come_oldest_first_and_so_many_at_once(db: Database) -> None:
    """Assembly takes them in batches, in the order they came."""
    arrivals.record(db, [arrival(uid) for uid in uids(5)])
    batch = arrivals.pending(db, limit=3)
    assert [item.SOPInstanceUID for _, item in batch] == uids(5)[:3]


def test_a_conflict_is_in_the_audit_trail_whatever_became_of_it(db: Database) -> None:
    """Other bytes under a known UID leave a line, a plain duplicate does not."""
    outcomes = [Outcome.REVISED, Outcome.KEPT_FIRST, Outcome.REFUSED, Outcome.DUPLICATE]
    arrivals.record(db, [arrival("1.2.3", outcome=outcome) for outcome in outcomes])
    noted = [line["detail"]["outcome"] for line in audit.trail(db)]
    assert noted == ["revised", "kept-first", "refused"]


def test_a_remark_of_the_receiver_is_in_the_audit_trail(db: Database) -> None:
    """A refused association, say."""
    arrivals.record(db, [Remark(event="association-refused", detail={"calling_ae": "EVIL"})])
    (line,) = audit.trail(db)
    assert (line["event"], line["detail"]) == ("association-refused", {"calling_ae": "EVIL"})


def test_the_associations_of_a_dead_receiver_are_closed(db: Database) -> None:
    """Those of the others stay open, and so does what has ended already as it ended."""
    arrivals.record(
        db,
        [
            association("a", "dead"),
            association("b", "alive"),
            association("c", "dead"),
            Closing(association="c", closed_at=1.0, outcome="released"),
        ],
    )
    assert arrivals.abandon(db, ["dead"]) == 1
    assert _ends(db) == {"a": "receiver-died", "b": None, "c": "released"}


def test_a_starting_node_closes_every_association(db: Database) -> None:
    """No receiver lives before the first one is started."""
    arrivals.record(db, [association("a", "one"), association("b", "two")])
    assert arrivals.abandon(db) == 2
    assert arrivals.abandon(db) == 0


def test_files_that_nobody_knows_are_found(db: Database) -> None:
    """A file is known by the index or by the queue; the rest is to be taken up."""
    indexed, queued = arrival("1.2.1"), arrival("1.2.2")
    count_in(db, [indexed])
    arrivals.record(db, [queued])
    keys = [indexed.key, queued.key, *(f"00/{n}.dcm" for n in range(1200))]
    assert arrivals.unknown(db, keys) == set(keys[2:])


def test_what_cannot_be_indexed_is_dropped_with_a_reason(db: Database) -> None:
    """It leaves the queue, and the trail says why."""
    arrivals.record(db, [arrival(uid) for uid in uids(2)])
    first, second = arrivals.pending(db)
    arrivals.drop(db, [first[0]], "instance-not-indexed", {"because": "no study"})
    assert arrivals.pending(db) == [second]
    assert audit.trail(db)[0]["detail"] == {"because": "no study"}
