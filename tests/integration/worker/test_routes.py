"""What routes do with a study: shadows, pipelines that are not there, nothing at all."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from storage.records import JobStatus
from tests.peers.chaos import FaultyPACS
from tests.peers.processes import wait_for
from tests.trouble import PLANTED, TroubledNode, study


class Webhook(HTTPServer):
    """Takes notices; answers 500 to the first `failures` of them, and breaks off at one."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Taker)
        self.answers = [500, 0]
        self.seen: list[tuple[str, dict[str, Any]]] = []


class Taker(BaseHTTPRequestHandler):
    """One notice."""

    server: Webhook

    def do_POST(self) -> None:
        """Write the notice down and answer as told."""
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.seen.append((self.headers["Idempotency-Key"], body))
        answer = self.server.answers.pop(0) if self.server.answers else 200
        if answer:
            self.send_response(answer)
            self.end_headers()
        else:
            self.wfile.write(b"this is not HTTP\r\n\r\n")

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def webhook() -> Iterator[Webhook]:
    """Somebody who is told."""
    server = Webhook()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


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
        notices={"webhook": f"http://127.0.0.1:{webhook.server_port}/"},
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
    wait_for(lambda: [b["StudyInstanceUID"] for _, b in webhook.seen].count(uid) >= 1, 5)
    # 500, then something that is not HTTP, then it is taken.
    wait_for(lambda: not webhook.answers and len(webhook.seen) >= 3, 25, "the notice to be taken")
    assert all(body["event"] == "study-unrouted" for _, body in webhook.seen)
    told = json.dumps(webhook.seen)
    assert PLANTED not in told
    assert "SECRET-ID" not in told
    assert len({key for key, body in webhook.seen if body["StudyInstanceUID"] == uid}) == 1
