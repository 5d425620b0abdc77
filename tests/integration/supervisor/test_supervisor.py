"""The node as a whole: processes that are killed, stops that drain, configurations that change."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydicom import Dataset
from pydicom.uid import ExplicitVRLittleEndian
from pynetdicom import AE
from pynetdicom.association import Association

from storage import jobs
from storage.records import JobStatus
from tests.node import _children, _exists
from tests.peers.processes import wait_for
from tests.trouble import TroubledNode, study

CT = "1.2.840.10008.5.1.4.1.1.2"


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TroubledNode]:
    """A node that lives, with interruptions, through this module."""
    node = TroubledNode(
        Path(tmp_path_factory.mktemp("supervisor")),
        assembly={"quiet_seconds": 0.3},
        node={"receivers": 1, "drain_seconds": 8},
    )
    yield node
    node.stop()


@pytest.fixture
def running(node: TroubledNode) -> TroubledNode:
    """The same, running."""
    return node if node.pid else node.start()


def connect(node: TroubledNode) -> Association:
    """An open association."""
    ae = AE("MODALITY")
    ae.add_requested_context(CT, ExplicitVRLittleEndian)
    assoc = ae.associate("127.0.0.1", node.port, ae_title="DICOM_NODE")
    assert assoc.is_established
    return assoc


def stored(assoc: Association, ds: Dataset) -> bool:
    """Whether an instance is acknowledged."""
    return bool(assoc.send_c_store(ds).get("Status") == 0x0000)


@pytest.mark.parametrize("role", ["receiver", "assembly", "worker", "sender", "gateway"])
def test_a_killed_process_is_started_again(running: TroubledNode, role: str) -> None:
    """Whichever process is killed, another takes its place and the node goes on."""
    before = running.kill_role(role)
    assert before
    running.wait_for_job(running.send("fine"), JobStatus.DONE)
    wait_for(lambda: set(running.processes(role)).isdisjoint(before), 10, f"a new {role}")
    assert len(running.processes(role)) == len(before)


def test_children_end_with_a_killed_supervisor_and_a_new_start_works_at_once(
    running: TroubledNode,
) -> None:
    """However the supervisor dies, nothing is left behind, not even a worker in native code."""
    uid = running.send("hold 20")
    running.wait_for_jobs(uid, lambda _: bool(running.lines("begin", uid)))
    assert running.pid is not None
    children = _children(running.pid)
    assert len(children) >= 5
    os.kill(running.pid, signal.SIGKILL)
    wait_for(lambda: not any(map(_exists, children)), 2, "the children to end")
    running.kill()
    running.start()
    (job,) = running.jobs(uid)
    assert job.crashes == 1
    with running.database() as db:
        jobs.cancel(db, job.id)
    running.wait_for_job(uid, JobStatus.CANCELLED)
    running.wait_for_job(running.send("fine"), JobStatus.DONE)


def test_a_stop_lets_associations_and_jobs_finish(running: TroubledNode) -> None:
    """SIGTERM: the open association goes on, the running job ends well."""
    uid = running.send("sleep 2")
    running.wait_for_job(uid, JobStatus.RUNNING)
    datasets = study(instances=2)
    assoc = connect(running)
    assert stored(assoc, datasets[0])
    assert running.pid is not None
    os.kill(running.pid, signal.SIGTERM)
    time.sleep(0.5)
    assert stored(assoc, datasets[1])
    assoc.release()
    wait_for(lambda: "stopped process=supervisor" in running.said(), 10, "the node to stop")
    running.stop()
    assert running.job(uid).status == JobStatus.DONE
    running.start()
    later = str(datasets[0].StudyInstanceUID)
    running.wait_for_job(later, JobStatus.DONE)
    assert running.held(later) == 2


def test_an_idle_node_stops_at_once(running: TroubledNode) -> None:
    """With nothing begun there is nothing to wait for."""
    started = time.monotonic()
    running.stop()
    assert time.monotonic() - started < 2.5


def test_a_reload_takes_effect_and_drops_no_association(running: TroubledNode) -> None:
    """New routes hold for the next study; the association that was open stays open."""
    assoc = connect(running)
    datasets = study(instances=2)
    assert stored(assoc, datasets[0])
    assert running.routes is not None
    running.routes = [{"name": "now to single", "pipelines": ["single"]}]
    running.configure()
    assert running.cli("reload").returncode == 0
    wait_for(lambda: "configuration reloaded" in running.said(), 5)
    assert stored(assoc, datasets[1])
    assoc.release()
    job = running.wait_for_job(str(datasets[0].StudyInstanceUID), JobStatus.DONE)
    assert job.pipeline == "single"


def test_a_bad_configuration_is_refused_and_the_old_one_stays(running: TroubledNode) -> None:
    """A file with an error changes nothing, and the log and the trail say what is wrong."""
    good = running.config.read_text()
    running.configure(good + '\n[[routes]]\nname = "x"\npipelines = []\n')
    assert running.pid is not None
    os.kill(running.pid, signal.SIGHUP)
    wait_for(lambda: "the old one stays" in running.said(), 5)
    running.wait_for_job(running.send("fine"), JobStatus.DONE)
    assert any(line["event"] == "reload-refused" for line in running.trail())
    running.configure(good)


def test_many_reloads_of_a_stopped_process_do_not_hold_up_the_supervisor(
    running: TroubledNode,
) -> None:
    """A process that reads its orders no more cannot make the others wait."""
    assert running.routes is not None
    running.routes.append(
        {"name": "long", "when": {"StudyID": ["x" * 60] * 300}, "pipelines": ["trouble"]}
    )
    running.configure()
    (sender,) = running.processes("sender")
    os.kill(sender, signal.SIGSTOP)
    try:
        assert running.pid is not None
        for _ in range(25):
            os.kill(running.pid, signal.SIGHUP)
            time.sleep(0.1)
        before = running.kill_role("assembly")
        wait_for(lambda: set(running.processes("assembly")).isdisjoint(before), 10)
        running.wait_for_job(running.send("fine"), JobStatus.DONE)
    finally:
        if _exists(sender):
            os.kill(sender, signal.SIGCONT)
