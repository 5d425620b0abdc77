"""How instances are counted to studies, and when a revision opens."""

from __future__ import annotations

import pytest

from storage import arrivals, audit, completion, studies
from storage.database import Database
from storage.records import Outcome, StudyStatus
from tests.unit.storage.making import (
    STUDY,
    arrival,
    bring,
    close,
    count_in,
    known,
    result,
    uids,
)


def test_the_first_instance_opens_the_first_revision(db: Database) -> None:
    """A study begins open, at revision 1, when its first instance came."""
    count_in(db, [arrival(uid, received_at=100.0 + n) for n, uid in enumerate(uids(3))])
    study = known(db)
    assert (study.status, study.revision) == (StudyStatus.OPEN, 1)
    assert (study.opened_at, study.last_at) == (100.0, 102.0)
    assert studies.counts(db, [study.id]) == {study.id: 3}
    assert arrivals.pending(db) == []


def test_the_same_instance_again_changes_nothing(db: Database) -> None:
    """A study sent twice is counted once and stays complete."""
    study = bring(db)
    close(db)
    again = [arrival(uid, outcome=Outcome.DUPLICATE) for uid in uids(3)]
    count_in(db, again)
    assert known(db).status == StudyStatus.COMPLETE
    assert studies.counts(db, [study.id]) == {study.id: 3}
    assert arrivals.pending(db) == []


def test_a_duplicate_that_was_never_counted_is_counted(db: Database) -> None:
    """The first receiver died before it wrote the instance down; the second delivery stands in."""
    count_in(db, [arrival("1.2.3.4", outcome=Outcome.DUPLICATE)])
    assert studies.counts(db, [known(db).id]) == {1: 1}


def test_twins_in_one_batch_are_counted_once(db: Database) -> None:
    """Two peers may send the same study at the same time."""
    twins = [arrival("1.2.3.4"), arrival("1.2.3.4", outcome=Outcome.DUPLICATE)]
    count_in(db, twins)
    assert studies.counts(db, [known(db).id]) == {1: 1}


def test_a_late_instance_opens_the_next_revision(db: Database) -> None:
    """A complete study is worked on again with what came later."""
    bring(db)
    close(db)
    count_in(db, [arrival("1.2.9.9", received_at=5e9)])
    study = known(db)
    assert (study.status, study.revision, study.opened_at) == (StudyStatus.OPEN, 2, 5e9)
    assert [item.revision for item in studies.held(db, study.id)] == [1, 1, 1, 2]


def test_other_bytes_take_the_place_of_the_first(db: Database) -> None:
    """Both files are known, one counts, and the trail says that it was replaced."""
    study = bring(db)
    uid = uids(1)[0]
    count_in(db, [arrival(uid, key="ab/c.r2.dcm", outcome=Outcome.REVISED)])
    held = studies.held(db, study.id)
    assert len(held) == 3
    assert [item.key for item in held if item.SOPInstanceUID == uid] == ["ab/c.r2.dcm"]
    assert "instance-replaced" in [line["event"] for line in audit.trail(db, STUDY)]


@pytest.mark.parametrize("outcome", [Outcome.KEPT_FIRST, Outcome.REFUSED])
def test_what_was_not_kept_is_not_counted(db: Database, outcome: Outcome) -> None:
    """An instance that lost against the first one leaves the queue and nothing else."""
    study = bring(db)
    close(db)
    count_in(db, [arrival(uids(1)[0], key="ff/other.dcm", outcome=outcome)])
    assert arrivals.pending(db) == []
    assert known(db).status == StudyStatus.COMPLETE
    assert studies.counts(db, [study.id]) == {study.id: 3}


def test_our_own_result_is_kept_and_not_processed(db: Database) -> None:
    """A PACS that forwards our result back opens no revision; the trail says it came."""
    study = bring(db)
    close(db)
    count_in(db, [arrival(result().SOPInstanceUID)], ours=True)
    assert known(db).status == StudyStatus.COMPLETE
    assert known(db).revision == 1
    assert studies.counts(db, [study.id]) == {study.id: 3}
    assert len(studies.held(db, study.id)) == 4
    assert "own-result-returned" in [line["event"] for line in audit.trail(db, STUDY)]


def test_our_own_result_of_an_unknown_study_waits_for_its_images(db: Database) -> None:
    """The study is there, complete and empty, until somebody sends an image of it."""
    count_in(db, [arrival("2.25.1")], ours=True)
    assert (known(db).status, known(db).revision) == (StudyStatus.COMPLETE, 0)
    assert completion.ripe(db, 9e9, 9e9) == []
    count_in(db, [arrival("1.2.3.4")])
    assert (known(db).status, known(db).revision) == (StudyStatus.OPEN, 1)


def test_the_objects_may_say_how_many_there_are(db: Database) -> None:
    """(0020,1208) is remembered with where it was read."""
    count_in(db, [arrival("1.2.3.4")], header={"NumberOfStudyRelatedInstances": 40})
    assert known(db).expected == 40
    assert known(db).expected_from == "(0020,1208) in the objects"


@pytest.mark.parametrize("nonsense", ["many", "-3", "1e9", "999999999999", "²", 0, [2, 3]])
def test_nonsense_in_the_objects_is_no_number(db: Database, nonsense: object) -> None:
    """The study is counted all the same."""
    count_in(db, [arrival("1.2.3.4")], header={"NumberOfStudyRelatedInstances": nonsense})
    assert known(db).expected is None


def test_a_peer_may_say_how_many_there_are(db: Database) -> None:
    """Its answer is remembered with the moment it was asked."""
    study = bring(db)
    completion.expect(db, study.id, 12, "pacs")
    found = known(db)
    assert (found.expected, found.expected_from) == (12, "pacs")
    assert found.asked_at is not None


def test_an_unknown_study_is_none(db: Database) -> None:
    """Nobody makes one by asking."""
    assert studies.find(db, "1.2.3") is None
    assert studies.listing(db) == []


def test_the_studies_that_changed_last_come_first(db: Database) -> None:
    """A list for people begins with the news."""
    for number, at in ((1, 30.0), (2, 50.0), (3, 40.0)):
        bring(db, study=f"1.2.{number}", received_at=at)
    found = [study.StudyInstanceUID for study in studies.listing(db, limit=2)]
    assert found == ["1.2.2", "1.2.3"]
