"""Bad certificates and wrong addresses, as the person meets them who has to put them right."""

from __future__ import annotations

import os
import signal
import socket
import ssl
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.node import READY, Node
from tests.peers import free_port, wait_for
from tests.peers.certificates import Authority, Certificate

NOWHERE = "no-such-host.invalid"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Who signs."""
    return Authority(Path(tmp_path_factory.mktemp("authority")))


class Stumbling(Node):
    """A node that counts as started once its receivers have died some times."""

    def ready(self) -> bool:
        """Whether they have."""
        return self.said().count("process died") >= 3


def secure(folder: Path, authority: Authority, ours: Certificate, **more: Any) -> Node:
    """A node that listens over TLS."""
    tls = ours.settings(ca=str(authority.pem), enabled=True, port=free_port())
    more.setdefault("node", {"receivers": 1})
    return Node(folder, tls=tls, http={"enabled": False}, **more)


def shown(node: Node, authority: Authority) -> str:
    """The serial number of the certificate that a peer is shown at the TLS port."""
    context = ssl.create_default_context(cafile=authority.pem)
    certificate = authority.sign("peer")
    context.load_cert_chain(certificate.pem, certificate.key)
    port = int(node.sections["tls"]["port"])
    with (
        socket.create_connection(("127.0.0.1", port), timeout=5) as sock,
        context.wrap_socket(sock, server_hostname="127.0.0.1") as peer,
    ):
        return str((peer.getpeercert() or {})["serialNumber"])


def test_a_key_of_another_certificate(tmp_path: Path, authority: Authority) -> None:
    """`config check`, `doctor` and `serve` say so in the same sentence; nothing listens."""
    ours, other = authority.sign("ours"), authority.sign("other")
    node = secure(tmp_path / "node", authority, Certificate(ours.pem, other.key))
    sentence = f'tls.key is "{other.key}", which does not belong to the certificate'
    checked = node.cli("config", "check")
    assert checked.returncode == 2
    assert f"Error: {sentence}" in checked.stderr
    served = node.cli("serve", timeout=10)
    assert served.returncode == 2
    assert sentence in served.stderr
    assert "Traceback" not in served.stderr
    assert READY not in served.stdout
    found = {finding["what"]: finding for finding in node.json("doctor")["findings"]}
    assert found["TLS"]["level"] == "fail"
    assert found["TLS"]["told"].startswith(sentence)
    assert found["TLS"]["advice"]


def test_an_expired_certificate_is_a_warning(tmp_path: Path, authority: Authority) -> None:
    """A node that was up when it expired must come up again; somebody has to renew it."""
    node = secure(tmp_path / "node", authority, authority.sign("old", days=-1))
    checked = node.cli("config", "check")
    assert checked.returncode == 0
    assert "Warning: tls.certificate is " in checked.stderr
    assert "expired on" in checked.stderr
    with node:
        assert "Warning: tls.certificate is " in node.said()


def test_new_certificates_are_taken_over_and_broken_ones_are_not(
    tmp_path: Path, authority: Authority
) -> None:
    """A reload reads the files again; with files that cannot be used, the old ones stay."""
    old, new = authority.sign("old"), authority.sign("new")
    ours = Certificate(tmp_path / "ours.pem", tmp_path / "ours.key")

    def put(certificate: Certificate) -> None:
        ours.pem.write_bytes(certificate.pem.read_bytes())
        ours.key.write_bytes(certificate.key.read_bytes())

    put(old)
    with secure(tmp_path / "node", authority, ours) as node:
        first = shown(node, authority)
        put(Certificate(new.pem, old.key))
        refused = node.cli("reload")
        assert refused.returncode == 2
        assert "does not belong to the certificate" in refused.stderr
        assert node.pid is not None
        os.kill(node.pid, signal.SIGHUP)
        wait_for(lambda: "the old one stays" in node.said(), 5)
        assert shown(node, authority) == first
        put(new)
        assert node.cli("reload").returncode == 0
        wait_for(lambda: shown(node, authority) != first, 5, "the new certificate")


def test_nobody_is_told_that_the_node_is_ready_before_a_receiver_is(tmp_path: Path) -> None:
    """Receivers that cannot start are started again, and then it is said."""
    site, gate = tmp_path / "site", tmp_path / "gate"
    site.mkdir()
    (site / "sitecustomize.py").write_text(
        "import os, sys\n"
        f"if sys.orig_argv[-1] == 'receiver' and not os.path.exists({str(gate)!r}):\n"
        "    os._exit(9)\n"
    )
    path = os.pathsep.join([str(site), *filter(None, sys.path)])
    with Stumbling(tmp_path / "node", http={"enabled": False}, env={"PYTHONPATH": path}) as node:
        assert READY not in node.said()
        gate.touch()
        wait_for(lambda: READY in node.said(), 15, "the node to be ready")
        assert Node.ready(node)
        assert node.said().count(READY) == 1


def test_a_name_without_an_address_is_a_sentence(
    tmp_path: Path, study: tuple[str, list[Path]]
) -> None:
    """A peer whose host does not resolve is not reached: status 3, no trace."""
    node = Node(tmp_path / "node", peers={"lost": {"ae_title": "LOST", "host": NOWHERE}})
    commands: list[list[str | Path]] = [["echo", "lost"], ["send", *study[1], "--to", "lost"]]
    for command in commands:
        done = node.cli(*command)
        assert done.returncode == 3
        assert f"LOST cannot be reached at {NOWHERE}:104" in done.stdout + done.stderr
        assert "Traceback" not in done.stderr


def test_the_doctor_survives_wrong_names_and_empty_files(tmp_path: Path) -> None:
    """Each peer has its finding with the reason, whatever is wrong with another."""
    (tmp_path / "empty.pem").touch()
    peers: dict[str, dict[str, Any]] = {
        "lost": {"ae_title": "LOST", "host": NOWHERE},
        "secure": {"ae_title": "SECURE", "port": free_port(), "tls": True},
        "down": {"ae_title": "DOWN", "port": free_port()},
    }
    node = Node(tmp_path / "node", peers=peers, tls={"ca": str(tmp_path / "empty.pem")})
    found = {finding["what"]: finding["told"] for finding in node.json("doctor")["findings"]}
    assert NOWHERE in found["peer lost"]
    assert "tls.ca" in found["peer secure"]
    assert "DOWN cannot be reached" in found["peer down"]
