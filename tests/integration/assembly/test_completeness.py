"""On what evidence a study is complete, and what may hold that up."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pydicom import Dataset
from pydicom.uid import ExplicitVRLittleEndian
from pynetdicom import AE, evt
from pynetdicom.association import Association
from pynetdicom.transport import ThreadedAssociationServer

from storage.records import JobStatus
from tests.peers.processes import free_port, wait_for
from tests.trouble import TroubledNode, study

STUDY_ROOT_FIND = "1.2.840.10008.5.1.4.1.2.2.1"
CT = "1.2.840.10008.5.1.4.1.1.2"


class Answering:
    """A peer that answers how many instances a study has, or takes for ever to."""

    def __init__(self, *, hangs: bool = False) -> None:
        self.counts: dict[str, int | str] = {}
        self.asked: list[str] = []
        self.hangs = hangs
        self.server: ThreadedAssociationServer | None = None
        self.port = 0

    def __enter__(self) -> Answering:
        ae = AE("ANSWERING")
        ae.add_supported_context(STUDY_ROOT_FIND)
        self.server = ae.start_server(
            ("127.0.0.1", 0), block=False, evt_handlers=[(evt.EVT_C_FIND, self._find)]
        )
        assert self.server is not None
        self.port = int(self.server.server_address[1])
        return self

    def __exit__(self, *_: object) -> None:
        assert self.server is not None
        self.hangs = False
        self.server.shutdown()

    def _find(self, event: Any) -> Iterator[tuple[int, Dataset]]:
        uid = str(event.identifier.StudyInstanceUID)
        self.asked.append(uid)
        while self.hangs:
            time.sleep(0.1)
        if uid in self.counts:
            match = Dataset()
            match.QueryRetrieveLevel = "STUDY"
            match.StudyInstanceUID = uid
            count = self.counts[uid]
            match.add_new(0x00201208, "LO" if isinstance(count, str) else "IS", count)
            yield 0xFF00, match


@pytest.fixture(scope="module")
def answering() -> Iterator[Answering]:
    """A peer that answers."""
    with Answering() as peer:
        yield peer


@pytest.fixture(scope="module")
def hanging() -> Iterator[Answering]:
    """A peer that hangs."""
    with Answering(hangs=True) as peer:
        yield peer


@pytest.fixture(scope="module")
def node(
    tmp_path_factory: pytest.TempPathFactory, answering: Answering, hanging: Answering
) -> Iterator[TroubledNode]:
    """A node with short waits that knows both."""
    node = TroubledNode(
        Path(tmp_path_factory.mktemp("assembly")),
        assembly={"quiet_seconds": 0.4, "short_seconds": 1.5, "cap_seconds": 4},
        node={"receivers": 2},
        http={"enabled": False},
        peers={
            # As many a site has it: every scanner is called the same.
            "elsewhere": {"ae_title": "ANSWERING", "host": "192.0.2.7"},
            "answering": {"ae_title": "ANSWERING", "port": answering.port},
            "hanging": {"ae_title": "HANGING", "port": hanging.port, "timeout_seconds": 3},
            "down": {"ae_title": "DOWN", "port": free_port()},
            "lost": {"ae_title": "LOST", "host": "no-such-host.invalid"},
        },
    )
    with node:
        yield node


Send = Callable[..., Association]


@pytest.fixture
def connect(node: TroubledNode) -> Iterator[Send]:
    """Send data sets over an association under a title; it stays open until it is released."""
    opened: list[Association] = []

    def send(datasets: list[Dataset], calling: str = "MODALITY") -> Association:
        ae = AE(calling)
        ae.add_requested_context(CT, ExplicitVRLittleEndian)
        assoc = ae.associate("127.0.0.1", node.port, ae_title="DICOM_NODE")
        assert assoc.is_established
        opened.append(assoc)
        for ds in datasets:
            assert assoc.send_c_store(ds).Status == 0x0000
        return assoc

    yield send
    for assoc in opened:
        if assoc.is_established:
            assoc.release()


def evidence(node: TroubledNode, uid: str, number: int = 1) -> dict[str, Any]:
    """The evidence on which a revision was closed, once it is."""
    found: dict[str, Any] = node.wait_for_revision(uid, number)["evidence"]
    return found


def uid_of(datasets: list[Dataset]) -> str:
    """The StudyInstanceUID."""
    return str(datasets[0].StudyInstanceUID)


def test_an_announced_number_closes_before_the_quiet_period(
    node: TroubledNode, connect: Send
) -> None:
    """With as many instances as (0020,1208) announces nothing is waited for."""
    datasets = study(instances=3)
    for ds in datasets:
        ds.NumberOfStudyRelatedInstances = 3
    connect(datasets).release()
    found = evidence(node, uid_of(datasets))
    assert found["kind"] == "counted"
    assert (found["held"], found["expected"]) == (3, 3)
    assert found["expected_from"] == "(0020,1208) in the objects"
    assert found["quiet_seconds"] < 0.4


def test_a_number_that_is_none_is_no_hindrance(node: TroubledNode, connect: Send) -> None:
    """Nonsense in (0020,1208), or elsewhere in a header, keeps no instance from its study."""
    datasets = study(instances=2)
    for ds, said in zip(datasets, ("many", "3\\4"), strict=True):
        ds.add_new(0x00201208, "LO", said)  # as text: pydicom would not write it otherwise
        ds.add_new(0x00200013, "LO", "first")
        ds.add_new(0x00280030, "LO", "a\\b")
    connect(datasets).release()
    found = evidence(node, uid_of(datasets))
    assert (found["kind"], found["held"]) == ("quiet", 2)
    assert node.wait_for_job(uid_of(datasets), JobStatus.DONE)


def test_the_sender_is_asked_how_many_there_are(
    node: TroubledNode, connect: Send, answering: Answering
) -> None:
    """A count by C-FIND is evidence as soon as the study has been quiet."""
    datasets = study(instances=2)
    answering.counts[uid_of(datasets)] = 2
    connect(datasets, "ANSWERING").release()
    found = evidence(node, uid_of(datasets))
    assert (found["kind"], found["expected_from"]) == ("counted", "answering")


def test_a_short_study_is_waited_for_and_closed_as_short(
    node: TroubledNode, connect: Send, answering: Answering
) -> None:
    """With fewer instances than the sender has, the wait is longer, and the evidence says so."""
    datasets = study(instances=2)
    answering.counts[uid_of(datasets)] = 5
    connect(datasets, "ANSWERING").release()
    found = evidence(node, uid_of(datasets))
    assert (found["kind"], found["held"], found["expected"]) == ("short", 2, 5)
    assert found["quiet_seconds"] >= 1.5


def test_a_peer_that_cannot_say_takes_back_nothing(node: TroubledNode, connect: Send) -> None:
    """What the objects announce stands where the sender does not answer the question."""
    datasets = study(instances=2)
    for ds in datasets:
        ds.NumberOfStudyRelatedInstances = 4
    connect(datasets, "DOWN").release()
    found = evidence(node, uid_of(datasets))
    assert (found["kind"], found["expected"]) == ("short", 4)


@pytest.mark.parametrize("calling", ["LOST", "ANSWERING"])
def test_a_question_that_fails_in_any_way_is_no_answer(
    node: TroubledNode, connect: Send, answering: Answering, calling: str
) -> None:
    """A peer whose name has no address, or that answers nonsense, keeps no study from closing."""
    datasets = study(instances=2)
    answering.counts[uid_of(datasets)] = "many"
    connect(datasets, calling).release()
    assert evidence(node, uid_of(datasets))["kind"] == "quiet"
    assert "no count of instances" in node.said()
    assert "a chore failed" not in node.said()


def test_a_peer_that_hangs_delays_its_own_studies_only(
    node: TroubledNode, connect: Send, hanging: Answering, answering: Answering
) -> None:
    """While questions to one peer hang, others' studies close; its own close without an answer."""
    stuck = [study() for _ in range(6)]
    for datasets in stuck:
        connect(datasets, "HANGING").release()
    wait_for(lambda: hanging.asked, 5, "the question")
    plain, asked = study(), study()
    answering.counts[uid_of(asked)] = 1
    connect(plain).release()
    connect(asked, "ANSWERING").release()
    assert evidence(node, uid_of(plain))["kind"] == "quiet"
    assert evidence(node, uid_of(asked))["kind"] == "counted"
    assert not node.revisions(uid_of(stuck[0]))
    for datasets in stuck:
        assert node.wait_for_revision(uid_of(datasets), seconds=8)["evidence"]["kind"] == "quiet"
    assert len(hanging.asked) < 6


def test_an_open_association_keeps_a_study_open_until_the_cap(
    node: TroubledNode, connect: Send
) -> None:
    """However quiet it is, the peer may go on; the cap ends the wait, and late ones follow."""
    first, second = study(instances=2), study(instances=1)
    held = connect(first[:1])
    connect(second)
    time.sleep(1.2)
    assert not node.revisions(uid_of(first))
    held.release()
    assert evidence(node, uid_of(first))["kind"] == "quiet"
    assert evidence(node, uid_of(second))["kind"] == "cap"


def test_one_study_over_two_associations_is_one_study(node: TroubledNode, connect: Send) -> None:
    """Two peers that send parts of a study at once, some of it twice, make one revision."""
    datasets = study(instances=4)
    one = connect(datasets[:2], "ONE")
    two = connect(datasets[1:3], "TWO")
    one.release()
    assert two.send_c_store(datasets[3]).Status == 0x0000
    two.release()
    uid = uid_of(datasets)
    found = evidence(node, uid)
    assert (found["kind"], found["held"]) == ("quiet", 4)
    node.wait_for_job(uid, JobStatus.DONE)
    assert len(node.revisions(uid)) == len(node.jobs(uid)) == 1


def test_other_bytes_under_a_known_uid_open_a_revision_that_uses_them(
    node: TroubledNode, connect: Send
) -> None:
    """With on_conflict = "revise" the newer bytes count, and the trail says what happened."""
    datasets = study("fine")
    connect(datasets).release()
    uid = uid_of(datasets)
    node.wait_for_job(uid, JobStatus.DONE)
    datasets[0].StudyDescription = "reject"
    connect(datasets).release()
    evidence(node, uid, 2)
    assert node.wait_for_jobs(uid, lambda all_of: all_of[-1].status == JobStatus.REJECTED)
    assert node.held(uid) == 1
    assert any(line["event"] == "instance-replaced" for line in node.trail(uid))
    assert any(line["event"] == "instance-conflict" for line in node.trail())
