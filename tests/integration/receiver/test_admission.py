"""Who may open an association, and how many."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import pytest
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian

from dicom_node.receiver.seats import Seats
from dicom_node.statuses import Rejection
from tests.integration.receiver.conftest import Start
from tests.integration.receiver.running import RawPeer, make_settings, request_pdu
from tests.peers import wait_for

CT = [(CTImageStorage, [ExplicitVRLittleEndian])]
STRICT = {"check_called_ae": True, "check_calling_ae": True}
PEERS = {
    "here": {"ae_title": "HERE", "host": "127.0.0.1"},
    "named": {"ae_title": "NAMED", "host": "localhost"},
    "elsewhere": {"ae_title": "ELSEWHERE", "host": "192.0.2.7"},
    "lost": {"ae_title": "LOST", "host": "no-such-host.invalid"},
}


def ask(port: int, **options: Any) -> Rejection | None:
    """Ask for an association: why it was rejected, or None where it was accepted."""
    with RawPeer(port) as peer:
        peer.send(request_pdu(CT, **options))
        kind, body = peer.read()
        if kind == 2:
            return None
        assert kind == 3
        assert peer.read()[0] == 0
        return Rejection((body[1], body[2], body[3]))


@pytest.mark.parametrize(
    ("calling", "called", "expected"),
    [
        ("HERE", "DICOM_NODE", None),
        ("  HERE", "DICOM_NODE  ", None),
        ("NAMED", "DICOM_NODE", None),
        ("STRANGER", "DICOM_NODE", Rejection.CALLING_AE),
        ("here", "DICOM_NODE", Rejection.CALLING_AE),
        ("ELSEWHERE", "DICOM_NODE", Rejection.CALLING_AE),
        ("LOST", "DICOM_NODE", Rejection.CALLING_AE),
        ("HERE", "OTHER", Rejection.CALLED_AE),
        ("STRANGER", "OTHER", Rejection.CALLED_AE),
    ],
)
def test_strict(start: Start, calling: str, called: str, expected: Rejection | None) -> None:
    """When strict, both AE titles and the address must be right, and the peer is told which."""
    node = start(receiver=STRICT, peers=PEERS)
    assert ask(node.port, calling=calling, called=called) is expected
    assert len(node.ledger.refusals) == (0 if expected is None else 1)


def test_open_on_loopback(start: Start) -> None:
    """By default anybody may come in, under any name, where only this machine can connect."""
    node = start()
    assert ask(node.port, calling="STRANGER", called="ANYTHING") is None


def test_strict_elsewhere(start: Start) -> None:
    """By default a node that listens on every interface checks both titles."""
    node = start(node={"host": "0.0.0.0"}, peers=PEERS)  # noqa: S104 - that is the point
    assert ask(node.port, calling="STRANGER") is Rejection.CALLING_AE
    assert ask(node.port, called="ANYTHING") is Rejection.CALLED_AE
    assert ask(node.port, calling="HERE") is None


def test_another_application_context(start: Start) -> None:
    """Something other than DICOM's application context is rejected as such."""
    node = start()
    assert ask(node.port, application_context="1.2.3") is Rejection.APPLICATION_CONTEXT


def test_another_protocol_version(start: Start) -> None:
    """A peer that does not speak version 1 is rejected as such."""
    node = start()
    with RawPeer(node.port) as peer:
        stream = bytearray(request_pdu(CT))
        stream[6:8] = b"\x00\x02"
        peer.send(bytes(stream))
        kind, body = peer.read()
        assert (kind, Rejection((body[1], body[2], body[3]))) == (3, Rejection.PROTOCOL_VERSION)


@pytest.mark.parametrize(
    "receiver",
    [{"max_associations": 3}, {"max_associations_per_peer": 3}],
    ids=["in all", "per address"],
)
def test_limit(start: Start, receiver: dict[str, Any]) -> None:
    """One more than allowed is rejected as transient; a place that came free is given again."""
    node = start(receiver=receiver)
    peers = [RawPeer(node.port) for _ in range(3)]
    for peer in peers:
        peer.associate(CT)
    assert ask(node.port) is Rejection.LOCAL_LIMIT
    assert node.ledger.refusals == ["too many associations are open"]
    peers[0].sock.close()
    node.wait_ended()
    wait_for(lambda: ask(node.port) is None, 5, "a place to come free")
    for peer in peers:
        peer.sock.close()


def test_connections_that_ask_for_nothing(start: Start) -> None:
    """Who connects and says nothing takes no association away from those who ask for one."""
    node = start(receiver={"max_associations": 3})
    silent = [socket.create_connection(("127.0.0.1", node.port)) for _ in range(10)]
    assert ask(node.port) is None
    for sock in silent:
        sock.close()


def test_limit_of_a_peer(start: Start) -> None:
    """A configured peer's own limit holds for it alone."""
    node = start(peers={"small": {"ae_title": "SMALL", "max_associations": 1}})
    with RawPeer(node.port) as peer:
        peer.associate(CT, calling="SMALL")
        assert ask(node.port, calling="SMALL") is Rejection.LOCAL_LIMIT
        assert ask(node.port, calling="LARGE") is None


def test_the_limit_of_a_namesake(start: Start) -> None:
    """Of two peers with one AE title, each has the limit of the one at its address."""
    away = {"ae_title": "CT", "host": "192.0.2.7", "max_associations": 1}
    lost = {"ae_title": "CT", "host": "no-such-host.invalid", "max_associations": 1}
    here = {"ae_title": "CT", "host": "localhost", "max_associations": 2}
    node = start(peers={"away": away, "lost": lost, "here": here})
    with RawPeer(node.port) as one, RawPeer(node.port) as other:
        one.associate(CT, calling="CT")
        other.associate(CT, calling="CT")
        assert ask(node.port, calling="CT") is Rejection.LOCAL_LIMIT


def test_reload(start: Start, tmp_path: Path) -> None:
    """New settings hold for associations opened from then on; open ones stay as they are."""
    node = start()
    with RawPeer(node.port) as before:
        before.associate(CT, calling="STRANGER")
        node.receiver.reload(make_settings(tmp_path, {"receiver": STRICT, "peers": PEERS}))
        assert ask(node.port, calling="STRANGER") is Rejection.CALLING_AE
        assert ask(node.port, calling="HERE") is None
        before.release()


def test_seats_are_counted_over_processes() -> None:
    """What one process holds another cannot take, until the first is gone, however it went."""
    import os

    seats = Seats()
    told, tell = os.pipe()
    waited, go_on = os.pipe()
    child = os.fork()
    if child == 0:
        Seats(seats.fd).take("all", 1)
        os.write(tell, b"x")
        os.read(waited, 1)
        os._exit(9)
    os.read(told, 1)
    assert seats.take("all", 1) is None
    assert seats.take("all", 2) is not None
    assert seats.take("others", 1) is not None
    os.write(go_on, b"x")
    os.waitpid(child, 0)
    first = seats.take("all", 1)
    assert first is not None
    assert seats.take("all", 1) is None
    seats.leave(first)
    assert seats.take("all", 1) == first
    for fd in (told, tell, waited, go_on, seats.fd):
        os.close(fd)
