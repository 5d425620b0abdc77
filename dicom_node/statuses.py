"""Every status we answer with, in one table, and what the standard says about each.

`PS3.4 B.2.3` is Table B.2-1 (C-STORE response status values), `PS3.4 J.3` the Storage Commitment
Push Model, `PS3.7 C` the general status values of Annex C, `PS3.8 9.3` the PDUs.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


@dataclass(frozen=True, kw_only=True)
class Status:
    """A DIMSE status: the code, what it means to the peer, and where that is written."""

    code: int
    comment: str
    """Error Comment (0000,0902): at most 64 characters, no patient data."""
    reference: str


SUCCESS = Status(code=0x0000, comment="", reference="PS3.7 C.1.1")
OUT_OF_RESOURCES = Status(
    code=0xA700,
    comment="Storage is full or failing; send it again later",
    reference="PS3.4 B.2.3: Refused: Out of Resources (A7xx)",
)
WRONG_CLASS = Status(
    code=0xA900,
    comment="SOP Class UID of data set and command differ",
    reference="PS3.4 B.2.3: Error: Data Set Does Not Match SOP Class (A9xx)",
)
WRONG_INSTANCE = Status(
    code=0xA900,
    comment="SOP Instance UID of data set and command differ",
    reference="PS3.4 B.2.3: Error: Data Set Does Not Match SOP Class (A9xx)",
)
UNREADABLE = Status(
    code=0xC000,
    comment="The data set cannot be read in its transfer syntax",
    reference="PS3.4 B.2.3: Error: Cannot Understand (Cxxx)",
)
PROCESSING_FAILURE = Status(
    code=0x0110,
    comment="The request could not be processed",
    reference="PS3.7 C.5.21: Processing Failure",
)
DUPLICATE_INSTANCE = Status(
    code=0x0111,
    comment="Another data set with this SOP Instance UID is stored",
    reference="PS3.7 C.5.8: Duplicate SOP Instance",
)
NO_SUCH_INSTANCE = Status(
    code=0x0112,
    comment="There is no such SOP instance here",
    reference="PS3.7 C.5.19: No Such SOP Instance; PS3.3 C.14.1.1 Failure Reason",
)
NO_SUCH_EVENT = Status(
    code=0x0113,
    comment="Storage Commitment has event types 1 and 2 only",
    reference="PS3.7 C.5.18: No Such Event Type",
)
INVALID_ARGUMENT = Status(
    code=0x0115,
    comment="The data set lacks what the request needs",
    reference="PS3.7 C.5.10: Invalid Argument Value",
)
UNKNOWN_TRANSACTION = Status(
    code=0x0115,
    comment="We have asked nothing under this Transaction UID",
    reference="PS3.7 C.5.10: Invalid Argument Value",
)
INVALID_INSTANCE = Status(
    code=0x0117,
    comment="The SOP Instance UID is not a UID",
    reference="PS3.7 C.5.12: Invalid SOP Instance",
)
CLASS_CONFLICT = Status(
    code=0x0119,
    comment="The SOP instance has another SOP class",
    reference="PS3.7 C.5.7: Class-Instance Conflict; PS3.3 C.14.1.1 Failure Reason",
)
CLASS_NOT_SUPPORTED = Status(
    code=0x0122,
    comment="SOP Class differs from the presentation context's",
    reference="PS3.7 C.5.6: Refused: SOP Class Not Supported",
)
NO_SUCH_ACTION = Status(
    code=0x0123,
    comment="Storage Commitment has action type 1 only",
    reference="PS3.7 C.5.24: No Such Action",
)
NOT_AUTHORIZED = Status(
    code=0x0124,
    comment="This is taken from configured peers only",
    reference="PS3.7 C.5.25: Refused: Not Authorized",
)
UNRECOGNIZED_OPERATION = Status(
    code=0x0211,
    comment="This operation is not offered here",
    reference="PS3.7 C.5.23: Unrecognized Operation",
)
MISTYPED_ARGUMENT = Status(
    code=0x0212,
    comment="The command set lacks a mandatory element",
    reference="PS3.7 C.5.15: Mistyped Argument",
)
RESOURCE_LIMITATION = Status(
    code=0x0213,
    comment="The request is larger than we take",
    reference="PS3.7 C.5.22: Resource Limitation",
)


class Rejection(Enum):
    """Why an association was rejected: result, source and reason of PS3.8 Table 9-21."""

    CALLED_AE = (1, 1, 7)
    """Called AE title not recognised."""
    CALLING_AE = (1, 1, 3)
    """Calling AE title not recognised, or not from its address."""
    APPLICATION_CONTEXT = (1, 1, 2)
    """Application context name not supported."""
    PROTOCOL_VERSION = (1, 2, 2)
    """Protocol version not supported."""
    LOCAL_LIMIT = (2, 3, 2)
    """Too many associations; to be tried again."""


class Abort(Enum):
    """Why we aborted an association: source and reason of PS3.8 Table 9-26."""

    BY_USER = (0, 0)
    """We had to, and the protocol is not to blame: a time-out or the end of a drain."""
    UNRECOGNIZED_PDU = (2, 1)
    UNEXPECTED_PDU = (2, 2)
    INVALID_PARAMETER = (2, 6)
    """A PDU or command whose content contradicts itself or what was negotiated."""
