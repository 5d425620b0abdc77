"""What a pipeline raises decides the fate of its job."""

from __future__ import annotations

from storage import jobs
from storage.records import JobStatus
from tests.trouble import PLANTED, TroubledNode


def test_a_rejected_study_is_told_why(node: TroubledNode) -> None:
    """`Rejected` ends the job at once, and `explain` says its sentence."""
    uid = node.send("reject")
    job = node.wait_for_job(uid, JobStatus.REJECTED)
    assert job.attempts == 1
    told = node.json("explain", uid)
    assert told["jobs"][0]["reason"] == "The hand is not in the picture."
    assert "The hand is not in the picture." in node.cli("explain", uid).stdout.replace("\n", " ")


def test_a_study_that_the_pipeline_does_not_take_is_not_processed(node: TroubledNode) -> None:
    """Where it accepts no series, the pipeline is not run, and the job says why."""
    uid = node.send("another's")
    job = node.wait_for_job(uid, JobStatus.REJECTED)
    assert job.reason == "Not processed, because: it is another's."
    assert not list(node.lines("begin", uid))


def test_a_retryable_failure_is_tried_later_and_then_given_up(node: TroubledNode) -> None:
    """`Retryable` puts the job back with a growing wait; after the last try it is dead."""
    uid = node.send("retry")
    job = node.wait_for_job(uid, JobStatus.DEAD)
    assert job.attempts == 3
    assert job.reason == "The lamp is being changed. It was tried 3 times."
    first, second, third = (line.at for line in node.lines("begin", uid))
    assert second - first >= 0.1  # 0.2 s, of which half is left to chance
    assert third - second >= 0.2


def test_a_failure_that_passes_ends_well(node: TroubledNode) -> None:
    """A job that fails for a while is done as soon as it can be."""
    uid = node.send("late 0.3")
    job = node.wait_for_job(uid, JobStatus.DONE)
    assert job.attempts > 1
    assert job.reason is None


def test_a_bug_is_dead_with_its_trace_and_the_log_names_no_patient(node: TroubledNode) -> None:
    """Any other exception is a bug: dead at once, its trace in the database, no name in the log."""
    uid = node.send("bug")
    job = node.wait_for_job(uid, JobStatus.DEAD)
    assert job.attempts == 1
    assert job.reason == "A bug in the node: ZeroDivisionError."
    with node.database() as db:
        trace = jobs.detail(db, job.id)["trace"]
    assert "in bug" in trace
    assert PLANTED in trace
    assert "job is dead" in node.said()
    assert PLANTED not in node.said()


def test_a_dead_job_runs_again_when_it_is_asked_to(node: TroubledNode) -> None:
    """`jobs retry` queues a job that was given up, with its tries counted anew."""
    uid = node.send("bug")
    job = node.wait_for_job(uid, JobStatus.DEAD)
    assert node.cli("jobs", "retry", str(job.id)).returncode == 0
    node.wait_for_jobs(uid, lambda _: len(node.lines("begin", uid)) == 2)
    assert node.wait_for_job(uid, JobStatus.DEAD).attempts == 1
