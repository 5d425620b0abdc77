"""What a peer's answer to our C-STORE means for the object (PS3.4 Table B.2-1, PS3.7 Annex C)."""

from __future__ import annotations

from enum import Enum


class Fate(Enum):
    """What happens next to an object that was sent."""

    DONE = "done"
    """The peer has it; a warning is kept with the delivery."""
    LATER = "later"
    """The peer is short of something now: tried again for as long as it takes."""
    REFUSED = "refused"
    """The peer finds fault with the object: tried a few times, then given up."""


def fate_of(status: int) -> Fate:
    """The family of a C-STORE response status.

    Success (0000) and the warnings B000, B006, B007, 0001, 0107 and 0116: the peer has it.
    A7xx (out of resources), 0110 (processing failure), 0213 (resource limitation) and 0124 (not
    authorized, which its administrator can mend) pass. Everything else is about the object.
    """
    if status in (0x0000, 0x0001, 0x0107, 0x0116) or 0xB000 <= status <= 0xBFFF:
        return Fate.DONE
    if 0xA700 <= status <= 0xA7FF or status in (0x0110, 0x0124, 0x0213):
        return Fate.LATER
    return Fate.REFUSED
