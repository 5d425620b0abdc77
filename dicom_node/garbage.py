"""What pydicom and pynetdicom raise when a peer sends them garbage."""

from __future__ import annotations

import struct
import zlib

from pydicom.errors import BytesLengthException

UNDECODABLE = (
    struct.error,
    zlib.error,
    EOFError,
    OSError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    AssertionError,
    NotImplementedError,
    RecursionError,
    BytesLengthException,
)
"""To be caught around the decoding of bytes from the wire, and around nothing else.

The list was found by changing bytes at random; a test goes on doing so.
"""
