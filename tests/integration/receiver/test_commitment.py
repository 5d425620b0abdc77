"""Storage Commitment in both directions, with pynetdicom as the other side."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from pydicom import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import UID, CTImageStorage, MRImageStorage, generate_uid
from pynetdicom import AE, evt
from pynetdicom.association import Association
from pynetdicom.presentation import build_role

from dicom_node.receiver.messages import encode_command
from dicom_node.uids import STORAGE_COMMITMENT
from tests.integration.receiver.conftest import Start
from tests.integration.receiver.running import RawPeer, Running, instance, pdu, pdv
from tests.peers import free_port, wait_for

WELL_KNOWN = UID("1.2.840.10008.1.20.1.1")


class Reports:
    """Takes in what is reported, and says whether it was understood."""

    def __init__(self, status: int = 0) -> None:
        self.status = status
        self.taken: list[tuple[int, Dataset]] = []

    def __call__(self, event: Any) -> tuple[int, None]:
        """Remember a report and answer it."""
        self.taken.append((event.event_type, event.event_information))
        return self.status, None

    def wait(self) -> tuple[int, Dataset]:
        """The first report."""
        wait_for(lambda: self.taken, 10, "a commitment report")
        return self.taken[0]


@contextmanager
def modality(reports: Reports, port: int) -> Iterator[None]:
    """A modality that listens for commitment reports."""
    ae = AE(ae_title="MODALITY")
    ae.add_supported_context(STORAGE_COMMITMENT, scu_role=False, scp_role=True)
    server = ae.start_server(
        ("127.0.0.1", port), block=False, evt_handlers=[(evt.EVT_N_EVENT_REPORT, reports)]
    )
    assert server is not None
    try:
        yield
    finally:
        server.shutdown()


def associate(node: Running, reports: Reports | None = None, **options: Any) -> Association:
    """An association of a modality that also stores."""
    ae = AE(ae_title="MODALITY")
    ae.add_requested_context(STORAGE_COMMITMENT)
    ae.add_requested_context(CTImageStorage)
    handlers: list[Any] = [(evt.EVT_N_EVENT_REPORT, reports)] if reports else []
    assoc = ae.associate("127.0.0.1", node.port, evt_handlers=handlers, **options)
    assert assoc.is_established
    return assoc


def references(*instances: Dataset) -> Sequence:
    """Items that refer to instances."""
    items = []
    for ds in instances:
        item = Dataset()
        item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = (
            ds.SOPClassUID,
            ds.SOPInstanceUID,
        )
        items.append(item)
    return Sequence(items)


def ask(assoc: Association, *instances: Dataset) -> str:
    """Ask for commitment, which must be answered with success; returns the transaction."""
    request = Dataset()
    request.TransactionUID = generate_uid()
    request.ReferencedSOPSequence = references(*instances)
    status, _ = assoc.send_n_action(request, 1, STORAGE_COMMITMENT, WELL_KNOWN)
    assert status.Status == 0
    return str(request.TransactionUID)


def uids(ds: Dataset, keyword: str) -> list[str]:
    """The instances that a sequence refers to."""
    return [str(item.ReferencedSOPInstanceUID) for item in ds.get(keyword) or ()]


def stored(node: Running, count: int = 2) -> list[Dataset]:
    """Some instances that the node has acknowledged."""
    found = [instance() for _ in range(count)]
    with RawPeer(node.port) as peer:
        peer.associate([(CTImageStorage, ["1.2.840.10008.1.2.1"])])
        assert all(peer.store(ds).Status == 0 for ds in found)
        peer.release()
    return found


def test_on_the_same_association(node: Running) -> None:
    """A modality that keeps its association open gets the report on it."""
    reports, held = Reports(), stored(node)
    assoc = associate(node, reports)
    transaction = ask(assoc, *held)
    event_type, report = reports.wait()
    assert event_type == 1
    assert report.TransactionUID == transaction
    assert uids(report, "ReferencedSOPSequence") == [ds.SOPInstanceUID for ds in held]
    assert "FailedSOPSequence" not in report
    assoc.release()
    assert assoc.is_released


def test_what_we_do_not_hold(node: Running) -> None:
    """What is not in the inbox, or is of another class there, is not committed, with a reason."""
    reports, (held, other) = Reports(), stored(node)
    missing = instance()
    other.SOPClassUID = MRImageStorage
    assoc = associate(node, reports)
    ask(assoc, held, missing, other)
    event_type, report = reports.wait()
    assert event_type == 2
    assert uids(report, "ReferencedSOPSequence") == [held.SOPInstanceUID]
    failed = {str(i.ReferencedSOPInstanceUID): i.FailureReason for i in report.FailedSOPSequence}
    assert failed == {missing.SOPInstanceUID: 0x0112, other.SOPInstanceUID: 0x0119}
    assoc.release()


def test_what_was_removed_is_not_held(node: Running) -> None:
    """An instance that was stored once and is gone is not committed."""
    reports, (gone,) = Reports(), stored(node, 1)
    node.inbox.remove(node.ledger.arrivals[0].key)
    assoc = associate(node, reports)
    ask(assoc, gone)
    assert reports.wait()[0] == 2
    assoc.release()


def test_on_a_new_association(start: Start) -> None:
    """A modality that releases at once is called back, with us in the role of the provider."""
    port, reports = free_port(), Reports()
    node = start(peers={"modality": {"ae_title": "MODALITY", "port": port, "timeout_seconds": 5.0}})
    held = stored(node)
    with modality(reports, port):
        assoc = associate(node)
        transaction = ask(assoc, *held)
        assoc.release()
        event_type, report = reports.wait()
    assert (event_type, report.TransactionUID) == (1, transaction)


@pytest.mark.filterwarnings("ignore:Exception ignored in:pytest.PytestUnraisableExceptionWarning")
def test_tried_again(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    """A modality that cannot be reached, or does not take the report, is tried again.

    The warning is pynetdicom's: it leaves a socket that could not connect to the collector.
    """
    from dicom_node.receiver import reporting

    tries = []
    real = reporting._report

    def counting(*args: Any) -> bool:
        tries.append(args)
        return real(*args)

    monkeypatch.setattr(reporting, "_report", counting)
    port, reports = free_port(), Reports(status=0x0110)
    node = start(peers={"modality": {"ae_title": "MODALITY", "port": port, "timeout_seconds": 5.0}})
    node.receiver._reporter._waits = (0.0, 0.2, 0.2, 0.2, 0.2)
    held = stored(node)
    assoc = associate(node)
    ask(assoc, *held)
    assoc.release()
    wait_for(lambda: tries, 5, "a first try")
    with modality(reports, port):
        wait_for(lambda: len(reports.taken) > 1, 5, "a second report")
        reports.status = 0
        count = len(reports.taken)
        wait_for(lambda: len(reports.taken) > count or len(tries) == 5, 5, "the last report")


def test_refused_on_the_same_association_then_called_back(start: Start) -> None:
    """A report that was not taken in on the open association is brought on a new one."""
    port, bad, good = free_port(), Reports(status=0x0110), Reports()
    node = start(peers={"modality": {"ae_title": "MODALITY", "port": port, "timeout_seconds": 5.0}})
    held = stored(node)
    with modality(good, port):
        assoc = associate(node, bad)
        ask(assoc, *held)
        bad.wait()
        assoc.release()
        assert good.wait()[0] == 1


def test_storing_goes_on_while_a_report_waits(node: Running) -> None:
    """Instances sent right after the request are stored, and the report comes in the silence."""
    reports = Reports()
    first = instance()
    assoc = associate(node, reports)
    first.file_meta = instance_meta(first)
    assert assoc.send_c_store(first).Status == 0
    ask(assoc, first)
    second = instance()
    second.file_meta = instance_meta(second)
    assert assoc.send_c_store(second).Status == 0
    assert reports.wait()[0] == 1
    assoc.release()


def instance_meta(ds: Dataset) -> Any:
    """File meta information that pynetdicom needs to send a data set."""
    from pydicom.dataset import FileMetaDataset

    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = (
        ds.SOPClassUID,
        ds.SOPInstanceUID,
    )
    meta.TransferSyntaxUID = UID("1.2.840.10008.1.2.1")
    return meta


@pytest.mark.filterwarnings("ignore:Expected explicit VR", "ignore:End of file")  # of the garbage
@pytest.mark.parametrize(
    ("action_type", "data", "status"),
    [
        (2, b"", 0x0123),
        (1, b"", 0x0115),
        (1, b"\xff" * 20, 0x0115),
        (1, b"\x08\x00\x95\x11UI\x06\x001.2.3\0", 0x0115),
    ],
    ids=["another action", "nothing", "garbage", "no references"],
)
def test_bad_requests(node: Running, action_type: int, data: bytes, status: int) -> None:
    """A request that cannot be understood says why, and the association goes on."""
    command = encode_command(
        RequestedSOPClassUID=STORAGE_COMMITMENT,
        CommandField=0x0130,
        MessageID=3,
        CommandDataSetType=1,
        RequestedSOPInstanceUID=WELL_KNOWN,
        ActionTypeID=action_type,
    )
    with RawPeer(node.port) as peer:
        peer.associate([(STORAGE_COMMITMENT, ["1.2.840.10008.1.2.1"])])
        peer.send(pdu(pdv(1, 3, command), pdv(1, 2, data)))
        response = peer.command()
        assert (response.Status, response.CommandField) == (status, 0x8130)
        assert response.ActionTypeID == action_type
        peer.release()


def tell(node: Running, calling: str, event_type: int, event: Dataset) -> int:
    """Report as a PACS does, over an association of its own; returns our status."""
    ae = AE(ae_title=calling)
    ae.add_requested_context(STORAGE_COMMITMENT)
    assoc = ae.associate(
        "127.0.0.1", node.port, ext_neg=[build_role(STORAGE_COMMITMENT, scp_role=True)]
    )
    assert assoc.is_established
    try:
        status, _ = assoc.send_n_event_report(event, event_type, STORAGE_COMMITMENT, WELL_KNOWN)
        return int(status.Status)
    finally:
        assoc.release()


def result_of(committed: list[Dataset], failed: list[Dataset]) -> Dataset:
    """A PACS's answer to a request of ours."""
    event = Dataset()
    event.TransactionUID = "1.2.3.99"
    event.ReferencedSOPSequence = references(*committed)
    if failed:
        event.FailedSOPSequence = references(*failed)
        for item in event.FailedSOPSequence:
            item.FailureReason = 0x0112
    return event


def test_a_pacs_answers_us(start: Start) -> None:
    """The outcome of our own request reaches the ledger, instance by instance."""
    node = start(peers={"pacs": {"ae_title": "ORTHANC"}})
    node.ledger.transactions.add("1.2.3.99")
    yes, no = instance(), instance()
    assert tell(node, "ORTHANC", 2, result_of([yes], [no])) == 0
    ((transaction, committed, failed),) = node.ledger.results
    assert transaction == "1.2.3.99"
    assert [one.SOPInstanceUID for one in committed] == [yes.SOPInstanceUID]
    assert [(one.SOPInstanceUID, one.reason) for one in failed] == [(no.SOPInstanceUID, 0x0112)]


def test_answers_nobody_asked_for(start: Start) -> None:
    """An unknown transaction, event, or teller is refused, each with its status."""
    node = start(peers={"pacs": {"ae_title": "ORTHANC"}})
    event = result_of([instance()], [])
    assert tell(node, "ORTHANC", 1, event) == 0x0115
    assert tell(node, "STRANGER", 1, event) == 0x0124
    assert len(node.ledger.results) == 1


def test_reporter_gives_up_quietly_without_a_peer(node: Running) -> None:
    """A modality that is not configured cannot be called back; the node goes on."""
    before = threading.active_count()
    assoc = associate(node)
    ask(assoc, instance())
    assoc.release()
    node.wait_ended()
    assert threading.active_count() <= before + 1
