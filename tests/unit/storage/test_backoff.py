"""How long is waited before the next try."""

from __future__ import annotations

import pytest

from storage.backoff import delay


@pytest.mark.parametrize(("attempts", "whole"), [(1, 2), (2, 4), (5, 32), (9, 300), (500, 300)])
def test_a_wait_doubles_up_to_the_cap(attempts: int, whole: float) -> None:
    """The upper half of it is left to chance, and no number of tries overflows."""
    waits = [delay(attempts, 2, 300) for _ in range(200)]
    assert whole / 2 <= min(waits) <= max(waits) <= whole


def test_waits_are_spread() -> None:
    """What failed together does not come back together."""
    assert len({delay(3, 2, 300) for _ in range(20)}) > 10
