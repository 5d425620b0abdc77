"""C-STORE: what is kept, what is refused, and with which status."""

from __future__ import annotations

import os
import threading
import zlib
from pathlib import Path

import pytest
from pydicom import Dataset, dcmread
from pydicom.uid import (
    CTImageStorage,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    MRImageStorage,
)

from dicom_node.receiver.ledger import Ending
from dicom_node.receiver.negotiation import STORAGE_CLASSES, TRANSFER_SYNTAXES
from storage.inbox import Inbox, read_journal
from storage.records import Outcome
from tests.integration.receiver.conftest import Start
from tests.integration.receiver.running import (
    RawPeer,
    Running,
    encode,
    instance,
    pdu,
    pdv,
    store_command,
)

CT = [(CTImageStorage, [ExplicitVRLittleEndian])]
NATIVE = (ImplicitVRLittleEndian, ExplicitVRLittleEndian, ExplicitVRBigEndian)


def test_an_instance_is_stored(node: Running) -> None:
    """A response of 0x0000 means: the file is there, as sent, and the ledger knows."""
    ds = instance()
    with RawPeer(node.port) as peer:
        peer.associate(CT)
        response = peer.store(ds)
        assert response.Status == 0x0000
        assert response.AffectedSOPInstanceUID == ds.SOPInstanceUID
        assert response.MessageIDBeingRespondedTo == 1
        (path,) = node.files
        assert path.read_bytes().endswith(encode(ds))
        peer.release()
    assert dcmread(path) == ds
    assert node.wait_ended() == [Ending.RELEASED]
    (arrival,) = node.ledger.arrivals
    (association,) = node.ledger.associations
    assert association.receiver == "receiver-1"
    assert association.calling_ae == arrival.calling_ae == "MODALITY"
    assert association.address == arrival.address == "127.0.0.1"
    assert arrival.association == association.id
    assert arrival.outcome is Outcome.STORED
    recovered = read_journal(node.inbox.path(arrival.key), arrival.key)
    assert recovered.received_at == pytest.approx(arrival.received_at, abs=1e-5)
    assert (recovered.association, recovered.size) == (arrival.association, arrival.size)
    assert node.half_written == []


def test_every_storage_class(node: Running) -> None:
    """Every storage SOP class, retired ones too, is accepted and stored."""
    classes = sorted(STORAGE_CLASSES)
    assert len(classes) > 200
    for at in range(0, len(classes), 128):
        part = classes[at : at + 128]
        with RawPeer(node.port) as peer:
            peer.associate([(uid, [ImplicitVRLittleEndian]) for uid in part])
            for number, uid in enumerate(part):
                ds = instance(uid)
                data = encode(ds, ImplicitVRLittleEndian)
                assert peer.store(ds, data, number * 2 + 1).Status == 0, uid
            peer.release()
    assert len(node.files) == len(classes)


def test_every_transfer_syntax(node: Running) -> None:
    """Every transfer syntax is accepted and its bytes kept as they came."""
    syntaxes = sorted(TRANSFER_SYNTAXES)
    sent: dict[str, bytes] = {}
    with RawPeer(node.port) as peer:
        peer.associate([(CTImageStorage, [syntax]) for syntax in syntaxes])
        for number, syntax in enumerate(syntaxes):
            assert peer.accepted[number * 2 + 1] == (0, syntax)
            ds = instance()
            data = as_sent(ds, syntax)
            assert peer.store(ds, data, number * 2 + 1).Status == 0, syntax
            sent[ds.SOPInstanceUID] = data
        peer.release()
    assert {arrival.TransferSyntaxUID for arrival in node.ledger.arrivals} == set(syntaxes)
    assert len(node.files) == len(sent) > 55
    for uid, data in sent.items():
        stored = node.inbox.holds(uid)
        assert stored is not None
        assert stored.read_bytes().endswith(data)


def as_sent(ds: Dataset, syntax: str) -> bytes:
    """A data set as it goes over the wire in a transfer syntax, its pixels left as they are."""
    if syntax == "1.2.840.10008.1.20":
        return encode(ds, ImplicitVRLittleEndian)
    data = encode(ds, syntax if syntax in NATIVE else ExplicitVRLittleEndian)
    if "Deflate" in dict_name(syntax) and "Frame" not in dict_name(syntax):
        packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
        data = packer.compress(data) + packer.flush()
        data += bytes(len(data) % 2)
    return data


def dict_name(uid: str) -> str:
    """The name of a transfer syntax."""
    from pydicom.uid import UID

    return UID(uid).name


@pytest.mark.parametrize(
    ("proposed", "accepted"),
    [
        ([ImplicitVRLittleEndian], ImplicitVRLittleEndian),
        ([ImplicitVRLittleEndian, ExplicitVRLittleEndian], ExplicitVRLittleEndian),
        ([ExplicitVRBigEndian, ExplicitVRLittleEndian], ExplicitVRLittleEndian),
        ([JPEG2000Lossless, ExplicitVRLittleEndian], JPEG2000Lossless),
        ([ExplicitVRLittleEndian, JPEGBaseline8Bit], ExplicitVRLittleEndian),
        (["1.2.3.4", JPEGBaseline8Bit], JPEGBaseline8Bit),
    ],
)
def test_choice_of_transfer_syntax(node: Running, proposed: list[str], accepted: str) -> None:
    """Of several, the sender's first is taken, explicit before the other native ones."""
    with RawPeer(node.port) as peer:
        peer.associate([(CTImageStorage, proposed)])
        assert peer.accepted == {1: (0, accepted)}
        peer.release()


def test_private_ones_by_configuration(start: Start) -> None:
    """Private classes and syntaxes are refused unless they are configured."""
    contexts: list[tuple[str, list[str]]] = [
        ("1.2.3.4.5", [ImplicitVRLittleEndian]),
        (CTImageStorage, ["1.2.3.4.6"]),
    ]
    strict = start()
    extra = start(
        receiver={"extra_sop_classes": ["1.2.3.4.5"], "extra_transfer_syntaxes": ["1.2.3.4.6"]}
    )
    everything = start(receiver={"accept_any_sop_class": True})
    found = []
    for running in (strict, extra, everything):
        with RawPeer(running.port) as peer:
            peer.associate(contexts)
            found.append([result for result, _ in peer.accepted.values()])
            peer.release()
    assert found == [[3, 4], [0, 0], [0, 4]]


def test_sent_again(node: Running) -> None:
    """The same instance again is acknowledged and is one file, over any association."""
    ds = instance()
    for _ in range(2):
        with RawPeer(node.port) as peer:
            peer.associate(CT)
            assert peer.store(ds).Status == 0
            assert peer.store(ds).Status == 0
            peer.release()
    assert len(node.files) == 1
    outcomes = [arrival.outcome for arrival in node.ledger.arrivals]
    assert outcomes == [Outcome.STORED, *[Outcome.DUPLICATE] * 3]
    assert len({arrival.key for arrival in node.ledger.arrivals}) == 1


@pytest.mark.parametrize(
    ("on_conflict", "status", "outcome", "files"),
    [
        ("revise", 0x0000, Outcome.REVISED, 2),
        ("keep-first", 0x0000, Outcome.KEPT_FIRST, 1),
        ("refuse", 0x0111, Outcome.REFUSED, 1),
    ],
)
def test_other_bytes_under_a_known_uid(
    start: Start, on_conflict: str, status: int, outcome: Outcome, files: int
) -> None:
    """A conflict is settled as configured, and told to the ledger either way."""
    node = start(receiver={"on_conflict": on_conflict})
    with RawPeer(node.port) as peer:
        peer.associate(CT)
        assert peer.store(instance(uid="1.2.3", content=b"a" * 64)).Status == 0
        assert peer.store(instance(uid="1.2.3", content=b"b" * 64)).Status == status
        peer.release()
    assert [arrival.outcome for arrival in node.ledger.arrivals] == [Outcome.STORED, outcome]
    assert len(node.files) == files


def test_two_peers_with_the_same_study(node: Running) -> None:
    """Several peers that send the same instances at once leave each of them once."""
    study = [instance(content=bytes(20000)) for _ in range(20)]

    def send() -> None:
        with RawPeer(node.port) as peer:
            peer.associate(CT)
            assert all(peer.store(ds).Status == 0 for ds in study)
            peer.release()

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(node.files) == 20
    outcomes = [arrival.outcome for arrival in node.ledger.arrivals]
    assert outcomes.count(Outcome.STORED) == 20
    assert outcomes.count(Outcome.DUPLICATE) == 60


def test_contradictions(node: Running) -> None:
    """What the command and the data set say differently is refused, and nothing is kept."""
    ds, other = instance(), instance()
    with RawPeer(node.port) as peer:
        peer.associate([*CT, (MRImageStorage, [ExplicitVRLittleEndian])])
        answers = [
            peer.store(ds, encode(other)),
            peer.store(ds, encode(instance(MRImageStorage, ds.SOPInstanceUID))),
            peer.store(ds, context_id=3),
            peer.store(ds, b"this is not a data set at all"),
            peer.store(ds, bytes(128) + b"DICM" + encode(ds)),
            peer.store(ds, encode(ds, ImplicitVRLittleEndian)),
            peer.store(ds, b""),
            peer.store(ds, AffectedSOPInstanceUID=""),
        ]
        assert [answer.Status for answer in answers] == [
            *[0xA900, 0xA900, 0x0122],
            *[0xC000, 0xC000, 0xC000, 0xC000],
            0x0212,
        ]
        assert all(answer.ErrorComment for answer in answers)
        assert peer.store(ds).Status == 0
        peer.release()
    assert len(node.files) == 1
    assert node.half_written == []
    assert len(node.ledger.refusals) == 5


@pytest.mark.parametrize("uid", ["../../x", "/etc/passwd", "1.2.3\\4", "x" * 64])
def test_a_hostile_uid(node: Running, uid: str, tmp_path: Path) -> None:
    """What is no UID is refused as one, and no file appears anywhere."""
    ds = instance(uid="1.2.3")
    raw = uid.encode() + b" " * (len(uid) % 2)
    command = store_command(ds).replace(
        b"\x00\x00\x00\x10\x06\x00\x00\x001.2.3\x00",
        b"\x00\x00\x00\x10" + len(raw).to_bytes(4, "little") + raw,
    )
    before = {path for path in tmp_path.rglob("*") if path.is_file()}
    with RawPeer(node.port) as peer:
        peer.associate(CT)
        peer.send(pdu(pdv(1, 3, command), pdv(1, 2, encode(ds))))
        assert peer.command().Status == 0x0117
        peer.release()
    assert {path for path in tmp_path.rglob("*") if path.is_file()} == before


def test_no_room(start: Start) -> None:
    """With too little disk left every instance is refused as such, its data read and dropped."""
    node = start(receiver={"min_free_mb": 1 << 40})
    with RawPeer(node.port) as peer:
        peer.associate(CT)
        for _ in range(3):
            response = peer.store(instance(content=bytes(300_000)))
            assert response.Status == 0xA700
            assert response.ErrorComment
        peer.release()
    assert node.files == node.half_written == []
    assert node.wait_ended() == [Ending.RELEASED]
    assert len(node.ledger.refusals) == 1


def test_quota(start: Start) -> None:
    """A full quota refuses, and what was removed makes room again."""
    node = start(receiver={"quota_mb": 1})
    with RawPeer(node.port) as peer:
        peer.associate(CT)
        answers = [peer.store(instance(content=bytes(600_000))).Status for _ in range(3)]
        assert answers == [0, 0, 0xA700]
        node.inbox.remove(node.ledger.arrivals[0].key)
        assert peer.store(instance()).Status == 0
        peer.release()


def test_a_disk_that_fills_up_meanwhile(node: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    """A write that fails half-way is answered when the data set has ended."""
    calls = 0
    real = os.pwrite

    def failing(fd: int, data: memoryview, offset: int) -> int:
        nonlocal calls
        calls += 1
        if calls == 3:
            raise OSError(28, "no space left on device")
        return real(fd, data, offset)

    monkeypatch.setattr(os, "pwrite", failing)
    with RawPeer(node.port) as peer:
        peer.associate(CT)
        assert peer.store(instance(content=bytes(2_000_000))).Status == 0xA700
        assert peer.store(instance()).Status == 0
        peer.release()
    assert len(node.files) == 1
    assert node.half_written == []


def test_durable_before_the_answer(node: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    """While the file is not yet synced there is no answer."""
    hold, real = threading.Event(), os.fsync

    def slow(fd: int) -> None:
        assert hold.wait(10)
        real(fd)

    monkeypatch.setattr(os, "fsync", slow)
    ds = instance()
    with RawPeer(node.port) as peer:
        peer.associate(CT)
        peer.send(pdu(pdv(1, 3, store_command(ds)), pdv(1, 2, encode(ds))))
        peer.sock.settimeout(0.3)
        with pytest.raises(TimeoutError):
            peer.read()
        assert node.files == []
        assert node.ledger.arrivals == []
        hold.set()
        peer.sock.settimeout(10)
        assert peer.command().Status == 0
        peer.release()


def test_fragments_of_every_shape(node: Running) -> None:
    """Fragmented commands, several PDVs a PDU, single bytes: the file is always the same."""
    ds = instance(content=os.urandom(1000))
    data, command = encode(ds), store_command(ds)
    whole = pdu(pdv(1, 3, command), pdv(1, 2, data))
    pieces = [
        whole,
        pdu(pdv(1, 3, command)) + pdu(pdv(1, 2, data)),
        b"".join(pdu(pdv(1, 1, command[i : i + 1])) for i in range(len(command)))
        + pdu(pdv(1, 3, b""))
        + pdu(*[pdv(1, 0, data[i : i + 1]) for i in range(len(data))], pdv(1, 2, b"")),
        pdu() + pdu(pdv(1, 1, command), pdv(1, 3, b""), pdv(1, 0, b"")) + pdu(pdv(1, 2, data)),
    ]
    with RawPeer(node.port) as peer:
        peer.associate(CT)
        for stream in pieces:
            peer.send(stream)
            assert peer.command().Status == 0
        for byte in whole:
            peer.send(bytes([byte]))
        assert peer.command().Status == 0
        peer.release()
    assert len(node.files) == 1
    outcomes = [arrival.outcome for arrival in node.ledger.arrivals]
    assert outcomes == [Outcome.STORED, *[Outcome.DUPLICATE] * 4]


def test_many_requests_at_once(node: Running) -> None:
    """Requests that a peer sends without waiting are answered in their order."""
    many = [instance() for _ in range(30)]
    with RawPeer(node.port) as peer:
        peer.associate(CT)
        peer.send(
            b"".join(
                pdu(pdv(1, 3, store_command(ds, n)), pdv(1, 2, encode(ds)))
                for n, ds in enumerate(many)
            )
        )
        assert [peer.command().MessageIDBeingRespondedTo for _ in many] == list(range(30))
        peer.release()
    assert len(node.files) == 30


def test_memory_does_not_grow_with_the_instance(node: Running) -> None:
    """A hundred megabytes pass through without being held."""
    import tracemalloc

    ds = instance()
    data, block = encode(ds), bytes(65536)
    with RawPeer(node.port) as peer:
        peer.associate(CT)
        tracemalloc.start()
        try:
            peer.send(pdu(pdv(1, 3, store_command(ds)), pdv(1, 0, data)))
            frame = pdu(pdv(1, 0, block))
            for _ in range(1600):
                peer.send(frame)
            peer.send(pdu(pdv(1, 2, b"")))
            assert peer.command().Status == 0
            assert tracemalloc.get_traced_memory()[1] < 4_000_000
        finally:
            tracemalloc.stop()
        peer.release()
    assert node.files[0].stat().st_size > 100_000_000


def test_inbox_of_two_processes_is_one(node: Running) -> None:
    """Another inbox object on the same folder sees what the receiver stored."""
    with RawPeer(node.port) as peer:
        peer.associate(CT)
        ds = instance()
        peer.store(ds)
        peer.release()
    assert Inbox.of(node.settings).holds(ds.SOPInstanceUID) == node.files[0]
