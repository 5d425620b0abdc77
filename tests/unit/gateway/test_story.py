"""A study's page tells all that happened to it, and why."""

from __future__ import annotations

import re

from storage import arrivals, commitments, jobs, outbox, retention
from storage.arrivals import Closing
from storage.database import Database, now
from storage.records import JobStatus
from tests.unit.gateway.conftest import Client
from tests.unit.storage.making import (
    STUDY,
    arrival,
    association,
    bring,
    claim,
    close,
    count_in,
    done,
    known,
    new_job,
    report,
)


def _text(client: Client, path: str = "/studies/1") -> str:
    """What a person reads on the page."""
    response = client.ask(path)
    assert response.status_code == 200, response.text
    return " ".join(re.sub(r"<[^>]*>", " ", response.text).split())


def test_the_story_goes_from_association_to_delivery(client: Client, db: Database) -> None:
    """Each step with its reason and what others answered."""
    arrivals.record(db, [association()])
    done(db)
    arrivals.record(db, [Closing(association="assoc-1", closed_at=now(), outcome="released")])
    (delivery,) = outbox.due(db, "pacs")
    outbox.accepted(db, delivery, 0x0000, None, vouch=True)
    commitments.asked(db, [delivery.id], "2.25.5", now() + 60)
    commitments.vouched(db, report("2.25.5", [delivery.SOPInstanceUID]))
    text = _text(client)
    for part in (
        STUDY,
        "CT1 connected It called us DICOM_NODE from 127.0.0.1. How it ended: released.",
        "3 instances from CT1",
        "Revision 1 complete with 3 instances Every association is closed",
        "intake-check works on 1 series with priority routine, asked by “everything is checked”; "
        "results go to pacs.",
        "intake-check 1.0.0: done",
        "Nothing stands out.",
        "SR of intake-check to pacs: delivered pacs answered 0x0000 (success). "
        "It vouched for the object by Storage Commitment.",
        "Audit trail",
        "result-delivered",
    ):
        assert part in text


def test_many_associations_of_one_sender_are_told_as_one(client: Client, db: Database) -> None:
    """Some senders open one for each instance."""
    items = [association(f"a-{n}") for n in range(30)]
    arrivals.record(db, items)
    count_in(db, [arrival(f"1.2.3.{n}", association=f"a-{n}") for n in range(30)])
    assert "CT1 connected 30 times" in _text(client)
    assert "30 associations still open." in _text(client)


def test_each_revision_has_its_own_evidence(client: Client, db: Database) -> None:
    """What came late is told as what it is."""
    bring(db)
    close(db, because="It was quiet.")
    count_in(db, [arrival("1.2.8.8", calling_ae="PACS")])
    close(db, because="4 of 4 instances are here, says pacs.", decision={})
    text = _text(client)
    assert "Revision 1 complete with 3 instances It was quiet." in text
    assert "Revision 2 complete with 4 instances 4 of 4 instances are here, says pacs." in text
    assert "1 instance from PACS They belong to revision 2" in text


def test_a_job_that_went_wrong_says_why(client: Client, db: Database) -> None:
    """In the words that were written for people."""
    bring(db)
    close(db, new_jobs=[new_job("a"), new_job("b")])
    jobs.fail(db, claim(db), JobStatus.REJECTED, "The images have no pixels.")
    jobs.beat(db, claim(db), 60, 0.5, "reading headers")
    text = _text(client)
    assert "a 1.0.0: rejected" in text
    assert "The images have no pixels." in text
    assert "50%: reading headers." in text


def test_an_alert_is_part_of_the_story(client: Client, db: Database) -> None:
    """With the priority that came of it, and in the trail."""
    bring(db)
    close(db, new_jobs=[new_job("fracture"), new_job("other")])
    jobs.finish(db, claim(db), {}, [], alert="A fracture is likely.")
    text = _text(client)
    assert "Alert: A fracture is likely. What still waited of the study became urgent." in text
    assert "Job 2 for revision 1, priority urgent, 0 tries." in text
    assert "alert job: 1, pipeline: fracture, reason: A fracture is likely." in text


def test_our_own_result_that_came_back_is_told(client: Client, db: Database) -> None:
    """It is kept and not processed."""
    bring(db)
    count_in(db, [arrival("2.25.1", calling_ae="ORTHANC")], ours=True)
    assert "1 instance of our own came back from ORTHANC" in _text(client)


def test_a_study_whose_pixels_are_gone_still_has_its_story(client: Client, db: Database) -> None:
    """What was found and sent stays known."""
    bring(db)
    close(db, new_jobs=[])
    retention.remove(db, known(db).id, lambda _key: None, lambda _key: None)
    text = _text(client)
    assert "pixels removed" in text
    assert "study-removed" in text
    assert "pixels removed" in _text(client, "/")


def test_the_fragment_is_the_changing_part_of_the_page(client: Client, db: Database) -> None:
    """And no more than that."""
    bring(db)
    assert "<html" not in client.ask("/fragments/studies/1").text
    assert "Coming in: 3 instances so far." in _text(client, "/")
    assert "revision 1, 3 instances" in _text(client, "/fragments/studies/1")
