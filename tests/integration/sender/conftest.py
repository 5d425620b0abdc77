"""One node, and peers of every temper that it sends to."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.peers.chaos import FaultyPACS
from tests.trouble import TroubledNode

_numbers = itertools.count()

MakeNode = Callable[..., TroubledNode]


@pytest.fixture
def sending(tmp_path: Path) -> Iterator[MakeNode]:
    """Make a node whose every study is reported to the given peers; it is ended afterwards."""
    made: list[TroubledNode] = []

    def make(*, start: bool = True, sender: dict[str, Any] | None = None, **peers: Any) -> Any:
        rules = {"backoff_seconds": 0.2, "backoff_cap_seconds": 1, "max_attempts": 3}
        node = TroubledNode(
            tmp_path / f"node{next(_numbers)}",
            assembly={"quiet_seconds": 0.1},
            node={"receivers": 1},
            http={"enabled": False},
            sender=rules | {"commitment_seconds": 1, "commitment_attempts": 2} | (sender or {}),
            peers=peers,
            routes=[{"name": "all", "pipelines": ["trouble"], "send_to": list(peers)}],
        )
        made.append(node)
        return node.start() if start else node

    yield make
    for node in made:
        node.stop()


def peer(pacs: FaultyPACS, **more: Any) -> dict[str, Any]:
    """The configuration of a peer; it is never asked for counts."""
    return {"ae_title": pacs.ae_title, "port": pacs.port, "count": False} | more
