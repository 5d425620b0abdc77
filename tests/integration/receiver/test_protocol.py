"""Peers that stall, abort, lie or talk nonsense cost their own association and nothing else."""

from __future__ import annotations

import os
import socket
import struct
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian
from pynetdicom.pdu_primitives import (
    AsynchronousOperationsWindowNegotiation,
    SCP_SCU_RoleSelectionNegotiation,
    SOPClassCommonExtendedNegotiation,
    SOPClassExtendedNegotiation,
    UserIdentityNegotiation,
)

from dicom_node.receiver.ledger import Ending
from dicom_node.receiver.messages import encode_command
from dicom_node.statuses import Abort
from dicom_node.uids import STORAGE_COMMITMENT, VERIFICATION
from tests.integration.receiver.conftest import Start
from tests.integration.receiver.running import (
    RawPeer,
    Running,
    encode,
    instance,
    pdu,
    pdv,
    request_pdu,
    store_command,
)
from tests.peers import wait_for

CT = [(CTImageStorage, [ExplicitVRLittleEndian])]
A_ABORT = 7
bad_uids = pytest.mark.filterwarnings("ignore:Invalid value for VR UI")
"""pydicom warns of UIDs that are none, which is what these tests send."""
QUICK = {"association_seconds": 0.3, "network_seconds": 0.4, "dimse_seconds": 0.2}


def echo(port: int) -> None:
    """Another peer is served as ever."""
    request = encode_command(
        AffectedSOPClassUID=VERIFICATION, CommandField=0x30, MessageID=5, CommandDataSetType=0x101
    )
    with RawPeer(port) as peer:
        peer.associate([(VERIFICATION, [ExplicitVRLittleEndian])])
        peer.send(pdu(pdv(1, 3, request)))
        response = peer.command()
        assert (response.Status, response.CommandField) == (0, 0x8030)
        assert response.MessageIDBeingRespondedTo == 5
        peer.release()


def aborted(peer: RawPeer) -> Abort:
    """Why the association was aborted; the connection is closed after it."""
    kind, body = peer.read()
    assert kind == A_ABORT
    assert peer.read()[0] == 0
    return Abort((body[2], body[3]))


def test_echo(node: Running) -> None:
    """C-ECHO is answered."""
    echo(node.port)
    assert node.wait_ended() == [Ending.RELEASED]


LIES = {
    "HTTP": (b"GET / HTTP/1.1\r\n\r\n", Abort.UNRECOGNIZED_PDU),
    "a PDU type there is none of": (b"\x09\0\0\0\0\x04\0\0\0\0", Abort.UNRECOGNIZED_PDU),
    "a PDU over our maximum": (struct.pack(">BBI", 4, 0, 262145), Abort.INVALID_PARAMETER),
    "a PDV over its PDU": (struct.pack(">BBIIBB", 4, 0, 20, 99, 1, 3), Abort.INVALID_PARAMETER),
    "another A-ASSOCIATE-RQ": (request_pdu(CT), Abort.UNEXPECTED_PDU),
    "an A-ASSOCIATE-AC": (b"\x02\0\0\0\0\x04\0\0\0\0", Abort.UNEXPECTED_PDU),
    "a release nobody asked for": (b"\x06\0\0\0\0\x04\0\0\0\0", Abort.UNEXPECTED_PDU),
    "data without a command": (pdu(pdv(1, 2, b"data")), Abort.UNEXPECTED_PDU),
    "a command that is none": (pdu(pdv(1, 3, b"garbage!")), Abort.INVALID_PARAMETER),
    "an empty command": (pdu(pdv(1, 3, b"")), Abort.INVALID_PARAMETER),
    "a context not accepted": (
        pdu(pdv(3, 3, store_command(instance()))),
        Abort.INVALID_PARAMETER,
    ),
    "a command on two contexts": (
        pdu(pdv(1, 1, store_command(instance())[:20]), pdv(3, 3, b"x")),
        Abort.INVALID_PARAMETER,
    ),
    "data on another context": (
        pdu(pdv(1, 3, store_command(instance())), pdv(3, 2, b"x")),
        Abort.INVALID_PARAMETER,
    ),
    "a command within a data set": (
        pdu(pdv(1, 3, store_command(instance())), pdv(1, 0, b"x"), pdv(1, 3, b"x")),
        Abort.UNEXPECTED_PDU,
    ),
    "a release within a data set": (
        pdu(pdv(1, 3, store_command(instance())), pdv(1, 0, b"x")) + b"\x05\0\0\0\0\x04\0\0\0\0",
        Abort.UNEXPECTED_PDU,
    ),
    "an endless command": (
        b"".join(pdu(pdv(1, 1, bytes(16000))) for _ in range(5)),
        Abort.INVALID_PARAMETER,
    ),
}


@pytest.mark.parametrize("name", LIES)
def test_broken_protocol(node: Running, name: str) -> None:
    """What breaks the protocol is answered by an A-ABORT with its reason; others are served."""
    stream, reason = LIES[name]
    with RawPeer(node.port) as peer:
        peer.associate(CT)
        peer.send(stream)
        assert aborted(peer) is reason
    assert node.wait_ended() == [Ending.PROTOCOL_ERROR]
    assert node.files == node.half_written == []
    echo(node.port)


@bad_uids
@pytest.mark.parametrize(
    "stream",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        pdu(pdv(1, 3, b"x")),
        struct.pack(">BBI", 1, 0, 1 << 30),
        b"\x01\0" + struct.pack(">I", 4) + b"abcd",
        request_pdu(CT)[:6] + bytes(len(request_pdu(CT)) - 6),
        request_pdu(CT).replace(b"\x20\0\0", b"\x20\0\xff"),
        request_pdu(CT).replace(b"\x30\0\0", b"\x30\0\xff"),
        request_pdu([*CT, *CT]).replace(b"\x03\0\0\0\x30", b"\x01\0\0\0\x30"),
    ],
    ids=["HTTP", "data", "too long", "too short", "zeros", "item", "context item", "same ID"],
)
def test_no_association_request(node: Running, stream: bytes) -> None:
    """What is no readable A-ASSOCIATE-RQ is aborted, and never counted as an association."""
    with RawPeer(node.port) as peer:
        peer.send(stream)
        aborted(peer)
    assert node.ledger.associations == []
    echo(node.port)


@bad_uids
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_a_damaged_association_request(node: Running, data: st.DataObject) -> None:
    """A request with some bytes changed is answered somehow, and never takes a thread down."""
    stream = bytearray(request_pdu(CT))
    for place in data.draw(st.sets(st.integers(6, len(stream) - 1), min_size=1, max_size=4)):
        stream[place] = data.draw(st.integers(0, 255))
    with RawPeer(node.port) as peer:
        peer.send(bytes(stream))
        assert peer.read()[0] in (2, 3, 7)


def test_time_limit_for_the_association_request(start: Start) -> None:
    """A connection that asks for nothing, or byte by byte, is ended after its time."""
    node = start(receiver=QUICK)
    with RawPeer(node.port) as silent, RawPeer(node.port) as slow:
        began = time.monotonic()
        for byte in request_pdu(CT)[:6]:
            slow.send(bytes([byte]))
            time.sleep(0.04)
        assert aborted(silent) is Abort.BY_USER
        assert aborted(slow) is Abort.BY_USER
        assert time.monotonic() - began < 2
    assert node.ledger.associations == []


@pytest.mark.parametrize(
    "stream",
    [
        b"",
        b"\x04",
        pdu(pdv(1, 1, store_command(instance())[:30])),
        pdu(pdv(1, 3, store_command(instance()))),
        pdu(pdv(1, 3, store_command(instance()))) + pdu(pdv(1, 0, bytes(1000)))[:500],
    ],
    ids=["silence", "one byte", "half a command", "no data set", "half a PDU"],
)
def test_a_peer_that_stalls(start: Start, stream: bytes) -> None:
    """An association that falls silent, between messages or within one, is aborted in time."""
    node = start(receiver=QUICK)
    with RawPeer(node.port) as peer:
        peer.associate(CT)
        peer.send(stream)
        assert aborted(peer) is Abort.BY_USER
    assert node.wait_ended() == [Ending.TIMED_OUT]
    assert node.half_written == []


def test_a_peer_that_never_reads(start: Start) -> None:
    """A peer that sends and never reads our answers is dropped in time."""
    node = start(receiver=QUICK)
    request = pdu(pdv(1, 3, store_command(instance(), CommandDataSetType=0x101)))

    def flood(peer: RawPeer) -> None:
        while True:
            peer.send(request * 1000)

    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    sock.settimeout(0.5)
    sock.connect(("127.0.0.1", node.port))
    with RawPeer(node.port, sock) as peer:
        peer.associate(CT)
        with pytest.raises((TimeoutError, ConnectionError)):
            flood(peer)
        assert node.wait_ended() == [Ending.TIMED_OUT]
    echo(node.port)


@pytest.mark.parametrize("reset", [True, False])
def test_a_peer_that_hangs_up(node: Running, reset: bool) -> None:
    """A connection lost in the middle of an instance leaves no file and no thread."""
    with RawPeer(node.port) as peer:
        peer.associate(CT)
        peer.send(pdu(pdv(1, 3, store_command(instance())), pdv(1, 0, bytes(9000))))
        wait_for(lambda: node.half_written, 5, "the file to be begun")
        if reset:
            peer.sock.setsockopt(1, 13, struct.pack("ii", 1, 0))  # SO_LINGER: close resets
    assert node.wait_ended() == [Ending.LOST]
    assert node.files == node.half_written == []


def test_a_peer_that_aborts(node: Running) -> None:
    """An A-ABORT in the middle of an instance ends it."""
    with RawPeer(node.port) as peer:
        peer.associate(CT)
        peer.send(pdu(pdv(1, 3, store_command(instance())), pdv(1, 0, bytes(9000))))
        peer.send(b"\x07\0\0\0\0\x04\0\0\0\0")
        assert peer.read()[0] == 0
    assert node.wait_ended() == [Ending.ABORTED]
    assert node.files == node.half_written == []


def test_a_port_scan_is_nothing(node: Running) -> None:
    """A connection that is closed without a byte is not an association."""
    for _ in range(5):
        RawPeer(node.port).sock.close()
    echo(node.port)
    assert len(node.ledger.associations) == 1


@pytest.mark.parametrize("field", [0x0020, 0x0021, 0x0010, 0x0150, 0x0110, 0x7777])
@pytest.mark.parametrize("has_data_set", [True, False])
def test_operations_not_offered(node: Running, field: int, has_data_set: bool) -> None:
    """A query, or a command nobody knows, is answered 0x0211, its data set passed over."""
    command = encode_command(
        AffectedSOPClassUID=CTImageStorage,
        CommandField=field,
        MessageID=9,
        CommandDataSetType=1 if has_data_set else 0x101,
    )
    with RawPeer(node.port) as peer:
        peer.associate(CT)
        peer.send(pdu(pdv(1, 3, command)))
        if has_data_set:
            peer.send(pdu(pdv(1, 2, bytes(5000))))
        response = peer.command()
        assert (response.Status, response.CommandField) == (0x0211, field | 0x8000)
        assert response.MessageIDBeingRespondedTo == 9
        assert peer.store(instance()).Status == 0
        peer.release()


def test_an_instance_on_the_verification_context(node: Running) -> None:
    """C-STORE where only C-ECHO was agreed on is answered 0x0211."""
    with RawPeer(node.port) as peer:
        peer.associate([(VERIFICATION, [ExplicitVRLittleEndian])])
        assert peer.store(instance()).Status == 0x0211
        peer.release()
    assert node.files == []


def test_cancel_is_passed_over(node: Running) -> None:
    """C-CANCEL has no answer, and the next request is served."""
    cancel = encode_command(
        CommandField=0x0FFF, MessageIDBeingRespondedTo=1, CommandDataSetType=0x101
    )
    with RawPeer(node.port) as peer:
        peer.associate(CT)
        peer.send(pdu(pdv(1, 3, cancel)))
        assert peer.store(instance()).Status == 0
        peer.release()


def test_small_peer_pdus_are_obeyed(node: Running) -> None:
    """A peer that takes only tiny PDUs gets our response in pieces."""
    ds = instance()
    with RawPeer(node.port) as peer:
        peer.associate(CT, max_pdu=64)
        peer.send(pdu(pdv(1, 3, store_command(ds)), pdv(1, 2, encode(ds))))
        sizes, flags = [], 0
        while not flags & 2:
            kind, body = peer.read()
            assert kind == 4
            sizes.append(len(body))
            flags = body[5]
        assert max(sizes) <= 64
        assert len(sizes) > 1
        peer.release()


@pytest.mark.parametrize(
    ("asked", "answered"), [((0, 0), (64, 1)), ((5, 7), (5, 1)), ((1, 1), (1, 1))]
)
def test_asynchronous_window(
    node: Running, asked: tuple[int, int], answered: tuple[int, int]
) -> None:
    """A window is granted for what the peer invokes, up to 64; we invoke one at a time."""
    item = AsynchronousOperationsWindowNegotiation()
    item.maximum_number_operations_invoked, item.maximum_number_operations_performed = asked
    with RawPeer(node.port) as peer:
        answer = peer.associate(CT, items=[item])
        (window,) = [
            i
            for i in answer.user_information
            if isinstance(i, AsynchronousOperationsWindowNegotiation)
        ]
        assert (
            window.maximum_number_operations_invoked,
            window.maximum_number_operations_performed,
        ) == answered
        peer.release()


@pytest.mark.parametrize(
    ("uid", "asked", "result", "answered"),
    [
        (CTImageStorage, (True, False), 0, (True, False)),
        (CTImageStorage, (True, True), 0, (True, False)),
        (CTImageStorage, (False, True), 1, (False, False)),
        (STORAGE_COMMITMENT, (True, False), 0, (True, False)),
        (STORAGE_COMMITMENT, (False, True), 0, (False, True)),
        (STORAGE_COMMITMENT, (True, True), 0, (True, True)),
    ],
)
def test_roles(
    node: Running, uid: str, asked: tuple[bool, bool], result: int, answered: tuple[bool, bool]
) -> None:
    """A PACS may be the provider of commitment reports; nobody may make us send instances."""
    item = SCP_SCU_RoleSelectionNegotiation()
    item.sop_class_uid = uid
    item.scu_role, item.scp_role = asked
    with RawPeer(node.port) as peer:
        answer = peer.associate([(uid, [ExplicitVRLittleEndian])], items=[item])
        assert peer.accepted[1][0] == result
        roles = [
            (bool(i.scu_role), bool(i.scp_role))
            for i in answer.user_information
            if isinstance(i, SCP_SCU_RoleSelectionNegotiation)
        ]
        assert roles == ([answered] if result == 0 else roles[:1])
        peer.release()


def test_other_negotiation_items(node: Running) -> None:
    """Storage abilities are told; a user identity and related classes are let pass."""
    extended = SOPClassExtendedNegotiation()
    extended.sop_class_uid = CTImageStorage
    extended.service_class_application_information = b"\x02\x00\x00\x00\x00\x00"
    common = SOPClassCommonExtendedNegotiation()
    common.sop_class_uid = CTImageStorage
    common.service_class_uid = "1.2.840.10008.4.2"
    identity = UserIdentityNegotiation()
    identity.user_identity_type = 2
    identity.primary_field, identity.secondary_field = b"user", b"secret"
    identity.positive_response_requested = True
    with RawPeer(node.port) as peer:
        answer = peer.associate(CT, items=[extended, common, identity])
        kinds = [type(item).__name__ for item in answer.user_information]
        assert "UserIdentityNegotiation" not in kinds
        (told,) = [i for i in answer.user_information if isinstance(i, SOPClassExtendedNegotiation)]
        assert told.service_class_application_information == b"\x02\x00\x03\x00\x00\x00"
        assert peer.store(instance()).Status == 0
        peer.release()


def test_answer_names_the_node(node: Running) -> None:
    """The acceptance says our maximum PDU and who we are."""
    with RawPeer(node.port) as peer:
        answer = peer.associate([*CT, ("1.2.3", [ExplicitVRLittleEndian])])
        assert answer.maximum_length_received == node.settings.receiver.max_pdu
        assert str(answer.implementation_class_uid).startswith("2.25.")
        assert peer.accepted[1] == (0, ExplicitVRLittleEndian)
        assert peer.accepted[3][0] == 3
        peer.release()


def test_drain_waits_then_aborts(start: Start) -> None:
    """At a stop an open association may finish its work, and is aborted after its time."""
    node = start(node={"drain_seconds": 0.8})
    ds = instance()
    with RawPeer(node.port) as peer, RawPeer(node.port) as idle:
        peer.associate(CT)
        idle.associate(CT)
        peer.send(pdu(pdv(1, 3, store_command(ds))))
        node.stopping.set()
        time.sleep(0.3)
        with pytest.raises(ConnectionError):
            RawPeer(node.port)
        peer.send(pdu(pdv(1, 2, encode(ds))))
        assert peer.command().Status == 0
        peer.release()
        assert aborted(idle) is Abort.BY_USER
    node.stop()
    assert sorted(node.ledger.endings) == [Ending.DRAINED, Ending.RELEASED]


def test_many_connections_at_once(node: Running) -> None:
    """Fifty associations at once are served."""
    peers = [RawPeer(node.port) for _ in range(50)]
    for peer in peers:
        peer.associate(CT)
    for peer in peers:
        assert peer.store(instance(content=os.urandom(2000))).Status == 0
    for peer in peers:
        peer.release()
        peer.sock.close()
    assert len(node.files) == 50
