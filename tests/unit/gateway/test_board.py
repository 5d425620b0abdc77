"""The first page and its numbers."""

from __future__ import annotations

from typing import Any

from storage import jobs, outbox
from storage.database import Database, now
from storage.records import JobStatus
from tests.unit.gateway.conftest import Client
from tests.unit.storage.making import (
    arrival,
    bring,
    claim,
    close,
    count_in,
    done,
    new_job,
    result,
)


def _status(client: Client) -> dict[str, Any]:
    response = client.ask("/api/v2/status")
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()
    return found


def _tiles(client: Client) -> dict[str, int]:
    return {tile["name"]: tile["count"] for tile in _status(client)["tiles"]}


def test_an_empty_node_says_how_to_begin(client: Client) -> None:
    """Title, address and commands that can be copied."""
    page = client.ask("/").text
    assert "Nothing has arrived yet" in page
    assert "storescu -aec DICOM_NODE 127.0.0.1 11112 image.dcm" in page
    assert "dicom-node send image.dcm" in page
    assert "Not a medical device." in page


def test_every_station_of_the_way_is_counted(client: Client, db: Database) -> None:
    """What comes in, waits, runs, failed and was delivered."""
    assert set(_tiles(client).values()) == {0}
    for number in range(1, 6):
        close(db, bring(db, study=f"1.2.{number}"))
    running, dead, rejected, finished = (claim(db) for _ in range(4))
    jobs.beat(db, running, 60, 0.25, "reading headers")
    jobs.fail(db, dead, JobStatus.DEAD, "a bug")
    jobs.fail(db, rejected, JobStatus.REJECTED, "It has no pixels.")
    jobs.finish(db, finished, {}, [result(), result()])
    outbox.accepted(db, outbox.due(db, "pacs")[0], 0, None, vouch=False)
    bring(db, study="1.2.9")
    assert _tiles(client) == {
        "Coming in": 1,
        "Waiting": 2,
        "Running": 1,
        "Failed": 2,
        "Delivered": 1,
    }
    (job,) = _status(client)["running"]
    assert (job["progress"], job["doing"]) == (0.25, "reading headers")


def test_a_study_is_one_line_with_its_evidence(client: Client, db: Database) -> None:
    """Status, revision, instances, the sentence, jobs and deliveries."""
    done(db)
    (study,) = _status(client)["studies"]
    assert (study["status"], study["revision"], study["instances"]) == ("complete", 1, 3)
    assert study["evidence"].startswith("Every association is closed")
    assert study["jobs"][0]["status"] == "done"
    assert study["deliveries"] == [
        {"destination": "pacs", "status": "waits", "tone": "wait", "count": 1}
    ]
    page = client.ask("/").text
    assert 'href="/studies/1"' in page
    assert "Every association is closed" in page


def test_what_was_not_processed_says_why(client: Client, db: Database) -> None:
    """In the place where its jobs would be."""
    bring(db)
    unprocessed = {"what": "the study", "because": "no route matches."}
    close(db, new_jobs=[], decision={"unprocessed": [unprocessed]})
    assert _status(client)["studies"][0]["unprocessed"] == ["the study: no route matches."]
    assert "Not processed: the study: no route matches." in client.ask("/").text


def test_an_alert_is_shown_with_what_became_urgent(client: Client, db: Database) -> None:
    """Beside the job that raised it; the study's other jobs say that they are urgent."""
    bring(db)
    close(db, new_jobs=[new_job("fracture"), new_job("other")])
    jobs.finish(db, claim(db), {}, [], alert="A <fracture> is likely.")
    found = {job["pipeline"]: job for job in _status(client)["studies"][0]["jobs"]}
    assert found["fracture"]["alert"] == "A <fracture> is likely."
    assert (found["other"]["priority"], found["other"]["alert"]) == ("urgent", None)
    page = client.ask("/").text
    assert "A &lt;fracture&gt; is likely." in page
    assert "other, urgent" in page


def test_a_destination_shows_how_it_fares(client: Client, db: Database) -> None:
    """In order, on the way, or in trouble and why."""
    (peer,) = _status(client)["destinations"]
    assert (peer["name"], peer["address"], peer["tone"]) == ("pacs", "127.0.0.1:4242", "quiet")
    done(db)
    (delivery,) = outbox.due(db, "pacs")
    assert _status(client)["destinations"][0]["health"] == "Results are on their way."
    outbox.postpone(
        db, delivery, not_before=now() + 60, comment="ORTHANC cannot be reached.", dimse_status=None
    )
    (peer,) = _status(client)["destinations"]
    assert (peer["tone"], peer["health"]) == ("warn", "ORTHANC cannot be reached.")
    outbox.give_up(db, delivery, "refused", 0x0122, announced=False)
    assert _status(client)["destinations"][0]["tone"] == "bad"


def test_a_destination_that_is_configured_no_longer_is_said(client: Client, db: Database) -> None:
    """Its results wait for somebody to look."""
    done(db, ["old-pacs"])
    peers = {peer["name"]: peer for peer in _status(client)["destinations"]}
    assert peers["old-pacs"]["health"] == "It is no longer configured; its results wait."


def test_nothing_of_a_header_but_the_modality_is_shown(client: Client, db: Database) -> None:
    """No patient's name can reach the page, in whatever attribute it stands."""
    header = {"StudyDescription": "DOE^JANE knee", "SeriesDescription": "JANE", "Modality": "CT"}
    count_in(db, [arrival("1.2.3.4")], header=header)
    close(db)
    for path in ("/", "/studies/1", "/api/v2/status"):
        assert "JANE" not in client.ask(path).text


def test_what_a_peer_says_is_escaped(client: Client, db: Database) -> None:
    """Its comment is text, whatever it looks like."""
    done(db)
    (delivery,) = outbox.due(db, "pacs")
    outbox.give_up(db, delivery, "<script>alert(1)</script>", 0xC000, announced=False)
    page = client.ask("/studies/1").text
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_the_fragment_is_the_changing_part_of_the_page(client: Client, db: Database) -> None:
    """The script puts it in place of what the page came with."""
    done(db)
    fragment = client.ask("/fragments/board").text
    assert "<html" not in fragment
    assert "Every association is closed" in fragment
    assert 'data-fragment="/fragments/board"' in client.ask("/").text


def test_the_interface_describes_itself(client: Client) -> None:
    """OpenAPI, without the pages."""
    paths = client.ask("/api/v2/openapi.json").json()["paths"]
    assert set(paths) == {"/healthz", "/readyz", "/api/v2/status"}
