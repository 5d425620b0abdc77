"""The conformance statement says what the code does."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from pydicom import Dataset

from bench.phantoms import KINDS
from config.loader import load
from config.settings import Peer
from dicom_node import scu, statuses
from dicom_node.conformance import PAGE, TABLES, WHEN, render
from dicom_node.receiver.negotiation import decode_request
from pipelines.intake_check import IntakeCheck
from results.build import build_results
from results.codes import PRIVATE_SCHEME
from tests.integration.results.sources import CONTEXT, plenty, source
from tests.unit.intake_check.stored import store, study

TEXT = PAGE.read_text(encoding="utf-8")


def test_the_statement_is_fresh() -> None:
    """docs/conformance.md is what `python -m dicom_node.conformance` writes."""
    assert render(TEXT) == TEXT, "run python -m dicom_node.conformance"


def test_every_table_has_its_place() -> None:
    """Each generated part stands in the statement once."""
    assert sorted(re.findall(r"<!-- from the code: ([a-z-]+) -->", TEXT)) == sorted(TABLES)


def test_every_status_says_when() -> None:
    """Each status of the table is explained, and nothing else is."""
    found = {name for name, value in vars(statuses).items() if isinstance(value, statuses.Status)}
    assert set(WHEN) == found


def test_every_attribute_of_a_report_is_named() -> None:
    """Whatever a report holds at its top level stands in the statement."""
    images = source("ct", "utf8")
    ds = build_results(["sr"], images, plenty(images), CONTEXT).results[0].dataset
    named = set(re.findall(r"\b[A-Z]\w+\b", TEXT))
    assert [element.keyword for element in ds if element.keyword not in named] == []


def private_codes(items: Sequence[Dataset]) -> Iterator[str]:
    """The code values of our own scheme in a content tree."""
    for item in items:
        for keyword in ("ConceptNameCodeSequence", "ConceptCodeSequence"):
            for code in item.get(keyword, ()):
                if code.CodingSchemeDesignator == PRIVATE_SCHEME:
                    yield str(code.CodeValue)
        yield from private_codes(item.get("ContentSequence", ()))


@pytest.mark.parametrize("kind", KINDS)
def test_every_private_code_of_a_report_is_listed(kind: str, tmp_path: Path) -> None:
    """A report of intake-check uses no code that the statement lacks."""
    images = study(store(KINDS[kind](1), tmp_path))
    findings = IntakeCheck().run(images, lambda fraction, doing: None)
    made = build_results(["sr"], images, findings, CONTEXT).results[0].dataset
    assert [code for code in private_codes([made]) if f"| `{code}` |" not in TEXT] == []


def test_what_a_requestor_says_of_itself() -> None:
    """Over the wire the requestor shows the identity and the PDU size that the statement gives."""
    settings = load({})
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=hear_one, args=(server, heard))
        thread.start()
        peer = Peer(ae_title="ANY", port=server.getsockname()[1], timeout_seconds=5.0)
        with pytest.raises(scu.Unreachable):
            scu.echo(settings, peer)
        thread.join()
    asked = decode_request(heard[0])
    said = {type(item).__name__: item for item in asked.primitive.user_information}
    name = said["ImplementationVersionNameNotification"].implementation_version_name
    identity = TABLES["identity"]()
    assert f"`{asked.primitive.implementation_class_uid}`" in identity
    assert f"`{name}`" in identity
    assert asked.peer_max_pdu == settings.receiver.max_pdu


def hear_one(server: socket.socket, heard: list[bytes]) -> None:
    """Take a connection, read the request for an association, and close it."""
    connection, _ = server.accept()
    with connection:
        data = b""
        while len(data) < 6 or len(data) < 6 + int.from_bytes(data[2:6], "big"):
            data += connection.recv(4096)
        heard.append(data)
        connection.sendall(b"\x07\x00\x00\x00\x00\x04\x00\x00\x00\x00")
