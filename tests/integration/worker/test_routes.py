"""What routes do with a study: shadows, pipelines that are not there, nothing at all."""

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


@pytest.fixture(scope="module")
def webhook() -> Iterator[Webhook]:
    """Somebody who is told."""
    with Webhook(500, 0) as webhook:
        yield webhook


@pytest.fixture(scope="module")
def pacs() -> Iterator[FaultyPACS]:
    """A PACS that behaves."""
    with FaultyPACS() as pacs:
        yield pacs


@pytest.fixture(scope="module")
def routed(
    tmp_path_factory: pytest.TempPathFactory, webhook: Webhook, pacs: FaultyPACS
) -> Iterator[TroubledNode]:
    """A node with a route of each kind."""
    to_pacs = {"send_to": ["pacs"]}
    node = TroubledNode(
        Path(tmp_path_factory.mktemp("routes")),
        assembly={"quiet_seconds": 0.2},
        node={"receivers": 1},
        http={"enabled": False},
        notices={"webhook": webhook.url},
        peers={"pacs": {"ae_title": "FAULTY", "port": pacs.port}},
        routes=[
            {"name": "shadow", "when": {"StudyID": "shadow"}, "pipelines": ["trouble"]}
            | to_pacs
            | {"shadow": True},
            {"name": "real", "when": {"StudyID": "trouble"}, "pipelines": ["trouble"]} | to_pacs,
            {"name": "absent", "when": {"StudyID": "absent"}, "pipelines": ["nowhere", "trouble"]},
            {"name": "unusable", "when": {"StudyID": "unusable"}, "pipelines": ["unusable"]},
        ],
    )
    with node:
        yield node


def test_a_shadow_route_runs_and_sends_nothing(routed: TroubledNode, pacs: FaultyPACS) -> None:
    """A shadow's pipeline runs, its report is kept, and nobody is sent it."""
    shadow = routed.send("fine", route="shadow")
    routed.wait_for_job(shadow, JobStatus.DONE)
    real = routed.send("fine")
    routed.wait_delivered(real)
    assert routed.deliveries(shadow) == []
    made = {str(ds.StudyInstanceUID) for ds in routed.results()}
    assert {shadow, real} <= made
    assert len(pacs.kept) == len(pacs.stored) == 1


@pytest.mark.parametrize(
    ("route", "told"), [("absent", "is not installed here"), ("unusable", "cannot be used")]
)
def test_a_pipeline_that_is_not_there_is_told(routed: TroubledNode, route: str, told: str) -> None:
    """A study for a pipeline that cannot run is recorded as not processed, and why."""
    uid = routed.send("fine", route=route)
    closed = routed.wait_for_revision(uid)
    assert any(told in line["because"] for line in closed["decision"]["unprocessed"])
    assert told in routed.cli("explain", uid).stdout.replace("\n", " ")
    assert [job.pipeline for job in routed.jobs(uid)] == (["trouble"] if route == "absent" else [])


def test_a_study_without_a_route_is_recorded_and_told(
    routed: TroubledNode, webhook: Webhook
) -> None:
    """The webhook hears of it, again until it takes it, and never whose study it is."""
    datasets = study("fine", route="nobody")
    datasets[0].PatientID = "SECRET-ID"
    uid = routed.send(datasets)
    closed = routed.wait_for_revision(uid)
    assert closed["decision"]["unprocessed"][0]["what"] == "study"
    wait_for(lambda: uid in [body["StudyInstanceUID"] for body in webhook.seen], 5)
    # 500, then something that is not HTTP, then it is taken.
    wait_for(lambda: not webhook.answers and len(webhook.seen) >= 3, 25, "the notice to be taken")
    assert all(body["event"] == "study-unrouted" for body in webhook.seen)
    told = json.dumps(webhook.seen)
    assert PLANTED not in told
    assert "SECRET-ID" not in told
    of_study = zip(webhook.keys, webhook.seen, strict=True)
    assert len({key for key, body in of_study if body["StudyInstanceUID"] == uid}) == 1
