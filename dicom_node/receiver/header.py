"""Reads who an instance says it is from the first bytes of its data set, without decoding it."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from io import BytesIO

from pydicom import Dataset
from pydicom.filereader import read_dataset
from pydicom.uid import DeflatedExplicitVRLittleEndian

from dicom_node.garbage import UNDECODABLE

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
_FIRST_GROUP = 0x0008
"""Every instance begins with it: the UIDs are there and mandatory."""


class NotADataSet(Exception):
    """The bytes cannot be read in this transfer syntax."""


class CutShort(NotADataSet):
    """The bytes end before the UIDs do; more of them may help."""


class _Odd(Exception):
    """Legal, but more than the quick look understands."""


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
        at, end = 0, len(data)
        while at + 8 <= end:
            group, element, length, begin = self._element(data, at)
            tag = group << 16 | element
            if group < _FIRST_GROUP or (not at and group > _FIRST_GROUP):
                raise NotADataSet
            if tag > _INSTANCE:
                return Identity(found[_CLASS], found[_INSTANCE])
            if length == _UNDEFINED:
                raise _Odd
            if begin + length > end:
                raise CutShort
            if tag in found:
                found[tag] = data[begin : begin + length].decode("ascii", "replace").strip("\0 ")
            at = begin + length
        if not all(found.values()):
            raise CutShort
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
                raise CutShort
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
        except UNDECODABLE as error:
            raise NotADataSet from error
        found = Identity(_text(ds, _CLASS), _text(ds, _INSTANCE))
        if not (found.SOPClassUID and found.SOPInstanceUID):
            raise CutShort
        return found


def _text(ds: Dataset, tag: int) -> str:
    """A UID as it was read: pydicom would warn of a bad one, we compare it."""
    value = ds.get_item(tag).value if tag in ds else b""
    return value.decode("ascii", "replace").strip("\0 ") if isinstance(value, bytes) else ""


def is_uid(text: str) -> bool:
    """Whether a text is made as UIDs are; leading zeros are let pass, they are too common."""
    return bool(text.strip(".")) and len(text) <= 64 and not set(text) - set("0123456789.")
