"""Other people's validators, without which these tests say nothing."""

from __future__ import annotations

import shutil

import pytest

from tests.peers.validators import PIXELMED


@pytest.fixture(scope="session", autouse=True)
def _validators() -> None:
    missing = [name for name in ("dciodvfy", "dsrdump", "java") if shutil.which(name) is None]
    missing += [] if PIXELMED.exists() else [str(PIXELMED)]
    if missing:
        pytest.fail(f"these validators are missing, see tests/peers/install: {', '.join(missing)}")
