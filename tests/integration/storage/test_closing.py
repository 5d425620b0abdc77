"""When a study is ripe, and how a revision is closed and opened again."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import replace

import pytest
from sqlalchemy.exc import IntegrityError, NoResultFound

from storage import arrivals, completion, indexing, jobs, notices, studies
from storage.arrivals import Closing
from storage.database import Database, now
from storage.records import JobStatus, StudyStatus
from tests.unit.storage.making import (
    STUDY,
    arrival,
    association,
    bring,
    close,
    count_in,
    known,
    new_job,
)

LONG_AGO = 0.0


def _released(db: Database, at: float | None = None) -> None:
    moment = now() if at is None else at
    closing = Closing(association="assoc-1", closed_at=moment, outcome="released")
    arrivals.record(db, [closing])


def test_a_quiet_study_is_ripe(db: Database) -> None:
    """All its associations are closed and nothing came since."""
    arrivals.record(db, [association()])
    study = bring(db)
    _released(db, study.last_at)
    assert completion.ripe(db, study.last_at, LONG_AGO) == [known(db)]
    assert completion.ripe(db, study.last_at - 1, LONG_AGO) == []


def test_the_silence_begins_when_the_association_ends(db: Database) -> None:
    """A peer that says nothing on an open association and then lets go may come again."""
    arrivals.record(db, [association()])
    study = bring(db)
    _released(db, study.last_at + 60)
    assert completion.ripe(db, study.last_at + 59, LONG_AGO) == []
    assert completion.ripe(db, study.last_at + 60, LONG_AGO) == [known(db)]


def test_an_open_association_keeps_a_study_open(db: Database) -> None:
    """However quiet it is: a slow modality may still be sending."""
    arrivals.record(db, [association()])
    bring(db)
    assert completion.ripe(db, 9e9, LONG_AGO) == []


def test_instances_that_are_not_counted_keep_a_study_open(db: Database) -> None:
    """Until every arrival of its associations is counted, nobody knows whose they are."""
    arrivals.record(db, [association()])
    bring(db)
    _released(db)
    arrivals.record(db, [arrival("1.2.8.8")])
    assert completion.ripe(db, 9e9, LONG_AGO) == []


def test_another_study_s_association_does_not_matter(db: Database) -> None:
    """One that is still coming in holds up nobody else."""
    bring(db)
    arrivals.record(db, [association("assoc-2")])
    bring(db, study="1.2.9", association="assoc-2")
    assert [study.StudyInstanceUID for study in completion.ripe(db, 9e9, LONG_AGO)] == [STUDY]


def test_the_announced_number_closes_early(db: Database) -> None:
    """No silence is waited for when everything that was announced is here."""
    header = {"NumberOfStudyRelatedInstances": 2}
    count_in(db, [arrival("1.2.1")], header=header)
    assert completion.ripe(db, LONG_AGO, LONG_AGO) == []
    count_in(db, [arrival("1.2.2")], header=header)
    assert len(completion.ripe(db, LONG_AGO, LONG_AGO)) == 1


def test_the_cap_overrules_everything(db: Database) -> None:
    """A study that is open for too long is ripe, connected or not."""
    arrivals.record(db, [association()])
    study = bring(db)
    assert completion.ripe(db, LONG_AGO, study.opened_at) == [known(db)]


def test_a_complete_study_is_not_ripe(db: Database) -> None:
    """It was closed once; only something new opens it."""
    bring(db)
    close(db)
    assert completion.ripe(db, 9e9, 9e9) == []


def test_closing_stores_evidence_decision_and_jobs(db: Database) -> None:
    """What was known and decided is there with the jobs that follow from it."""
    study = bring(db)
    assert close(db, new_jobs=[new_job("a"), new_job("b")], because="It was quiet.")
    assert known(db).status == StudyStatus.COMPLETE
    (revision,) = studies.history(db, study.id)
    assert revision == studies.revision(db, study.id, 1)
    assert (revision["number"], revision["instances"]) == (1, 3)
    assert revision["evidence"]["because"] == "It was quiet."
    assert len(revision["decision"]["assignments"]) == 2
    assert {job.pipeline for job in jobs.listing(db)} == {"a", "b"}


def test_a_study_that_no_route_takes_can_be_announced(db: Database) -> None:
    """The notice carries the UID and the reasons, and nothing about a patient."""
    study = bring(db)
    closed = completion.close(
        db,
        study,
        held=3,
        evidence={},
        decision={"unprocessed": ["no route matched"]},
        new_jobs=[],
        announced=True,
    )
    assert closed
    (notice,) = notices.due(db)
    assert notice["event"] == "study-unrouted"
    assert notice["body"] == {"StudyInstanceUID": STUDY, "unprocessed": ["no route matched"]}


def test_closing_refuses_when_an_instance_came_since(db: Database) -> None:
    """Neither the revision nor its jobs are made."""
    seen = bring(db)
    count_in(db, [arrival("1.2.8.8", received_at=seen.last_at + 1)])
    assert not close(db, seen)
    assert jobs.listing(db) == []
    assert studies.history(db, seen.id) == []


def test_closing_refuses_when_an_older_instance_was_counted_since(db: Database) -> None:
    """Its moment does not move the study's last one, but its number does."""
    seen = bring(db)
    count_in(db, [arrival("1.2.8.8", received_at=seen.last_at - 1)])
    assert known(db).last_at == seen.last_at
    closed = completion.close(db, seen, held=3, evidence={}, decision={}, new_jobs=[])
    assert not closed


@pytest.mark.parametrize("moved", ["revision", "last_at"])
def test_closing_refuses_another_revision_than_the_one_that_was_judged(
    db: Database, moved: str
) -> None:
    """The study was closed and opened again meanwhile."""
    seen = bring(db)
    judged = replace(seen, revision=2) if moved == "revision" else replace(seen, last_at=1.0)
    assert not close(db, judged)
    assert known(db).status == StudyStatus.OPEN


def test_a_revision_is_closed_once(db: Database) -> None:
    """The second attempt finds it complete."""
    seen = bring(db)
    assert close(db, seen)
    assert not close(db, seen)
    assert len(jobs.listing(db)) == 1


def test_closing_waits_for_an_arrival_that_is_being_counted(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What commits a moment earlier is not left out of the revision it belongs to."""
    seen = bring(db)
    counted, go_on = threading.Event(), threading.Event()

    def pause(point: str) -> None:
        if point == "assembly: indexed, not committed":
            counted.set()
            go_on.wait(10)

    def count_an_older_one() -> None:
        count_in(db, [arrival("1.2.8.8", received_at=seen.last_at - 1)])

    def close_it() -> bool:
        return completion.close(db, seen, held=3, evidence={}, decision={}, new_jobs=[])

    monkeypatch.setattr(indexing, "reached", pause)
    with ThreadPoolExecutor(2) as pool:
        counting = pool.submit(count_an_older_one)
        assert counted.wait(10)
        closing = pool.submit(close_it)
        assert wait([closing], timeout=0.3).not_done
        go_on.set()
        counting.result(10)
        assert not closing.result(10)
    assert known(db).status == StudyStatus.OPEN


def test_a_failure_while_closing_leaves_the_study_open(db: Database) -> None:
    """The jobs cannot be made, so nothing is: the next look finds the study as it was."""
    seen = bring(db)
    with pytest.raises(IntegrityError):
        close(db, seen, new_jobs=[new_job("twice"), new_job("twice")])
    assert known(db) == seen
    assert studies.history(db, seen.id) == []


def test_a_new_revision_supersedes_what_waits(db: Database) -> None:
    """Jobs that did not begin are cancelled for the newer ones; what runs goes on."""
    bring(db)
    close(db, new_jobs=[new_job("waits"), new_job("runs"), new_job("other")])
    running = next(job for job in jobs.listing(db) if job.pipeline == "runs")
    while (taken := jobs.claim(db, "w", "none", 20)) is not None and taken.id != running.id:
        jobs.put_back(db, taken, "not this one", 9e9)
    count_in(db, [arrival("1.2.8.8")])
    close(db, new_jobs=[new_job("waits"), new_job("runs")])
    found = {(job.pipeline, job.revision): job.status for job in jobs.listing(db)}
    assert found == {
        ("waits", 1): JobStatus.CANCELLED,
        ("runs", 1): JobStatus.RUNNING,
        ("other", 1): JobStatus.QUEUED,
        ("waits", 2): JobStatus.QUEUED,
        ("runs", 2): JobStatus.QUEUED,
    }


def test_a_study_is_replayed_from_what_is_stored(db: Database) -> None:
    """The next revision opens with the instances that are there."""
    study = bring(db)
    close(db)
    assert studies.reopen(db, STUDY) == 2
    assert known(db).status == StudyStatus.OPEN
    assert close(db)
    assert [row["number"] for row in studies.history(db, study.id)] == [1, 2]


def test_an_unknown_study_cannot_be_replayed(db: Database) -> None:
    """There is nothing to open."""
    with pytest.raises(NoResultFound):
        studies.reopen(db, "1.2.3")
