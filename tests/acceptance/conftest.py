"""A real Orthanc for the whole module; nodes come and go beside it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.peers.orthanc import Orthanc
from tests.peers.processes import free_port


@pytest.fixture(scope="module")
def node_port() -> int:
    """The port on which Orthanc expects the node."""
    return free_port()


@pytest.fixture(scope="module")
def orthanc(tmp_path_factory: pytest.TempPathFactory, node_port: int) -> Iterator[Orthanc]:
    """An Orthanc started from the repository's own folder."""
    with Orthanc(Path(tmp_path_factory.mktemp("orthanc")), node_port=node_port) as server:
        yield server
