"""An alert makes what is left to do for a study urgent, and people are told of it once."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select

from storage import audit, crashes, jobs, notices, outbox
from storage.database import Database
from storage.job import LeaseLost
from storage.records import Job, NewResult, Priority
from storage.tables import deliveries
from tests.unit.storage.making import STUDY, bring, claim, close, new_job, result

WHY = "A fracture is likely."
OTHER = "1.2.826.0.1.3680043.8.498.2"


def _work(
    db: Database, *names: str, study: str = STUDY, priority: Priority = Priority.ROUTINE
) -> None:
    """A study that is closed, with a job for each of these pipelines."""
    bring(db, study=study)
    close(db, study, [new_job(name, priority=priority) for name in names])


def _alarm(
    db: Database, job: Job, made: Sequence[NewResult] = (), *, announced: bool = True
) -> None:
    jobs.finish(db, job, {"alert": WHY}, made, alert=WHY, announced=announced)


def _priorities(db: Database) -> dict[str, str]:
    """The priority of each job, by its pipeline."""
    return {job.pipeline: job.priority.name for job in jobs.listing(db)}


def _sent_as(db: Database) -> list[str]:
    """The priorities of the deliveries, in the order in which they were made."""
    with db.reading() as connection:
        found = connection.execute(select(deliveries.c.priority).order_by(deliveries.c.id))
        return [Priority(number).name for number in found.scalars()]


def test_what_is_left_to_do_for_the_study_becomes_urgent(db: Database) -> None:
    """Its waiting and running jobs, the results that wait and those of the job itself."""
    _work(db, "early", "fracture", "running", "waiting")
    jobs.finish(db, claim(db), {}, [result(["pacs", "archive"])])
    job, running = claim(db), claim(db)
    _alarm(db, job, [result()])
    assert _priorities(db) == {
        "early": "ROUTINE",
        "fracture": "URGENT",
        "running": "URGENT",
        "waiting": "URGENT",
    }
    assert _sent_as(db) == ["URGENT"] * 3
    jobs.finish(db, running, {}, [result()])
    assert _sent_as(db) == ["URGENT"] * 4


def test_it_goes_before_what_came_first(db: Database) -> None:
    """Of another study neither the jobs nor the results are touched."""
    _work(db, "fracture")
    fracture = claim(db)
    _work(db, "early", "later", study=OTHER)
    jobs.finish(db, claim(db), {}, [result(SOPInstanceUID="2.25.8001")])
    _alarm(db, fracture, [result(SOPInstanceUID="2.25.8002")])
    assert _priorities(db) == {"fracture": "URGENT", "early": "ROUTINE", "later": "ROUTINE"}
    assert [d.SOPInstanceUID for d in outbox.due(db, "pacs")] == ["2.25.8002", "2.25.8001"]


def test_what_is_stat_stays_so(db: Database) -> None:
    """A priority is never lowered."""
    _work(db, "fracture", "other", priority=Priority.STAT)
    _alarm(db, claim(db), [result()])
    assert set(_priorities(db).values()) == {"STAT"}
    assert _sent_as(db) == ["STAT"]


def test_what_was_sent_is_left_alone(db: Database) -> None:
    """Only what waits to be sent has an order."""
    _work(db, "early", "fracture")
    jobs.finish(db, claim(db), {}, [result()])
    (delivery,) = outbox.due(db, "pacs")
    outbox.accepted(db, delivery, 0x0000, None, vouch=False)
    _alarm(db, claim(db))
    assert _sent_as(db) == ["ROUTINE"]


def test_it_is_noted_and_announced(db: Database) -> None:
    """With job, pipeline and the sentence; the job keeps it."""
    _work(db, "fracture")
    job = claim(db)
    _alarm(db, job)
    detail = {"job": job.id, "pipeline": "fracture", "reason": WHY}
    line = audit.trail(db, STUDY)[-1]
    assert (line["event"], line["detail"]) == ("alert", detail)
    (notice,) = notices.due(db)
    assert (notice["event"], notice["body"]) == ("alert", {"StudyInstanceUID": STUDY, **detail})
    found = jobs.find(db, job.id)
    assert found is not None
    assert found.alert == WHY


def test_nobody_is_told_where_that_is_not_wanted(db: Database) -> None:
    """The study goes first all the same, and the trail says so."""
    _work(db, "fracture", "other")
    _alarm(db, claim(db), announced=False)
    assert notices.due(db) == []
    assert _priorities(db)["other"] == "URGENT"
    assert audit.trail(db, STUDY)[-1]["event"] == "alert"


def test_no_alert_changes_nothing(db: Database) -> None:
    """Most jobs end without one."""
    _work(db, "fracture", "other")
    job = claim(db)
    jobs.finish(db, job, {}, [result()], announced=True)
    assert set(_priorities(db).values()) == {"ROUTINE"}
    assert notices.due(db) == []
    assert all(line["event"] != "alert" for line in audit.trail(db, STUDY))


def test_a_process_that_dies_before_the_commit_told_nobody(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever takes the job over raises the alert, and it is told once."""

    def die(*_: object) -> None:
        raise SystemExit

    _work(db, "fracture", "other")
    job = claim(db)
    with monkeypatch.context() as patched:
        patched.setattr(jobs, "reached", die)
        with pytest.raises(SystemExit):
            _alarm(db, job)
    assert notices.due(db) == []
    assert set(_priorities(db).values()) == {"ROUTINE"}
    crashes.reclaim(db, 3, announced=False, workers=["worker-1"])
    again = claim(db, "worker-2")
    assert again.pipeline in ("fracture", "other")
    _alarm(db, again)
    with pytest.raises(LeaseLost):
        _alarm(db, again)
    assert [notice["event"] for notice in notices.due(db)] == ["alert"]


def test_two_alerts_of_one_study_at_once_do_not_wait_for_each_other(db: Database) -> None:
    """Both jobs end, and both alerts are told."""
    for number in range(5):
        study = f"1.2.3.{number}"
        _work(db, "fracture", "chest", "more", study=study)
        found = [claim(db), claim(db), claim(db)]
        start = threading.Barrier(3)

        def end(job: Job, start: threading.Barrier = start) -> None:
            start.wait()
            _alarm(db, job, [result(), result()])

        with ThreadPoolExecutor(3) as pool:
            for future in [pool.submit(end, job) for job in found]:
                future.result(20)
    assert len(notices.due(db, 100)) == 15
    assert set(_priorities(db).values()) == {"URGENT"}
    assert set(_sent_as(db)) == {"URGENT"}
