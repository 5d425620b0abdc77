"""What the node remembers, as frozen records: the words that the functions of storage speak."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """What became of an instance that arrived."""

    STORED = "stored"
    DUPLICATE = "duplicate"
    """The same bytes were here already: acknowledged, counted once."""
    REVISED = "revised"
    """Other bytes under a known UID: kept beside the first, and now the ones that count."""
    KEPT_FIRST = "kept-first"
    """Other bytes under a known UID: acknowledged and dropped, as configured."""
    REFUSED = "refused"
    """Other bytes under a known UID: refused, as configured."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Association:
    """A peer's association with us, as the receiver saw it."""

    id: str
    receiver: str
    """Which receiver process serves it."""
    calling_ae: str
    called_ae: str
    address: str
    opened_at: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Arrival:
    """An instance that the inbox holds, or held already, and what became of it."""

    key: str
    """The name of its file in the inbox."""
    SOPClassUID: str
    SOPInstanceUID: str
    TransferSyntaxUID: str
    size: int
    association: str
    calling_ae: str
    address: str
    received_at: float
    outcome: Outcome
