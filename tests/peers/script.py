"""What a misbehaving PACS is told to do, and what it remembers of having done it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian

UNCOMPRESSED = (ImplicitVRLittleEndian, ExplicitVRLittleEndian)
COMPRESSED_TOO = (
    *UNCOMPRESSED,
    "1.2.840.10008.1.2.4.50",
    "1.2.840.10008.1.2.4.70",
    "1.2.840.10008.1.2.4.80",
    "1.2.840.10008.1.2.4.90",
    "1.2.840.10008.1.2.4.91",
    "1.2.840.10008.1.2.5",
)

Commitment = Literal["confirm", "refuse", "fail", "silent"]


@dataclass(frozen=True, kw_only=True)
class Step:
    """How one C-STORE request is answered."""

    status: int = 0x0000
    abort: bool = False
    """Abort the association instead of answering; the instance is not kept."""
    lose_answer: bool = False
    """Keep the instance, and then abort instead of answering."""
    stall_seconds: float = 0.0
    """Answer only after so long."""


ACCEPT = Step()
OUT_OF_RESOURCES = Step(status=0xA700)
COERCED = Step(status=0xB000)  # a warning: PS3.4 section B.2.3
ABORT = Step(abort=True)
LOSE_ANSWER = Step(lose_answer=True)


def stall(seconds: float) -> Step:
    """Answer with success, but only after so long."""
    return Step(stall_seconds=seconds)


@dataclass(frozen=True, kw_only=True)
class Script:
    """What the PACS does: the steps one after the other, then `then` for ever."""

    steps: Sequence[Step] = ()
    then: Step = ACCEPT
    by_instance: dict[str, Step] = field(default_factory=dict)
    """Steps for particular SOP Instance UIDs, whatever the turn."""
    commitment: Commitment = "confirm"
    commitment_seconds: float = 0.0
    """How long after the request the N-EVENT-REPORT comes."""
    transfer_syntaxes: Sequence[str] = COMPRESSED_TOO
    """`UNCOMPRESSED` refuses everything compressed."""
    refuse_classes: Sequence[str] = ()
    """SOP classes of which no presentation context is accepted."""
    refuse_associations: int = 0
    """So many associations are rejected before the first is accepted."""


@dataclass(frozen=True, kw_only=True)
class Stored:
    """An instance that the PACS was sent, and what it answered."""

    SOPClassUID: str
    SOPInstanceUID: str
    TransferSyntaxUID: str
    calling_ae: str
    association: int
    status: int | None
    """None where the association was aborted instead of an answer."""
    kept: bool


def abort_after(instances: int) -> Script:
    """Accept so many instances, abort at the next, and behave from then on."""
    return Script(steps=[*[ACCEPT] * instances, ABORT])


def busy(times: int) -> Script:
    """Answer 0xA700 so many times and then 0x0000."""
    return Script(steps=[OUT_OF_RESOURCES] * times)
