"""Receivers for the tests beside this file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.receiver.running import Running

Start = Callable[..., Running]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts receivers with changed settings, by section, and stops them after the test."""
    started: list[Running] = []

    def begin(**changes: dict[str, Any]) -> Running:
        started.append(Running(tmp_path / str(len(started)), changes))
        return started[-1]

    yield begin
    for running in started:
        running.stop()


@pytest.fixture
def node(start: Start) -> Running:
    """A receiver with the default settings."""
    return start()
