"""Who gets a job, and what happens when whoever has it falls silent."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from storage import audit, crashes, jobs, notices
from storage.database import Database, now
from storage.job import LeaseLost
from storage.records import Job, JobStatus, NewJob, Priority
from tests.unit.storage.making import STUDY, bring, claim, close, new_job


def _queue(db: Database, *wanted: NewJob) -> None:
    bring(db)
    assert close(db, new_jobs=wanted)


def _found(db: Database, job: Job) -> Job:
    found = jobs.find(db, job.id)
    assert found is not None
    return found


def test_nothing_is_claimed_where_nothing_is_due(db: Database) -> None:
    """Not of another framework, and not before its time."""
    _queue(db, new_job(framework="torch"), new_job("later"))
    jobs.put_back(db, claim(db), "not now", now() + 60)
    assert not jobs.waiting(db, "none")
    assert jobs.claim(db, "w", "none", 20) is None
    assert jobs.waiting(db, "torch")


def test_a_claimed_job_is_running(db: Database) -> None:
    """It has a worker, a lease and one more try."""
    _queue(db, new_job())
    before = now()
    job = claim(db, lease=20)
    assert (job.status, job.worker, job.attempts) == (JobStatus.RUNNING, "worker-1", 1)
    assert job.lease_until is not None
    assert before + 20 <= job.lease_until <= now() + 20
    assert job.StudyInstanceUID == STUDY
    assert not jobs.waiting(db, "none")


def test_the_most_urgent_job_goes_first_then_the_oldest(db: Database) -> None:
    """Priority decides, and among equals who waits longest."""
    _queue(
        db,
        new_job("routine"),
        new_job("urgent-1", priority=Priority.URGENT),
        new_job("urgent-2", priority=Priority.URGENT),
        new_job("stat", priority=Priority.STAT),
    )
    assert [claim(db).pipeline for _ in range(4)] == ["stat", "urgent-1", "urgent-2", "routine"]


def test_a_pipeline_that_is_full_lets_others_go_first(db: Database) -> None:
    """So many of its jobs run at once and no more; other pipelines are not held up."""
    _queue(db, new_job("slow", version="1"), new_job("slow", version="2"), new_job("quick"))
    limits: Mapping[str, int] = {"slow": 1}
    taken = [jobs.claim(db, "w", "none", 20, limits) for _ in range(3)]
    assert [job and job.pipeline for job in taken] == ["slow", "quick", None]
    first = taken[0]
    assert first is not None
    jobs.finish(db, first, {}, [])
    again = jobs.claim(db, "w", "none", 20, limits)
    assert again is not None
    assert again.version == "2"


def _race(db: Database, limits: Mapping[str, int] | None = None) -> list[Job]:
    """Four workers take what they can get, all at the same moment."""
    start = threading.Barrier(4)

    def worker(name: int) -> list[Job]:
        start.wait()
        taken = []
        while (job := jobs.claim(db, f"w{name}", "none", 20, limits)) is not None:
            taken.append(job)
        return taken

    with ThreadPoolExecutor(4) as pool:
        return [job for found in pool.map(worker, range(4)) for job in found]


def test_no_two_workers_get_the_same_job(db: Database) -> None:
    """However many ask at the same moment, each job is taken once."""
    _queue(db, *(new_job(version=str(n)) for n in range(24)))
    taken = _race(db)
    assert sorted(job.id for job in taken) == list(range(1, 25))


def test_workers_that_ask_at_once_keep_to_the_limit(db: Database) -> None:
    """Two that count the running jobs at the same moment do not both see room."""
    _queue(db, *(new_job(version=str(n)) for n in range(8)))
    assert len(_race(db, {"intake-check": 2})) == 2


def test_a_beat_renews_the_lease_and_shows_progress(db: Database) -> None:
    """What the worker says about itself is what people see."""
    _queue(db, new_job())
    job = claim(db, lease=1)
    assert not jobs.beat(db, job, 60, 0.5, "x" * 300)
    found = _found(db, job)
    assert found.lease_until is not None
    assert found.lease_until > now() + 50
    assert (found.progress, found.doing) == (0.5, "x" * 200)


def test_a_beat_says_that_the_job_is_to_be_cancelled(db: Database) -> None:
    """A running job is cancelled through its worker."""
    _queue(db, new_job())
    job = claim(db)
    assert jobs.cancel(db, job.id)
    assert jobs.beat(db, job, 20, 0.1, "working")


def test_a_worker_that_lost_its_job_can_do_nothing_with_it(db: Database) -> None:
    """Another has it: the first one's heartbeat, end and failure all say so."""
    _queue(db, new_job())
    first = claim(db, "first", lease=-1)
    crashes.reclaim(db, 3, announced=False)
    second = claim(db, "second")
    with pytest.raises(LeaseLost):
        jobs.beat(db, first, 20, 0.5, "working")
    with pytest.raises(LeaseLost):
        jobs.finish(db, first, {}, [])
    with pytest.raises(LeaseLost):
        jobs.fail(db, first, JobStatus.DEAD, "a bug")
    with pytest.raises(LeaseLost):
        jobs.put_back(db, first, "later", 0.0)
    assert _found(db, second) == second


def test_the_same_worker_does_not_mix_up_two_tries(db: Database) -> None:
    """A thread left over from the first try does not end the second."""
    _queue(db, new_job())
    first = claim(db, lease=-1)
    crashes.reclaim(db, 3, announced=False)
    claim(db)
    with pytest.raises(LeaseLost):
        jobs.finish(db, first, {}, [])


def test_the_jobs_of_silent_workers_are_taken_back(db: Database) -> None:
    """Those whose lease ran out, and those of workers known to be dead; no others."""
    _queue(db, *(new_job(version=str(n)) for n in range(3)))
    silent, dead, alive = claim(db, "silent", lease=-1), claim(db, "dead"), claim(db, "alive")
    lost = crashes.reclaim(db, 3, announced=False, workers=["dead"])
    assert {job.id for job in lost} == {silent.id, dead.id}
    assert _found(db, silent).status == JobStatus.QUEUED
    assert _found(db, silent).crashes == 1
    assert _found(db, alive) == alive
    assert crashes.reclaim(db, 3, announced=False) == []


def test_a_job_that_takes_workers_down_is_given_up(db: Database) -> None:
    """After so many crashes it is dead, with a reason, a line in the trail and a notice."""
    _queue(db, new_job())
    for crash in range(1, 4):
        job = claim(db)
        crashes.crashed(db, job, "The job needed too much memory.", 3, announced=True)
        assert _found(db, job).crashes == crash
    found = _found(db, job)
    assert found.status == JobStatus.DEAD
    assert found.reason == "The job needed too much memory. It was try 3 of 3 that ended so."
    assert [line["event"] for line in audit.trail(db, STUDY)][-1] == "job-dead"
    assert [notice["event"] for notice in notices.due(db)] == ["job-dead"]


def test_a_crash_does_not_touch_a_job_that_another_has_by_now(db: Database) -> None:
    """A worker that was silent, lost its job and then ends itself takes nothing with it."""
    _queue(db, new_job())
    first = claim(db, "first", lease=-1)
    crashes.reclaim(db, 3, announced=False)
    second = claim(db, "second")
    crashes.crashed(db, first, "The job took too long.", 3, announced=False)
    assert _found(db, second) == second


def test_a_crash_while_being_cancelled_is_the_cancelling(db: Database) -> None:
    """Ending the process is how native code is cancelled; it is not tried again."""
    _queue(db, new_job())
    job = claim(db)
    jobs.cancel(db, job.id)
    crashes.crashed(db, job, "Cancelled on request.", 3, announced=True)
    assert _found(db, job).status == JobStatus.CANCELLED
    assert notices.due(db) == []


def test_taking_back_waits_for_a_worker_that_is_ending_its_job(db: Database) -> None:
    """Either the job is done or it is queued again; never both, and nobody stumbles."""
    _queue(db, new_job())
    job = claim(db, lease=-1)
    start = threading.Barrier(2)

    def finish() -> bool:
        start.wait()
        try:
            jobs.finish(db, job, {}, [])
        except LeaseLost:
            return False
        return True

    def reclaim() -> bool:
        start.wait()
        return bool(crashes.reclaim(db, 3, announced=False))

    with ThreadPoolExecutor(2) as pool:
        futures = [pool.submit(finish), pool.submit(reclaim)]
        finished, reclaimed = (future.result(20) for future in futures)
    assert finished != reclaimed
    assert _found(db, job).status == (JobStatus.DONE if finished else JobStatus.QUEUED)


def test_a_job_has_one_worker_whatever_it_claims(db: Database) -> None:
    """A forged record with another worker's name is not believed."""
    _queue(db, new_job())
    job = claim(db)
    with pytest.raises(LeaseLost):
        jobs.beat(db, replace(job, worker="somebody else"), 20, 0.0, "")
