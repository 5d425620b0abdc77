"""How long a model takes for a picture."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True)
class Timing:
    """What was measured, in seconds."""

    pictures: int
    per_second: float
    median: float
    p95: float
    threads: int

    def to_dict(self) -> dict[str, Any]:
        """The timing as JSON carries it."""
        return asdict(self)


def synthetic(rows: int = 640, columns: int = 512) -> NDArray[np.uint8]:
    """Something like a limb on a plate: bright along the middle, with grain."""
    rng = np.random.default_rng(0)
    across = np.linspace(-1, 1, columns)
    limb = 40 + 150 * np.exp(-((across / 0.25) ** 2)) + 40 * np.exp(-((across / 0.6) ** 4))
    grain = rng.normal(0, 6, (rows, columns))
    return np.asarray((limb[None] + grain).clip(0, 255), np.uint8)


def timed(look: Callable[[NDArray[np.uint8]], object], pictures: int, threads: int) -> Timing:
    """Look at one picture again and again, one after the other, after two to warm up."""
    picture = synthetic()
    for _ in range(2):
        look(picture)
    spent = np.empty(pictures)
    for number in range(pictures):
        began = time.perf_counter()
        look(picture)
        spent[number] = time.perf_counter() - began
    return Timing(
        pictures=pictures,
        per_second=float(pictures / spent.sum()),
        median=float(np.median(spent)),
        p95=float(np.quantile(spent, 0.95)),
        threads=threads,
    )
