"""How jobs end, and what can be done about those that ended badly."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from storage import audit, crashes, jobs, made, notices, outbox
from storage.database import Database, now
from storage.records import Job, JobStatus
from storage.tables import results
from tests.unit.storage.making import (
    STUDY,
    arrival,
    bring,
    claim,
    close,
    count_in,
    done,
    known,
    new_job,
    on_the_way,
    result,
)


def _running(db: Database) -> Job:
    bring(db)
    close(db)
    return claim(db)


def _found(db: Database, job: Job) -> Job:
    found = jobs.find(db, job.id)
    assert found is not None
    return found


def _results(db: Database) -> int:
    with db.reading() as connection:
        return connection.execute(select(func.count()).select_from(results)).scalar_one()


def test_the_end_of_a_job_and_its_outbox_are_one(db: Database) -> None:
    """Findings, results and deliveries are there together."""
    job = _running(db)
    made = [result(["pacs", "archive"]), result([])]
    jobs.finish(db, job, {"summary": "fine"}, made)
    found = _found(db, job)
    assert (found.status, found.worker, found.progress) == (JobStatus.DONE, None, 1.0)
    assert found.ended_at is not None
    assert jobs.detail(db, job.id) == {"trace": None, "findings": {"summary": "fine"}}
    assert _results(db) == 2
    assert on_the_way(db) == {"pacs", "archive"}
    assert audit.trail(db, STUDY)[-1]["detail"]["results"] == [r.SOPInstanceUID for r in made]


def test_a_failure_while_ending_a_job_leaves_neither(db: Database) -> None:
    """The outbox refuses the second result: the job still runs and the first is not there."""
    job = _running(db)
    twice = result()
    with pytest.raises(IntegrityError):
        jobs.finish(db, job, {"summary": "fine"}, [twice, twice])
    assert _found(db, job) == job
    assert _results(db) == 0
    assert outbox.due(db, "pacs") == []


def test_a_process_that_ends_before_the_commit_leaves_neither(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last line before the commit is as far as it came; the job is another worker's."""

    def die(*_: object, **__: object) -> None:
        raise SystemExit

    job = _running(db)
    with monkeypatch.context() as patched:
        patched.setattr(audit, "note", die)
        with pytest.raises(SystemExit):
            jobs.finish(db, job, {}, [result()])
    assert _found(db, job) == job
    assert _results(db) == 0
    crashes.reclaim(db, 3, announced=False, workers=["worker-1"])
    assert claim(db, "worker-2").id == job.id


@pytest.mark.parametrize("status", [JobStatus.REJECTED, JobStatus.DEAD, JobStatus.CANCELLED])
def test_a_job_ends_without_results_for_a_reason(db: Database, status: JobStatus) -> None:
    """The reason is kept, in the trail too, and told where it is to be."""
    job = _running(db)
    jobs.fail(db, job, status, "The images have no pixels.", "Traceback ...", announced=True)
    found = _found(db, job)
    assert (found.status, found.reason) == (status, "The images have no pixels.")
    assert jobs.detail(db, job.id)["trace"] == "Traceback ..."
    assert audit.trail(db, STUDY)[-1]["event"] == f"job-{status}"
    assert [notice["event"] for notice in notices.due(db)] == [f"job-{status}"]


def test_a_job_is_put_back_for_later(db: Database) -> None:
    """It waits until then, and the number of its tries stays."""
    job = _running(db)
    jobs.put_back(db, job, "The disk was busy.", now() + 60)
    assert jobs.claim(db, "w", "none", 20) is None
    found = _found(db, job)
    assert (found.status, found.attempts, found.ended_at) == (JobStatus.QUEUED, 1, None)
    assert found.reason == "The disk was busy."


def test_a_waiting_job_is_cancelled_at_once(db: Database) -> None:
    """One that ended already is not cancelled any more."""
    bring(db)
    close(db)
    (job,) = jobs.listing(db)
    assert jobs.cancel(db, job.id)
    assert _found(db, job).status == JobStatus.CANCELLED
    assert not jobs.cancel(db, job.id)


@pytest.mark.parametrize("status", [JobStatus.REJECTED, JobStatus.DEAD, JobStatus.CANCELLED])
def test_a_job_that_was_given_up_can_be_tried_again(db: Database, status: JobStatus) -> None:
    """Its tries are counted anew and nothing of the failure is left."""
    job = _running(db)
    jobs.fail(db, job, status, "a reason", "a trace")
    assert jobs.retry(db, job.id)
    found = _found(db, job)
    assert (found.status, found.attempts, found.crashes) == (JobStatus.QUEUED, 0, 0)
    assert (found.reason, found.cancel, found.ended_at) == (None, False, None)
    assert claim(db).id == job.id


def test_a_job_that_is_done_or_under_way_is_not_tried_again(db: Database) -> None:
    """Results go to the PACS exactly once."""
    job = _running(db)
    assert not jobs.retry(db, job.id)
    jobs.finish(db, job, {}, [])
    assert not jobs.retry(db, job.id)
    assert not jobs.retry(db, 999)


def test_the_results_of_the_revision_before_are_the_predecessors(db: Database) -> None:
    """Of the same pipeline and kind, and of the latest earlier revision that has any."""
    first = _running(db)
    assert made.predecessors(db, first, "sr") == []
    jobs.finish(db, first, {}, [result(SOPInstanceUID="2.25.1001"), result(kind="seg")])
    for revision, finding in ((2, True), (3, False), (4, True)):
        count_in(db, [arrival(f"1.2.8.{revision}")])
        close(db)
        job = claim(db)
        assert job.revision == revision
        expected = "2.25.1001" if revision == 2 else "2.25.1002"
        (before,) = made.predecessors(db, job, "sr")
        assert before.SOPInstanceUID == expected
        if finding:
            report = result(SOPInstanceUID=f"2.25.{1000 + revision}")
            jobs.finish(db, job, {}, [report])
        else:
            jobs.fail(db, job, JobStatus.REJECTED, "no pixels")


def test_jobs_are_listed_by_status_and_study(db: Database) -> None:
    """Newest first, as people look for them."""
    done(db)
    other = bring(db, study="1.2.9")
    close(db, "1.2.9", [new_job("a"), new_job("b")])
    assert [job.pipeline for job in jobs.listing(db, study_id=other.id)] == ["b", "a"]
    assert len(jobs.listing(db, statuses=[JobStatus.DONE])) == 1
    assert len(jobs.listing(db, limit=2)) == 2
    assert sorted(job.status for job in jobs.listing(db)) == ["done", "queued", "queued"]


def test_a_job_is_unique(db: Database) -> None:
    """One per study, revision, pipeline and version, whoever tries to make another."""
    bring(db)
    close(db)
    study = known(db)

    def again() -> None:
        with db.transaction() as connection:
            jobs.add(connection, study, [new_job()], now())

    with pytest.raises(IntegrityError):
        again()
