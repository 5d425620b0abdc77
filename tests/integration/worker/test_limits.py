"""Jobs that take too long or too much, that are cancelled, and the order in which jobs go."""

from __future__ import annotations

import itertools
import time

import pytest

from storage import jobs
from storage.records import Job, JobStatus
from tests.trouble import TroubledNode, study


def ended(all_of: list[Job]) -> bool:
    """Whether the newest job is over."""
    return all_of[-1].status.ended


def cancel(node: TroubledNode, job: Job) -> bool:
    """Ask for a job to stop; False where it is over already."""
    with node.database() as db:
        return jobs.cancel(db, job.id)


def test_a_job_over_its_time_is_ended(node: TroubledNode) -> None:
    """A pipeline that runs past its time-out is ended with its process, and the reason is told."""
    uid = node.send("ignore 60", route="hasty")
    found = node.wait_for_job(uid, JobStatus.DEAD, 25)
    assert found.crashes == 3
    assert found.reason is not None
    assert found.reason.startswith("The job took longer than 1 seconds.")


def test_a_job_over_its_memory_is_ended(node: TroubledNode) -> None:
    """A worker that needs more memory than it may is ended, and the reason is told."""
    uid = node.send("hog")
    found = node.wait_for_job(uid, JobStatus.DEAD, 25)
    assert found.crashes == 3
    assert found.reason is not None
    assert found.reason.startswith("The job needed more than 600 MB of memory.")


@pytest.mark.parametrize("act", ["sleep 60", "ignore 60"])
def test_a_running_job_is_cancelled(node: TroubledNode, act: str) -> None:
    """A pipeline that reports stops by itself; one that does not is ended with its process."""
    uid = node.send(act)
    job = node.wait_for_job(uid, JobStatus.RUNNING)
    asked_at = time.monotonic()
    assert cancel(node, job)
    job = node.wait_for_job(uid, JobStatus.CANCELLED)
    assert job.reason == "Cancelled on request."
    assert time.monotonic() - asked_at < (4 if act.startswith("sleep") else 10)


def test_only_so_many_jobs_of_a_pipeline_run_at_once_and_the_urgent_go_first(
    node: TroubledNode,
) -> None:
    """With a limit of one, two workers run them one after the other: stat, urgent, routine."""
    first = node.send("sleep 60", route="single")
    running = node.wait_for_job(first, JobStatus.RUNNING)
    rest = [node.send("sleep 0.1", route=route) for route in ("single", "urgent", "stat")]
    free = node.send("fine")
    node.wait_for_job(free, JobStatus.DONE)
    assert node.job(first).status == JobStatus.RUNNING  # the other worker did it meanwhile
    for uid in rest:
        assert node.wait_for_job(uid, JobStatus.QUEUED).attempts == 0
    assert cancel(node, running)
    for uid in rest:
        node.wait_for_job(uid, JobStatus.DONE)
    spans = [(node.lines("begin", uid)[0].at, node.lines("end", uid)[0].at) for uid in rest[::-1]]
    for before, after in itertools.pairwise(spans):
        assert before[1] <= after[0]


def test_a_queued_job_is_cancelled_before_it_runs(node: TroubledNode) -> None:
    """A job that waits is cancelled at once and never begins."""
    first = node.send("sleep 60", route="single")
    running = node.wait_for_job(first, JobStatus.RUNNING)
    second = node.send("fine", route="single")
    assert cancel(node, node.wait_for_job(second, JobStatus.QUEUED))
    assert node.job(second).status == JobStatus.CANCELLED
    assert cancel(node, running)
    node.wait_for_job(first, JobStatus.CANCELLED)
    node.wait_for_job(node.send("fine", route="single"), JobStatus.DONE)
    assert not node.lines("begin", second)


def test_a_pipeline_is_loaded_once_in_each_worker_before_it_has_a_job(node: TroubledNode) -> None:
    """`load` is called when the worker starts and never again in the same process."""
    for _ in range(3):
        node.wait_for_jobs(node.send(study()), ended)
    loads = [(line.pipeline, line.pid) for line in node.lines("load")]
    assert len(loads) == len(set(loads))
    begun = {line.pid: line.at for line in reversed(node.lines("begin"))}
    for line in node.lines("load"):
        assert line.at < begun.get(line.pid, float("inf"))
