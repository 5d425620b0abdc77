"""Numbers as people read them."""

from __future__ import annotations

from decimal import ROUND_DOWN, Decimal


def percent(probability: float) -> str:
    """Cut, not rounded, to a tenth: what is below a threshold never reads as if it had met it."""
    exact = 100 * Decimal(repr(float(probability)))
    cut = exact.quantize(Decimal("0.1"), ROUND_DOWN)
    return "<0.1 %" if exact > 0 and not cut else f"{cut.normalize():f} %"
