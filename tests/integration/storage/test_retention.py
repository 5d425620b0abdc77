"""What may be removed, and what never is."""

from __future__ import annotations

import pytest

from storage import arrivals, audit, commitments, jobs, outbox, retention, studies
from storage.database import Database
from storage.records import JobStatus, Outcome, StudyStatus
from tests.unit.storage.making import (
    STUDY,
    arrival,
    bring,
    claim,
    close,
    count_in,
    done,
    known,
    uids,
)

FUTURE = 9e9


class Files:
    """The names of files that were removed; dies at the so-manieth."""

    def __init__(self, dies_at: int | None = None) -> None:
        self.removed: list[str] = []
        self.dies_at = dies_at

    def unlink(self, key: str) -> None:
        """Remove one."""
        if len(self.removed) == self.dies_at:
            raise SystemExit
        self.removed.append(key)


def _delivered(db: Database) -> None:
    done(db)
    (delivery,) = outbox.due(db, "pacs")
    outbox.accepted(db, delivery, 0, None, vouch=False)


def _removable(db: Database) -> list[str]:
    return [uid for _, uid in retention.removable(db, FUTURE)]


def _remove(db: Database, files: Files) -> int:
    return retention.remove(db, known(db).id, files.unlink, files.unlink)


def test_a_study_goes_when_everything_about_it_is_done(db: Database) -> None:
    """Its files go, what was found and sent stays known."""
    _delivered(db)
    assert _removable(db) == [STUDY]
    files = Files()
    assert _remove(db, files) == 3
    assert len(files.removed) == 4
    assert studies.held(db, known(db).id) == []
    assert _removable(db) == []
    assert [job.status for job in jobs.listing(db)] == [JobStatus.DONE]
    assert audit.trail(db, STUDY)[-1]["event"] == "study-removed"


def test_nothing_goes_before_its_time(db: Database) -> None:
    """The time is counted from the last thing that happened to the study."""
    _delivered(db)
    assert retention.removable(db, known(db).last_at - 1) == []
    assert retention.removable(db, known(db).last_at) == []  # the job ended later


def test_an_open_study_stays(db: Database) -> None:
    """It is still coming in, and `remove` does not touch it either."""
    bring(db)
    assert _removable(db) == []
    assert _remove(db, Files()) == 0
    assert len(studies.held(db, known(db).id)) == 3


def test_a_study_with_a_waiting_or_running_job_stays(db: Database) -> None:
    """A worker needs its pixels."""
    bring(db)
    close(db)
    assert _removable(db) == []
    claim(db)
    assert _removable(db) == []


def test_a_study_with_a_dead_job_stays(db: Database) -> None:
    """Somebody has to look at it, and may want to try it again."""
    bring(db)
    close(db)
    jobs.fail(db, claim(db), JobStatus.DEAD, "a bug")
    assert _removable(db) == []


@pytest.mark.parametrize("status", [JobStatus.REJECTED, JobStatus.CANCELLED])
def test_a_study_whose_jobs_ended_for_good_goes(db: Database, status: JobStatus) -> None:
    """Nothing will come of it any more."""
    bring(db)
    close(db)
    jobs.fail(db, claim(db), status, "no pixels")
    assert _removable(db) == [STUDY]


def test_a_study_with_an_undelivered_result_stays(db: Database) -> None:
    """Whether it waits, is not vouched for, or was given up."""
    done(db)
    assert _removable(db) == []
    (delivery,) = outbox.due(db, "pacs")
    outbox.accepted(db, delivery, 0, None, vouch=True)
    assert _removable(db) == []
    (delivery,) = commitments.unvouched(db, "pacs")
    outbox.give_up(db, delivery, "never vouched", None, announced=False)
    assert _removable(db) == []


def test_an_instance_that_was_just_acknowledged_again_keeps_its_study(db: Database) -> None:
    """The peer was told that we have it, on the strength of the file that is here."""
    _delivered(db)
    arrivals.record(db, [arrival(uids(1)[0], outcome=Outcome.DUPLICATE)])
    assert _removable(db) == []
    files = Files()
    assert _remove(db, files) == 0
    assert files.removed == []


def test_a_removal_that_was_cut_short_is_finished_later(db: Database) -> None:
    """Killed after two files, the study is still removable and the next run ends it."""
    _delivered(db)
    with pytest.raises(SystemExit):
        _remove(db, Files(dies_at=2))
    assert _removable(db) == [STUDY]
    files = Files()
    assert _remove(db, files) == 3
    assert len(files.removed) == 4
    assert _removable(db) == []


def test_an_instance_that_comes_during_a_removal_is_not_touched(db: Database) -> None:
    """It opens a new revision and is there when the removal ends."""
    _delivered(db)

    def unlink(_key: str) -> None:
        if known(db).status == StudyStatus.COMPLETE:
            count_in(db, [arrival("1.2.8.8")])

    assert retention.remove(db, known(db).id, unlink, unlink) == 3
    assert [item.SOPInstanceUID for item in studies.held(db, known(db).id)] == ["1.2.8.8"]
    assert known(db).revision == 2


def test_a_study_that_comes_again_after_its_removal_is_worked_on_again(db: Database) -> None:
    """It is new to the inbox, so it opens a revision."""
    _delivered(db)
    _remove(db, Files())
    bring(db)
    assert (known(db).status, known(db).revision) == (StudyStatus.OPEN, 2)
    assert len(studies.held(db, known(db).id)) == 3
