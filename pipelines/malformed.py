"""What reading a broken file raises, in one place; anything else is a bug of ours."""

from __future__ import annotations

import struct

from pydicom.errors import BytesLengthException, InvalidDicomError

MALFORMED = (
    ArithmeticError,
    AttributeError,
    BytesLengthException,
    EOFError,
    InvalidDicomError,
    LookupError,
    NotImplementedError,
    RuntimeError,
    TypeError,
    ValueError,
    struct.error,
)
"""What pydicom and its decoders raise on bytes that are not what they claim to be."""


def is_panic(error: BaseException) -> bool:
    """Whether a decoder written in Rust gave up: its panics are no `Exception` of Python's."""
    return type(error).__module__ == "pyo3_runtime"
