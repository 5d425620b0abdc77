"""The words that the functions of storage speak."""

from __future__ import annotations

import pytest

from storage.records import JobStatus, Priority


@pytest.mark.parametrize("status", list(JobStatus))
def test_a_job_has_ended_unless_it_waits_or_runs(status: JobStatus) -> None:
    """Nothing more happens by itself to any other."""
    assert status.ended == (status not in (JobStatus.QUEUED, JobStatus.RUNNING))


def test_stat_comes_before_urgent_before_routine() -> None:
    """The database sorts by the number."""
    assert sorted(Priority) == [Priority.STAT, Priority.URGENT, Priority.ROUTINE]
