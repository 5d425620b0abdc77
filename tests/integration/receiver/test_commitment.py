"""Storage Commitment in both directions, with pynetdicom as the other side."""

from __future__ import annotations

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
from tests.peers import wait_for

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


def request(assoc: Association, *instances: Dataset, transaction: str | None = None) -> Dataset:
    """Ask for commitment; returns what is answered."""
    ds = Dataset()
    ds.TransactionUID = transaction or generate_uid()
    ds.ReferencedSOPSequence = references(*instances)
    status, _ = assoc.send_n_action(ds, 1, STORAGE_COMMITMENT, WELL_KNOWN)
    return status


def ask(assoc: Association, *instances: Dataset) -> str:
    """Ask for commitment, which must be answered with success; returns the transaction."""
    transaction = generate_uid()
    assert request(assoc, *instances, transaction=transaction).Status == 0
    return str(transaction)


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


def test_promised_before_the_answer(node: Running) -> None:
    """When the request is answered the report is on record; taken, it is owed no more."""
    reports, held = Reports(), stored(node)
    assoc = associate(node, reports)
    transaction = ask(assoc, *held)
    ((id_, owed),) = node.ledger.owed.items()
    assert owed.transaction_uid == transaction
    assert [one.SOPInstanceUID for one in owed.committed] == [ds.SOPInstanceUID for ds in held]
    reports.wait()
    wait_for(lambda: node.ledger.taken == [id_], 5, "the report to be settled")
    assoc.release()
    node.wait_ended(2)
    assert node.ledger.left == []


def test_not_promised(node: Running) -> None:
    """What cannot be put on record is not promised: the modality is told, and asks again."""
    held = stored(node)
    node.ledger.is_full = True
    assoc = associate(node, Reports())
    assert request(assoc, *held).Status == 0x0110
    node.ledger.is_full = False
    ask(assoc, *held)
    assoc.release()


def test_left_to_the_sender(node: Running) -> None:
    """A modality that releases at once has its report left to be brought."""
    held = stored(node)
    assoc = associate(node)
    ask(assoc, *held)
    assoc.release()
    node.wait_ended(2)
    assert node.ledger.left == list(node.ledger.owed)


def test_left_to_the_sender_where_it_is_refused(node: Running) -> None:
    """A report that was not taken on the open association is left to be brought on another."""
    reports, held = Reports(status=0x0110), stored(node)
    assoc = associate(node, reports)
    ask(assoc, *held)
    reports.wait()
    assoc.release()
    node.wait_ended(2)
    assert node.ledger.left == list(node.ledger.owed)
    assert len(reports.taken) == 1


def test_brought_by_somebody_else(node: Running) -> None:
    """What the modality was told over another association meanwhile it is not told twice."""
    reports, held = Reports(), stored(node)
    assoc = associate(node, reports)
    ask(assoc, *held)
    node.ledger.reported(next(iter(node.ledger.owed)))
    ask(assoc, *held)
    reports.wait()
    assoc.release()
    node.wait_ended(2)
    assert len(reports.taken) == 1
    assert node.ledger.left == []


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


@pytest.mark.filterwarnings(  # of the garbage
    "ignore:Expected explicit VR", "ignore:End of file", "ignore:The value length"
)
@pytest.mark.parametrize(
    ("action_type", "data", "status"),
    [
        (2, b"", 0x0123),
        (1, b"", 0x0115),
        (1, b"\xff" * 20, 0x0115),
        (1, b"\x08\x00\x95\x11UI\x06\x001.2.3\0", 0x0115),
        (1, b"\x08\x00\x95\x11UI\x46\x00" + b"1." * 35, 0x0115),
    ],
    ids=["another action", "nothing", "garbage", "no references", "no UID"],
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
    (report,) = node.ledger.results
    assert report.transaction_uid == "1.2.3.99"
    assert [one.SOPInstanceUID for one in report.committed] == [yes.SOPInstanceUID]
    failed = [(one.SOPInstanceUID, one.reason) for one in report.failed]
    assert failed == [(no.SOPInstanceUID, 0x0112)]


def test_answers_nobody_asked_for(start: Start) -> None:
    """An unknown transaction, event, or teller is refused, each with its status."""
    node = start(peers={"pacs": {"ae_title": "ORTHANC"}})
    event = result_of([instance()], [])
    assert tell(node, "ORTHANC", 1, event) == 0x0115
    assert tell(node, "STRANGER", 1, event) == 0x0124
    assert len(node.ledger.results) == 1
    assert tell(node, "ORTHANC", 3, event) == 0x0113
    event.TransactionUID = ""
    assert tell(node, "ORTHANC", 1, event) == 0x0115
    assert len(node.ledger.results) == 1


def test_an_answer_that_cannot_be_written_down(start: Start) -> None:
    """The PACS is told so, and can report again."""
    node = start(peers={"pacs": {"ae_title": "ORTHANC"}})
    node.ledger.is_full = True
    assert tell(node, "ORTHANC", 1, result_of([instance()], [])) == 0x0110
