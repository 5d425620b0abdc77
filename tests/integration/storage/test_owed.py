"""Commitment reports that we owe: there before a peer is told so, until it has taken them."""

from __future__ import annotations

import math

import pytest

from storage import audit, owed
from storage.database import Database, now
from storage.records import Asker
from tests.unit.storage.making import report

BACKOFF = (60.0, 600.0)
"""The first and the longest wait between tries."""


CT1 = Asker(calling_ae="CT1", address="10.0.0.1")
MR1 = Asker(calling_ae="MR1", address="10.0.0.1")
ELSEWHERE = Asker(calling_ae="CT1", address="10.0.0.2")


def promised(db: Database, uid: str = "2.25.5", asker: Asker = CT1, until: float = 0.0) -> str:
    """A report that is owed, of one instance that is held and one that is not."""
    return owed.promise(db, asker, report(uid, ["2.25.7001"], {"2.25.7002": 0x0112}), until)


def last(db: Database) -> tuple[str, dict[str, object]]:
    """The newest line of the audit trail."""
    line = audit.trail(db)[-1]
    return line["event"], line["detail"]


def test_what_is_promised_is_owed(db: Database) -> None:
    """Every word of it."""
    found = owed.find(db, promised(db))
    assert found is not None
    assert found.report == report("2.25.5", ["2.25.7001"], {"2.25.7002": 0x0112})
    assert (found.asker, found.attempts) == (CT1, 0)


def test_it_is_left_to_its_association_for_a_while(db: Database) -> None:
    """Nobody else brings it meanwhile; in the end somebody does."""
    moment = now()
    id_ = promised(db, until=moment + 10)
    assert owed.askers(db, moment) == []
    assert owed.askers(db, moment + 11) == [CT1]
    assert owed.hold(db, id_, moment + 20)
    assert owed.askers(db, moment + 11) == []


def test_it_is_brought_once_its_association_has_ended(db: Database) -> None:
    """At once."""
    id_, other = promised(db, until=math.inf), promised(db, "2.25.6", until=math.inf)
    owed.let_go(db, [id_])
    assert owed.take_up(db, CT1, now(), *BACKOFF) == [id_]
    assert owed.take_up(db, CT1, math.inf, *BACKOFF) == [id_, other]


def test_each_peer_has_its_own(db: Database) -> None:
    """What one is owed the other is not brought."""
    first, second = promised(db), promised(db, asker=MR1)
    assert owed.askers(db, now()) == [CT1, MR1]
    assert owed.take_up(db, MR1, now(), *BACKOFF) == [second]
    assert owed.askers(db, now()) == [CT1]
    assert owed.take_up(db, CT1, now(), *BACKOFF) == [first]


def test_peers_with_one_ae_title_are_told_apart(db: Database) -> None:
    """By the address they called from."""
    first, second = promised(db), promised(db, asker=ELSEWHERE)
    assert owed.take_up(db, ELSEWHERE, now(), *BACKOFF) == [second]
    assert owed.take_up(db, CT1, now(), *BACKOFF) == [first]


def test_who_dies_over_a_report_has_tried(db: Database) -> None:
    """It is tried again by itself, later each time."""
    id_ = promised(db)
    assert owed.take_up(db, CT1, now(), *BACKOFF) == [id_]
    assert owed.askers(db, now() + 29) == []
    assert owed.take_up(db, CT1, now() + 61, *BACKOFF) == [id_]
    assert owed.askers(db, now() + 59) == []
    found = owed.find(db, id_)
    assert found is not None
    assert found.attempts == 2


def test_a_report_that_is_taken_is_owed_no_more(db: Database) -> None:
    """The trail says so, once."""
    id_ = promised(db)
    owed.taken(db, id_)
    assert last(db) == (
        "commitment-reported",
        {
            "calling_ae": "CT1",
            "address": "10.0.0.1",
            "transaction_uid": "2.25.5",
            "committed": 1,
            "failed": 1,
        },
    )
    owed.taken(db, id_)
    assert owed.find(db, id_) is None
    assert not owed.hold(db, id_, now())
    assert len(audit.trail(db)) == 1


@pytest.mark.parametrize("late", [False, True])
def test_a_report_nobody_takes_is_given_up_after_a_time(db: Database, late: bool) -> None:
    """With a line in the trail that says to whom, about what, and why; not before."""
    id_ = promised(db)
    moment = now() + (1 if late else -60)
    left, given_up = owed.missed(db, [id_, "taken before"], "CT1 cannot be reached.", moment)
    assert (left, given_up) == (not late, late)
    assert (owed.find(db, id_) is None) == late
    if late:
        event, detail = last(db)
        assert event == "commitment-report-given-up"
        assert detail["comment"] == "CT1 cannot be reached."
        assert detail["transaction_uid"] == "2.25.5"


def test_asked_again_under_the_same_transaction_it_is_owed_once(db: Database) -> None:
    """The peer did not get our answer; the newer report is the true one."""
    first, second = promised(db), promised(db)
    assert owed.find(db, first) is None
    assert owed.take_up(db, CT1, now(), *BACKOFF) == [second]
    third = promised(db, asker=MR1)
    assert owed.take_up(db, MR1, now(), *BACKOFF) == [third]
