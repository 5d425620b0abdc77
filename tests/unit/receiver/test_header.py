"""Who an instance says it is, from the first bytes of its data set."""

from __future__ import annotations

import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom import Dataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_dataset
from pydicom.sequence import Sequence
from pydicom.uid import (
    UID,
    CTImageStorage,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
)

from dicom_node.receiver.header import PREFIX, Encoding, Identity, NotADataSet, is_uid

SYNTAXES = [
    ImplicitVRLittleEndian,
    ExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    DeflatedExplicitVRLittleEndian,
    JPEG2000Lossless,
]
EXPECTED = Identity(str(CTImageStorage), "1.2.3.4.5")


def data_set(**extra: object) -> Dataset:
    """A data set with what usually stands before its UIDs, and some after."""
    ds = Dataset()
    ds.SpecificCharacterSet = "ISO_IR 100"
    ds.ImageType = ["ORIGINAL", "PRIMARY"]
    ds.InstanceCreationDate = "20200101"
    ds.SOPClassUID = CTImageStorage
    ds.SOPInstanceUID = UID("1.2.3.4.5")
    ds.PatientName = "A"
    for keyword, value in extra.items():
        setattr(ds, keyword, value)
    return ds


def encode(ds: Dataset, syntax: UID) -> bytes:
    """The data set as it goes over the wire."""
    buffer = DicomBytesIO()
    buffer.is_implicit_VR = syntax.is_implicit_VR
    buffer.is_little_endian = syntax.is_little_endian
    write_dataset(buffer, ds)
    encoded = buffer.getvalue()
    if syntax.is_deflated:
        squeeze = zlib.compressobj(wbits=-zlib.MAX_WBITS)
        encoded = squeeze.compress(encoded) + squeeze.flush()
    return encoded


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_every_encoding(syntax: UID) -> None:
    """Class and instance are found in every kind of encoding."""
    assert Encoding(syntax).identity(encode(data_set(), syntax)[:PREFIX]) == EXPECTED


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_a_sequence_before_the_uids(syntax: UID) -> None:
    """A sequence of undefined length before the UIDs is read past."""
    item = Dataset()
    item.CodeValue = "en"
    ds = data_set(LanguageCodeSequence=Sequence([item]))
    ds["LanguageCodeSequence"].is_undefined_length = True
    assert Encoding(syntax).identity(encode(ds, syntax)) == EXPECTED


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_missing_uids_are_empty(syntax: UID) -> None:
    """What is not there is empty, not an error."""
    ds = Dataset()
    ds.InstanceCreationDate = "20200101"
    ds.PatientName = "A"
    assert Encoding(syntax).identity(encode(ds, syntax)) == Identity("", "")


@pytest.mark.parametrize(
    "data",
    [
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        bytes(128) + b"DICM" + bytes(100),
        b"\x02\x00\x10\x00UI\x12\x001.2.840.10008.1.2\0",
        b"\xff" * 200,
    ],
)
@pytest.mark.parametrize("syntax", SYNTAXES)
def test_what_is_no_data_set(data: bytes, syntax: UID) -> None:
    """Text, a whole file, or file meta information is not taken for a data set."""
    with pytest.raises(NotADataSet):
        Encoding(syntax).identity(data)


@pytest.mark.parametrize(
    ("sent", "agreed"),
    [
        (ImplicitVRLittleEndian, ExplicitVRLittleEndian),
        (ExplicitVRBigEndian, ExplicitVRLittleEndian),
        (ExplicitVRLittleEndian, ExplicitVRBigEndian),
        (ExplicitVRLittleEndian, DeflatedExplicitVRLittleEndian),
    ],
)
def test_another_encoding_than_agreed(sent: UID, agreed: UID) -> None:
    """A data set in another encoding than was agreed on is found out."""
    with pytest.raises(NotADataSet):
        Encoding(agreed).identity(encode(data_set(), sent))


@given(data=st.binary(max_size=300), syntax=st.sampled_from(SYNTAXES))
def test_garbage(data: bytes, syntax: UID) -> None:
    """Whatever comes, it is an identity or not a data set."""
    try:
        found = Encoding(syntax).identity(data)
    except NotADataSet:
        return
    assert isinstance(found, Identity)


@given(cut=st.integers(0, 120), syntax=st.sampled_from(SYNTAXES[:3]))
def test_cut_short(cut: int, syntax: UID) -> None:
    """A data set that ends in the middle gives what it gave so far, or is not one."""
    try:
        found = Encoding(syntax).identity(encode(data_set(), syntax)[:cut])
    except NotADataSet:
        return
    assert found.SOPInstanceUID in ("", EXPECTED.SOPInstanceUID)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1.2.840.10008", True),
        ("1.2.00840.3", True),
        ("9", True),
        ("", False),
        ("../../x", False),
        ("1.2.3 4", False),
        ("1" * 65, False),
        ("1.2.\u0663", False),
        ("...", False),
    ],
)
def test_what_is_a_uid(text: str, expected: bool) -> None:
    """Digits and dots, at most 64; components with leading zeros are let pass."""
    assert is_uid(text) is expected
