"""Destinations with a wrong address, broken files or an object nobody foresaw: only they suffer."""

from __future__ import annotations

from pathlib import Path

from bench.phantoms import ct_head
from tests.integration.sender.conftest import RULES, MakeNode, directions, peer, post
from tests.integration.sender.test_sending import of
from tests.peers.certificates import Authority
from tests.peers.chaos import FaultyPACS
from tests.trouble import TroubledNode

NOWHERE = "no-such-host.invalid"
"""RFC 2606: a name that never has an address."""


def test_a_name_without_an_address_harms_no_other_destination(sending: MakeNode) -> None:
    """The others are served at once by the same process; the reason stands at the delivery."""
    with FaultyPACS() as pacs:
        lost = {"ae_title": "LOST", "host": NOWHERE, "count": False}
        node = sending(lost=lost, good=peer(pacs))
        for _ in range(2):
            uid = node.send("fine")
            node.wait_for_deliveries(uid, lambda rows: of(rows, "good")["status"] == "delivered")
        rows = node.wait_for_deliveries(uid, lambda rows: bool(of(rows, "lost")["comment"]))
        assert of(rows, "lost")["status"] == "waiting"
        assert of(rows, "lost")["comment"].startswith(f"LOST cannot be reached at {NOWHERE}:104: ")
        assert "process died" not in node.said()
        assert "a bug" not in node.said()


def test_a_broken_file_of_authorities_harms_no_other_destination(tmp_path: Path) -> None:
    """A file that was emptied under a running node is told of; put right, it is used at once."""
    authority = Authority(tmp_path / "authority")
    ca = tmp_path / "ca.pem"
    ca.write_bytes(authority.pem.read_bytes())
    here = authority.sign("pacs")
    with FaultyPACS() as plain, FaultyPACS(ae_title="SECURE", tls=here) as secure:
        node = TroubledNode(
            tmp_path / "node",
            assembly={"quiet_seconds": 0.1},
            node={"receivers": 1},
            http={"enabled": False},
            sender=RULES,
            tls={"ca": str(ca)},
            **directions({"secure": peer(secure, tls=True), "good": peer(plain)}),
        )
        with node:
            ca.write_bytes(b"")
            uid = node.send("fine")
            rows = node.wait_for_deliveries(
                uid,
                lambda rows: (
                    of(rows, "good")["status"] == "delivered"
                    and bool(of(rows, "secure")["comment"])
                ),
            )
            assert of(rows, "secure")["status"] == "waiting"
            assert "tls.ca" in of(rows, "secure")["comment"]
            ca.write_bytes(authority.pem.read_bytes())
            node.wait_delivered(uid, results=2)
            assert "process died" not in node.said()


def test_a_bug_at_one_object_delays_no_other(sending: MakeNode) -> None:
    """Tries and reason are told until it is dead; its own destination goes on, and so do others."""
    with FaultyPACS() as pacs, FaultyPACS() as other:
        node = sending(pacs=peer(pacs), other=peer(other))
        poison = post(node, ct_head(seed=81, size=16, slices=1), SOPClassUID="1." * 40)
        for _ in range(2):
            uid = node.send("fine")
            node.wait_for_deliveries(uid, lambda rows: of(rows, "other")["status"] == "delivered")
            node.wait_delivered(uid, results=2)
        (row,) = node.wait_for_deliveries(poison, lambda rows: rows[-1]["status"] == "dead")
        assert row["attempts"] == RULES["max_attempts"]
        assert "bug" in row["comment"]
        assert "ValueError" in row["comment"]
        assert "process died" not in node.said()
        assert "a bug" in node.said()
