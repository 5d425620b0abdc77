"""The same work in two processes, to see whether they agree."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any


def agreed(said: Callable[[Any, str, int], dict[str, Any]], picture: Any, folder: Path) -> Any:
    """What two workers say of a picture, one with one thread and one with two: the same."""
    folders = [folder / "one", folder / "two"]
    for own in folders:
        own.mkdir()
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as pool:
        one, two = pool.map(said, [picture] * 2, map(str, folders), [1, 2])
    assert one == two
    return one
