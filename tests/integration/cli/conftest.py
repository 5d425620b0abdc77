"""A node that runs, for the tests of the command line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pydicom import Dataset

from bench.phantoms import dx_extremity, write
from tests.node import Node


@pytest.fixture(scope="module")
def running_node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    """A node of its own for a module's tests, stopped afterwards."""
    with Node(tmp_path_factory.mktemp("node"), node={"receivers": 1}) as node:
        yield node


@pytest.fixture
def idle_node(tmp_path: Path) -> Node:
    """A configuration whose node does not run."""
    return Node(tmp_path / "idle")


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, list[Path]]:
    """A phantom X-ray: its StudyInstanceUID and its files."""
    made: list[Dataset] = dx_extremity(41)
    return str(made[0].StudyInstanceUID), write(made, tmp_path_factory.mktemp("study"))
