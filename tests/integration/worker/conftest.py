"""A node with two workers whose pipelines misbehave when they are told to."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.trouble import TroubledNode


@pytest.fixture(scope="package")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TroubledNode]:
    """One node for all these tests: whatever a job does, the others' must go on."""
    routes = [
        {"name": "trouble", "when": {"StudyID": "trouble"}, "pipelines": ["trouble"]},
        {"name": "single", "when": {"StudyID": "single"}, "pipelines": ["single"]},
        {"name": "hasty", "when": {"StudyID": "hasty"}, "pipelines": ["hasty"]},
        {"name": "stat", "when": {"StudyID": "stat"}, "pipelines": ["single"], "priority": "stat"},
        {
            "name": "urgent",
            "when": {"StudyID": "urgent"},
            "pipelines": ["single"],
            "priority": "urgent",
        },
    ]
    node = TroubledNode(
        Path(tmp_path_factory.mktemp("worker")),
        assembly={"quiet_seconds": 0.2},
        workers={
            "count": 2,
            "lease_seconds": 3,
            "max_attempts": 3,
            "memory_mb": 600,
            "backoff_seconds": 0.2,
            "backoff_cap_seconds": 1,
        },
        node={"receivers": 1},
        http={"enabled": False},
        pipelines={"single": {"concurrency": 1}, "hasty": {"timeout_seconds": 1}},
        routes=routes,
    )
    with node:
        yield node
