"""Reads who an instance says it is from the first bytes of its data set, without decoding it."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from io import BytesIO

from pydicom.filereader import read_dataset
from pydicom.uid import UID, DeflatedExplicitVRLittleEndian

PREFIX = 4096
"""Enough for group 0008 up to the instance UID in everything but oddities."""
LONG_PREFIX = 1 << 18

_DEFLATED = frozenset(
    (DeflatedExplicitVRLittleEndian, "1.2.840.10008.1.2.4.95", "1.2.840.10008.1.2.4.205")
)
_NOT_A_DATA_SET = frozenset(("1.2.840.10008.1.2.6.1", "1.2.840.10008.1.2.6.2"))
"""RFC 2557 MIME and XML encoding: what follows is not encoded by PS3.5."""
_IMPLICIT = frozenset(("1.2.840.10008.1.2", "1.2.840.10008.1.20"))
_BIG_ENDIAN = "1.2.840.10008.1.2.2"
_LONG_VRS = frozenset((b"OB", b"OW", b"OF", b"OD", b"OL", b"OV", b"SQ", b"UC", b"UN", b"UR"))
_UNDEFINED = 0xFFFFFFFF
_CLASS, _INSTANCE = 0x00080016, 0x00080018


class NotADataSet(Exception):
    """The bytes cannot be read in this transfer syntax."""


class _Odd(Exception):
    """Legal perhaps, but more than the quick look understands."""


@dataclass(frozen=True, slots=True)
class Identity:
    """What the data set says it is; empty where it does not say."""

    SOPClassUID: str
    SOPInstanceUID: str


class Encoding:
    """How to look into data sets of one transfer syntax."""

    def __init__(self, TransferSyntaxUID: str) -> None:
        self.is_known = TransferSyntaxUID not in _NOT_A_DATA_SET
        self._deflated = TransferSyntaxUID in _DEFLATED
        self._implicit = TransferSyntaxUID in _IMPLICIT
        self._little = TransferSyntaxUID != _BIG_ENDIAN
        order = "<" if self._little else ">"
        self._tag_and_long = struct.Struct(f"{order}HHI")
        self._explicit = struct.Struct(f"{order}HH2sH")
        self._long = struct.Struct(f"{order}I")

    def identity(self, prefix: bytes) -> Identity:
        """Who the instance is, by the first bytes of its data set, or raise `NotADataSet`."""
        data = self._inflate(prefix) if self._deflated else prefix
        try:
            return self._look(data)
        except _Odd:
            return self._read(data)

    def _inflate(self, prefix: bytes) -> bytes:
        try:
            return zlib.decompressobj(-zlib.MAX_WBITS).decompress(prefix, LONG_PREFIX)
        except zlib.error as error:
            raise NotADataSet from error

    def _look(self, data: bytes) -> Identity:
        found = {_CLASS: "", _INSTANCE: ""}
        at, end, last = 0, len(data), 0
        while at + 8 <= end:
            group, element, length, begin = self._element(data, at)
            tag = group << 16 | element
            if tag <= last or group < 8:
                raise NotADataSet
            if tag > _INSTANCE:
                break
            if length == _UNDEFINED or begin + length > end:
                raise _Odd
            if tag in found:
                found[tag] = data[begin : begin + length].decode("ascii", "replace").strip("\0 ")
            last, at = tag, begin + length
        return Identity(found[_CLASS], found[_INSTANCE])

    def _element(self, data: bytes, at: int) -> tuple[int, int, int, int]:
        if self._implicit:
            group, element, length = self._tag_and_long.unpack_from(data, at)
            return group, element, length, at + 8
        group, element, vr, length = self._explicit.unpack_from(data, at)
        if not vr.isalpha() or not vr.isupper():
            raise NotADataSet
        if vr in _LONG_VRS or vr in (b"UT", b"SV", b"UV"):
            if at + 12 > len(data):
                raise _Odd
            return group, element, self._long.unpack_from(data, at + 8)[0], at + 12
        return group, element, length, at + 8

    def _read(self, data: bytes) -> Identity:
        """The thorough way, for what the quick look does not understand."""
        try:
            ds = read_dataset(
                BytesIO(data),
                self._implicit,
                self._little,
                stop_when=lambda tag, _vr, _length: tag > _INSTANCE,
            )
            return Identity(str(ds.get("SOPClassUID", "")), str(ds.get("SOPInstanceUID", "")))
        except (struct.error, EOFError, OSError, ValueError, KeyError, TypeError) as error:
            raise NotADataSet from error


def is_uid(text: str) -> bool:
    """Whether a text is made as UIDs are; leading zeros are let pass, they are too common."""
    return 0 < len(text) <= 64 and not set(text) - set("0123456789.") and UID(text) != "."
