"""What people are shown: the board's numbers and one study's story."""

from __future__ import annotations

from storage import arrivals, jobs, outbox, overview, story
from storage.arrivals import Closing
from storage.database import Database
from tests.unit.storage.making import (
    STUDY,
    arrival,
    association,
    bring,
    claim,
    close,
    count_in,
    done,
    known,
    new_job,
    result,
)


def test_traffic_counts_what_is_where(db: Database) -> None:
    """Open associations, arrivals to count, studies and jobs by status."""
    arrivals.record(db, [association("open"), association("closed")])
    arrivals.record(db, [Closing(association="closed", closed_at=1.0, outcome="released")])
    done(db)
    bring(db, study="1.2.9")
    arrivals.record(db, [arrival("1.2.8.8")])
    found = overview.traffic(db)
    assert (found.connected, found.uncounted) == (1, 1)
    assert found.studies == {"complete": 1, "open": 1}
    assert found.jobs == {"done": 1}


def test_a_line_shows_the_newest_revision_that_was_worked_on(db: Database) -> None:
    """With its jobs and their deliveries; evidence only while the study is complete."""
    done(db, ["pacs", "archive"])
    (line,) = overview.lines(db)
    assert (line.instances, line.modality, line.calling_ae) == (3, "CT", "CT1")
    assert line.closed is not None
    assert line.closed["number"] == 1
    assert {row["destination"] for row in line.deliveries} == {"pacs", "archive"}
    count_in(db, [arrival("1.2.8.8")])
    assert overview.lines(db)[0].closed is None
    close(db, new_jobs=[new_job("a"), new_job("b")])
    (line,) = overview.lines(db)
    assert [job["pipeline"] for job in line.jobs] == ["a", "b"]
    assert line.deliveries == []


def test_a_study_of_our_own_results_has_a_line(db: Database) -> None:
    """It holds nothing that counts."""
    count_in(db, [arrival("2.25.1")], ours=True)
    (line,) = overview.lines(db)
    assert (line.instances, line.modality, line.jobs) == (0, None, [])


def test_the_queues_say_how_destinations_fare(db: Database) -> None:
    """Counts by status, the oldest that waits and why, and the last success."""
    bring(db)
    close(db)
    jobs.finish(db, claim(db), {}, [result(["pacs", "archive"]), result(["pacs"])])
    first, second = outbox.due(db, "pacs")
    outbox.accepted(db, first, 0, None, vouch=False)
    outbox.postpone(db, second, not_before=9e9, comment="Busy.", dimse_status=0xA700)
    found = overview.queues(db)
    assert list(found) == ["archive", "pacs"]
    assert found["pacs"].counts == {"delivered": 1, "waiting": 1}
    assert found["pacs"].comment == "Busy."
    assert found["pacs"].last_delivered is not None
    assert found["archive"].comment is None
    assert found["archive"].oldest_waiting is not None


def test_a_story_holds_everything_about_one_study(db: Database) -> None:
    """And nothing about another."""
    arrivals.record(db, [association(), association("assoc-2")])
    done(db)
    bring(db, study="1.2.9", association="assoc-2")
    found = story.story(db, known(db).id)
    assert found is not None
    assert found.study["StudyInstanceUID"] == STUDY
    assert [row["id"] for row in found.associations] == ["assoc-1"]
    assert [(row["count"], row["revision"]) for row in found.brought] == [(3, 1)]
    assert len(found.revisions) == len(found.jobs) == len(found.deliveries) == 1
    assert [row["event"] for row in found.audit] == ["study-complete", "job-done"]
    assert [row["id"] for row in overview.running(db)] == []


def test_an_unknown_study_has_no_story(db: Database) -> None:
    """The page says so."""
    assert story.story(db, 404) is None
