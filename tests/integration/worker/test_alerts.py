"""A pipeline's alert goes through the whole node: the study goes first and people are told once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.records import JobStatus
from tests.peers.chaos import FaultyPACS
from tests.peers.processes import wait_for
from tests.peers.webhook import Webhook
from tests.trouble import PLANTED, TroubledNode, study

WHY = "Somebody should look at this now."


@pytest.fixture(scope="module")
def webhook() -> Iterator[Webhook]:
    """Somebody who is told."""
    with Webhook() as webhook:
        yield webhook


@pytest.fixture(scope="module")
def alarmed(tmp_path_factory: pytest.TempPathFactory, webhook: Webhook) -> Iterator[TroubledNode]:
    """A node with pipelines that raise alerts, one of them in shadow, one told wrong options."""

    def route(name: str, *pipelines: str, **more: object) -> dict[str, object]:
        own = {"name": name, "when": {"StudyID": name}, "pipelines": list(pipelines)}
        return own | {"send_to": ["pacs"], **more}

    with FaultyPACS() as pacs:
        node = TroubledNode(
            Path(tmp_path_factory.mktemp("alerts")),
            assembly={"quiet_seconds": 0.2},
            node={"receivers": 1},
            workers={"max_attempts": 1},
            http={"enabled": False},
            notices={"webhook": webhook.url},
            peers={"pacs": {"ae_title": "FAULTY", "port": pacs.port}},
            pipelines={
                "tuned": {"options": {"level": 0.25}},
                "single": {"options": {"level": 0.25}},
            },
            routes=[
                route("alarm", "tuned", "trouble"),
                route("shadow", "tuned", shadow=True),
                route("wrong", "single"),
            ],
        )
        with node:
            yield node


def test_an_alert_goes_first_and_is_told_once(alarmed: TroubledNode, webhook: Webhook) -> None:
    """Jobs and results are urgent, the notice has no patient's name, `explain` has the sentence."""
    uid = alarmed.send("alarm", route="alarm")
    found = alarmed.wait_for_jobs(uid, lambda jobs: all(j.status == "done" for j in jobs))
    # Both pipelines find the same; the first of them makes the second urgent.
    assert {(job.priority.name, job.alert) for job in found} == {("URGENT", WHY)}
    wait_for(lambda: len(webhook.seen) >= 2, 10, "two notices")
    told = sorted((body["event"], body["pipeline"], body["reason"]) for body in webhook.seen)
    assert told == [("alert", "trouble", WHY), ("alert", "tuned", WHY)]
    assert {body["StudyInstanceUID"] for body in webhook.seen} == {uid}
    assert PLANTED not in json.dumps(webhook.seen)
    assert [line["event"] for line in alarmed.trail(uid)].count("alert") == 2
    explained = " ".join(alarmed.cli("explain", uid).stdout.split())
    assert f"Alert of tuned on revision 1: {WHY}" in explained
    assert "urgent" in explained
    shown = alarmed.json("explain", uid)["jobs"]
    assert {(job["alert"], job["priority"]) for job in shown} == {(WHY, "urgent")}
    assert WHY in " ".join(alarmed.cli("jobs", "show", str(found[0].id)).stdout.split())


def test_a_later_revision_raises_its_own(alarmed: TroubledNode, webhook: Webhook) -> None:
    """New images may be why; each revision is told of once."""
    first, second = study("alarm", instances=2, route="alarm")
    uid = alarmed.send([first])
    alarmed.wait_for_jobs(uid, lambda jobs: all(j.status == "done" for j in jobs))
    alarmed.send([second])
    alarmed.wait_for_jobs(
        uid, lambda jobs: len(jobs) == 4 and all(j.status == "done" for j in jobs)
    )

    def told() -> list[str]:
        return [body["pipeline"] for body in webhook.seen if body["StudyInstanceUID"] == uid]

    wait_for(lambda: len(told()) >= 4, 10, "four notices")
    assert sorted(told()) == ["trouble", "trouble", "tuned", "tuned"]


def test_a_shadow_tells_nobody(alarmed: TroubledNode, webhook: Webhook) -> None:
    """What runs on trial raises nothing; its findings have the alert all the same."""
    uid = alarmed.send("alarm", route="shadow")
    job = alarmed.wait_for_job(uid, JobStatus.DONE)
    assert (job.priority.name, job.alert) == ("ROUTINE", None)
    assert alarmed.json("jobs", "show", str(job.id))["findings"]["alert"] == WHY
    assert all(line["event"] != "alert" for line in alarmed.trail(uid))
    assert uid not in [body.get("StudyInstanceUID") for body in webhook.seen]


def test_a_pipeline_is_told_its_options_once(alarmed: TroubledNode) -> None:
    """Before it is loaded, with the folder of models."""
    lines = [line for line in alarmed.lines() if line.pipeline == "tuned"]
    assert [line.act for line in lines[:2]] == ["configure", "load"]
    assert lines[0].study == f"0.25:{alarmed.data_dir / 'models'}"
    assert len(alarmed.lines("load")) == len({line.pipeline for line in alarmed.lines("load")})


def test_wrong_options_are_a_reason_and_no_bug(alarmed: TroubledNode) -> None:
    """The job is given up with the sentence, and the log has it at the start."""
    uid = alarmed.send("fine", route="wrong")
    job = alarmed.wait_for_job(uid, JobStatus.DEAD)
    why = "pipelines.single.options: The pipeline takes no options, and is given level."
    assert job.reason == f"{why} It was tried 1 times."
    assert why in alarmed.said()
    finding = {f["what"]: f for f in alarmed.json("doctor")["findings"]}["pipeline single"]
    assert (finding["level"], finding["told"]) == ("fail", why)


def test_the_kinds_that_a_pipeline_names_are_sent(alarmed: TroubledNode) -> None:
    """Where neither route nor peer says which."""
    uid = alarmed.send("fine", route="alarm")
    rows = alarmed.wait_delivered(uid, results=3)
    assert sorted((row["pipeline"], row["kind"]) for row in rows) == [
        ("trouble", "sr"),
        ("tuned", "report"),
        ("tuned", "sr"),
    ]
