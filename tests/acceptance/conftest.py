"""A real Orthanc for the whole module, and a node beside it that it knows."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.node import Node
from tests.peers.modality import Modality
from tests.peers.orthanc import Orthanc
from tests.peers.processes import free_port


@pytest.fixture(scope="module")
def node_port() -> int:
    """The port on which Orthanc expects the node."""
    return free_port()


@pytest.fixture(scope="module")
def orthanc(tmp_path_factory: pytest.TempPathFactory, node_port: int) -> Iterator[Orthanc]:
    """An Orthanc started from the repository's own folder."""
    with Orthanc(tmp_path_factory.mktemp("orthanc"), node_port=node_port) as server:
        yield server


@pytest.fixture(scope="module")
def modality() -> Iterator[Modality]:
    """A modality that asks the node to commit to what it sent."""
    with Modality() as peer:
        yield peer


@pytest.fixture(scope="module")
def node(
    tmp_path_factory: pytest.TempPathFactory, orthanc: Orthanc, modality: Modality, node_port: int
) -> Iterator[Node]:
    """A node that sends its results to Orthanc; not started, it keeps its data when it dies."""
    node = Node(
        tmp_path_factory.mktemp("node"),
        node={"port": node_port},
        # Longer than any restart, so that what a dead receiver still owes counts to its study.
        assembly={"quiet_seconds": 1.5},
        peers={"pacs": pacs(orthanc), "modality": modality.as_peer},
        routes=[{"name": "all", "pipelines": ["intake-check"], "send_to": ["pacs"]}],
    )
    yield node
    node.kill()


def pacs(orthanc: Orthanc) -> dict[str, object]:
    """Orthanc as a peer in the node's configuration."""
    return {
        "ae_title": orthanc.ae_title,
        "host": "127.0.0.1",
        "port": orthanc.port,
        "commitment": True,
    }
