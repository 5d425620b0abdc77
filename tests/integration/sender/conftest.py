"""Nodes that live through all these tests, and peers of every temper that they send to.

A node is started once for each set of sender's rules; its peers change by reload.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from pydicom import Dataset
from sqlalchemy import update

from storage import jobs as job_queue
from storage import objects, studies
from storage.records import DeliveryStatus, JobStatus, NewJob, NewResult, Priority
from storage.tables import deliveries, jobs
from tests.peers.chaos import FaultyPACS
from tests.peers.processes import wait_for
from tests.trouble import TroubledNode

MakeNode = Callable[..., TroubledNode]
RULES = {
    "backoff_seconds": 0.2,
    "backoff_cap_seconds": 1,
    "max_attempts": 3,
    "commitment_seconds": 1,
    "commitment_attempts": 2,
}


@pytest.fixture(scope="package")
def nodes() -> Iterator[dict[str, TroubledNode]]:
    """The nodes that run, by their rules."""
    running: dict[str, TroubledNode] = {}
    yield running
    for node in running.values():
        node.stop()


@pytest.fixture
def sending(
    nodes: dict[str, TroubledNode], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[MakeNode]:
    """Have a running node whose every study is reported to the given peers, and to no other."""
    used: list[TroubledNode] = []

    def make(*, sender: dict[str, Any] | None = None, **peers: dict[str, Any]) -> TroubledNode:
        name = repr(sorted((sender or {}).items()))
        if name not in nodes:
            nodes[name] = node = TroubledNode(
                Path(tmp_path_factory.mktemp("sender")),
                assembly={"quiet_seconds": 0.1},
                node={"receivers": 1},
                http={"enabled": False},
                sender={**RULES, **(sender or {})},
                **directions(peers),
            )
            node.start()
        else:
            redirect(node := nodes[name], peers)
        used.append(node)
        return node

    yield make
    for node in used:
        forget(node)


def directions(peers: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """The parts of a configuration that say where results go."""
    route = {"name": "all", "pipelines": ["trouble"], "send_to": list(peers)}
    return {"peers": peers, "routes": [route]}


def redirect(node: TroubledNode, peers: dict[str, dict[str, Any]]) -> None:
    """Give a running node other peers."""
    node.peers, node.routes = directions(peers).values()
    node.configure()
    reloads = node.said().count("configuration reloaded")
    assert node.pid is not None
    os.kill(node.pid, signal.SIGHUP)
    wait_for(lambda: node.said().count("configuration reloaded") > reloads, 5, "the reload")


def forget(node: TroubledNode) -> None:
    """Leave nothing under way for the next test."""
    unfinished = (DeliveryStatus.WAITING, DeliveryStatus.SENT)
    with node.database() as db, db.transaction() as connection:
        connection.execute(
            update(deliveries)
            .where(deliveries.c.status.in_(unfinished))
            .values(status=DeliveryStatus.DEAD)
        )
        connection.execute(
            update(jobs).where(jobs.c.status == JobStatus.QUEUED).values(status=JobStatus.CANCELLED)
        )


def peer(pacs: FaultyPACS, **more: Any) -> dict[str, Any]:
    """The configuration of a peer; it is never asked for counts."""
    return {"ae_title": pacs.ae_title, "port": pacs.port, "count": False} | more


def post(
    node: TroubledNode,
    datasets: Sequence[Dataset],
    destination: str = "pacs",
    SOPClassUID: str | None = None,
) -> str:
    """Put objects into the outbox as results of a job that no worker of the node takes.

    Returns the UID of their study; another SOP class may be claimed than they have.
    """
    uid = node.send("reject")
    job = node.wait_for_job(uid, JobStatus.REJECTED)
    made = []
    for ds in datasets:
        key, size = objects.write(node.data_dir / "results", ds.SOPInstanceUID, ds)
        made.append(
            NewResult(
                kind="images",
                SOPClassUID=SOPClassUID or str(ds.SOPClassUID),
                SOPInstanceUID=str(ds.SOPInstanceUID),
                SeriesInstanceUID=str(ds.SeriesInstanceUID),
                TransferSyntaxUID=str(ds.file_meta.TransferSyntaxUID),
                key=key,
                size=size,
                destinations=(destination,),
            )
        )
    new = NewJob(
        pipeline="test",
        version="1",
        framework="torch",
        priority=Priority.ROUTINE,
        assignment=job.assignment,
    )
    with node.database() as db:
        study = studies.find(db, uid)
        assert study is not None
        with db.transaction() as connection:
            job_queue.add(connection, study, [new], time.time())
        taken = job_queue.claim(db, "a test", "torch", 60)
        assert taken is not None
        job_queue.finish(db, taken, {}, made)
    return uid
