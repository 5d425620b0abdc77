"""DICOM is known by what is in a file."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom import Dataset
from pydicom.dataset import FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import (
    UID,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEGBaseline8Bit,
    SecondaryCaptureImageStorage,
)

from dicom_node.cli.files import Damaged, Found, identify
from dicom_node.sending import MOST_KINDS, contexts, groups, meaning


def part10(syntax: str = ExplicitVRLittleEndian) -> bytes:
    """A small DICOM file in a transfer syntax."""
    ds = Dataset()
    ds.SOPClassUID = SecondaryCaptureImageStorage
    ds.SOPInstanceUID = "2.25.77"
    ds.StudyInstanceUID = "2.25.78"
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = UID(syntax)
    ds.file_meta.MediaStorageSOPClassUID = SecondaryCaptureImageStorage
    ds.file_meta.MediaStorageSOPInstanceUID = UID("2.25.77")
    if syntax == JPEGBaseline8Bit:
        ds.PixelData = encapsulate([b"\xff\xd8\xff\xd9"])
        ds["PixelData"].VR = "OB"
    written = BytesIO()
    ds.save_as(written, enforce_file_format=True)
    return written.getvalue()


def without_meta(content: bytes) -> bytes:
    """The data set alone."""
    return content[144 + int.from_bytes(content[140:144], "little") :]


NATIVE = [ExplicitVRLittleEndian, ImplicitVRLittleEndian, ExplicitVRBigEndian]


@pytest.mark.parametrize("syntax", [*NATIVE, JPEGBaseline8Bit])
def test_a_file_with_preamble(syntax: str) -> None:
    """Its meta information says what it is."""
    found = identify(BytesIO(part10(syntax)))
    assert found is not None
    assert found["TransferSyntaxUID"] == syntax
    assert found["SOPInstanceUID"] == "2.25.77"
    assert found["has_preamble"]


def test_a_file_whose_preamble_is_missing() -> None:
    """Meta information without a preamble counts."""
    found = identify(BytesIO(part10()[132:]))
    assert found is not None
    assert found["has_meta"]
    assert not found["has_preamble"]


@pytest.mark.parametrize("syntax", NATIVE)
def test_a_bare_data_set(syntax: str) -> None:
    """Its encoding is told by its bytes."""
    found = identify(BytesIO(without_meta(part10(syntax))))
    assert found is not None
    assert found["TransferSyntaxUID"] == syntax
    assert not found["has_meta"]


def test_a_compressed_bare_data_set_cannot_be_sent() -> None:
    """Nothing says how its pixels are compressed, so nothing is guessed."""
    with pytest.raises(Damaged, match="compressed"):
        identify(BytesIO(without_meta(part10(JPEGBaseline8Bit))))


@pytest.mark.parametrize("content", [b"", b"\x08\x00", b"%PDF-1.7" * 50, b"\x89PNG\r\n" * 50])
def test_other_files_are_none(content: bytes) -> None:
    """They are skipped, not failed."""
    assert identify(BytesIO(content)) is None


@pytest.mark.parametrize("cut", [133, 150, 200])
def test_a_file_that_ends_in_its_meta_information_is_damaged(cut: int) -> None:
    """A DICOM file cut in its meta information is no other kind of file."""
    with pytest.raises(Damaged):
        identify(BytesIO(part10()[:cut]))


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300), st.sampled_from([b"", b"\x08\x00\x05\x00", b"\0" * 128 + b"DICM"]))
def test_any_bytes_are_survived(content: bytes, before: bytes) -> None:
    """Whatever a file holds, it is identified, skipped or called damaged."""
    try:
        found = identify(BytesIO(before + content))
    except Damaged:
        return
    assert found is None or found["SOPClassUID"]


def some(number: int) -> list[Found]:
    """Files of as many kinds."""
    return [
        Found(
            name=str(index),
            path=Path(str(index)),
            member=None,
            SOPClassUID=f"1.2.{index}",
            SOPInstanceUID=f"1.3.{index}",
            TransferSyntaxUID=ExplicitVRLittleEndian,
            size=1,
            has_preamble=True,
            has_meta=True,
        )
        for index in range(number)
    ]


def test_an_association_offers_at_most_128_contexts() -> None:
    """Files of many kinds go in groups, none is left out, each is offered as it is."""
    files = some(300)
    parts = list(groups(files * 2))
    assert sum(map(len, parts)) == 600
    assert all(len(contexts(part)) <= 128 for part in parts)
    assert len(parts) == -(-300 // MOST_KINDS)
    assert {c.abstract_syntax for part in parts for c in contexts(part)} > {"1.2.0", "1.2.299"}


@pytest.mark.parametrize(
    ("status", "told"),
    [(0x0000, "Success"), (0xA700, "Failure, Refused: Out of Resources"), (0xC123, "Failure")],
)
def test_a_status_has_a_meaning(status: int, told: str) -> None:
    """Known statuses are named, ranges at least say success, warning or failure."""
    assert meaning(status).startswith(told)
