"""A worker that dies leaves its job to another, and a job that kills workers is given up."""

from __future__ import annotations

import os
import signal
import time

import pytest

from storage.records import JobStatus
from tests.peers.processes import wait_for
from tests.trouble import TroubledNode


@pytest.mark.parametrize("act", ["leave", "crash"])
def test_a_job_that_takes_three_workers_down_is_dead(node: TroubledNode, act: str) -> None:
    """A pipeline that ends its process is tried three times; the other jobs go on meanwhile."""
    deadly = node.send(act)
    node.wait_for_jobs(deadly, lambda _: bool(node.lines("begin", deadly)))
    harmless = node.send("fine")
    node.wait_for_job(harmless, JobStatus.DONE)
    job = node.wait_for_job(deadly, JobStatus.DEAD, 20)
    assert job.crashes == 3
    assert job.reason is not None
    assert "try 3 of 3" in job.reason
    assert len({line.pid for line in node.lines("begin", deadly)}) == 3


def test_a_killed_workers_job_is_taken_by_another_at_once(node: TroubledNode) -> None:
    """The supervisor sees the death and puts the job back; nobody waits for the lease."""
    uid = node.send("sleep 1")
    node.wait_for_jobs(uid, lambda _: bool(node.lines("begin", uid)))
    first = node.lines("begin", uid)[0]
    killed_at = time.time()
    os.kill(first.pid, signal.SIGKILL)
    job = node.wait_for_job(uid, JobStatus.DONE)
    second = node.lines("begin", uid)[1]
    assert second.pid != first.pid
    assert second.at - killed_at < 1.5  # the lease is 3 s
    assert job.crashes == 1


@pytest.mark.parametrize("act", ["sleep 1", "hold 1"])
def test_a_stopped_worker_is_killed_and_loses_its_job(node: TroubledNode, act: str) -> None:
    """A worker that falls silent has lost its job when the lease ends, and is killed."""
    uid = node.send(act)
    node.wait_for_jobs(uid, lambda _: bool(node.lines("begin", uid)))
    first = node.lines("begin", uid)[0]
    os.kill(first.pid, signal.SIGSTOP)
    node.wait_for_job(uid, JobStatus.DONE)
    assert [line.pid for line in node.lines("end", uid)] == [node.lines("begin", uid)[1].pid]
    wait_for(lambda: not os.path.exists(f"/proc/{first.pid}"), 5)  # noqa: PTH110 - a process, not a file


def test_workers_killed_again_and_again_are_there_again(node: TroubledNode) -> None:
    """Jobs that kill workers do not make the supervisor slow to start new ones."""
    for _ in range(2):
        node.wait_for_job(node.send("leave"), JobStatus.DEAD, 20)
    started = time.monotonic()
    node.wait_for_job(node.send("fine"), JobStatus.DONE)
    assert time.monotonic() - started < 8
