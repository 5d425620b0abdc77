"""How long a result takes: from the last acknowledged byte until a real Orthanc shows it.

The quiet period is the site's choice and the pipeline's run time is the pipeline's, so both are
taken off; what is left is what the node itself adds.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from bench.load import Template, study_uid
from bench.peers import DefaultNode, System, indexed
from bench.sending import LoadGenerator, template
from tests.peers.orthanc import Orthanc
from tests.peers.processes import free_port

QUIET_SECONDS = 1.0
INSTANCES = 5
"""Small CT images of one study."""
_MORE = """
[assembly]
quiet_seconds = {quiet}

[peers.pacs]
ae_title = "{ae_title}"
host = "127.0.0.1"
port = {port}
commitment = true

[[routes]]
name = "everything is checked"
pipelines = ["intake-check"]
send_to = ["pacs"]
"""
_PATIENCE = 60.0
_POLL = 0.01


@dataclass(frozen=True, kw_only=True)
class Delay:
    """One study's way through the node, in seconds."""

    total: float
    """From the last acknowledgement until the result was visible in Orthanc."""
    pipeline: float
    """What the job took, by the node's database."""

    @property
    def added(self) -> float:
        """What the node added to the quiet period and the pipeline's own time."""
        return self.total - QUIET_SECONDS - self.pipeline


def delays(number: int, folder: Path) -> list[Delay]:
    """Send studies one by one and wait for each result."""
    place = folder / "latency"
    made = template("small", folder)
    try:
        with _both(place) as (node, orthanc):
            totals = dict(_send(node, orthanc, made, place) for _ in range(number + 1))
            ran = _run_times(node, len(totals))
    finally:
        shutil.rmtree(place, ignore_errors=True)
    studies = list(totals)[1:]  # the first one warms up
    return [Delay(total=totals[uid], pipeline=ran[uid]) for uid in studies]


@contextmanager
def _both(place: Path) -> Iterator[tuple[DefaultNode, Orthanc]]:
    """The repository's own Orthanc and a node that sends to it."""
    node_port = free_port()
    with Orthanc(place / "orthanc", node_port=node_port) as orthanc:
        more = _MORE.format(quiet=QUIET_SECONDS, ae_title=orthanc.ae_title, port=orthanc.port)
        with DefaultNode(place / "node", more, port=node_port) as node:
            yield node, orthanc


def _send(node: DefaultNode, orthanc: Orthanc, made: Template, place: Path) -> tuple[str, float]:
    system = System(
        name="dicom-node",
        port=node.port,
        called=node.ae_title,
        pid=node.pid or 0,
        count=lambda: indexed(node.data_dir),
        receivers=list,
    )
    with LoadGenerator(system, made, place, associations=1, count=INSTANCES, warm=0) as generator:
        acknowledged_at = generator.send().acknowledged_at
        generator.release()
    uid = study_uid(generator.token, 0)
    return uid, _visible_at(orthanc, uid) - acknowledged_at


def _visible_at(orthanc: Orthanc, uid: str) -> float:
    """When Orthanc knows the study: it never got the images, so what it knows is the result."""
    deadline = time.monotonic() + _PATIENCE
    with httpx.Client(base_url=orthanc.url, timeout=10) as client:
        while not client.post("/tools/lookup", content=uid).json():
            if time.monotonic() > deadline:
                raise TimeoutError(f"No result of a study within {_PATIENCE:g} s.")
            time.sleep(_POLL)
    return time.time()


def _run_times(node: DefaultNode, number: int) -> dict[str, float]:
    """How long the job of each study ran."""
    found = node.json("jobs", "list", "--limit", str(10 * number))["jobs"]
    return {job["StudyInstanceUID"]: job["ended_at"] - job["started_at"] for job in found}
