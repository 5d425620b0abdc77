"""How long to wait before the next try."""

from __future__ import annotations

import random


def delay(attempts: int, first: float, cap: float) -> float:
    """The wait after so many tries: doubling up to a cap, the upper half of it left to chance.

    The jitter keeps what failed together from coming back together.
    """
    whole = min(cap, first * 2.0 ** min(attempts - 1, 30))
    return whole * random.uniform(0.5, 1.0)  # noqa: S311 - spreads load, guards nothing
