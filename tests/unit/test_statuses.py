"""The table of statuses: what we answer, and what we make of answers."""

from __future__ import annotations

import pytest

from dicom_node import statuses
from dicom_node.fates import Fate, fate_of
from dicom_node.statuses import Abort, Rejection, Status

TABLE = {name: value for name, value in vars(statuses).items() if isinstance(value, Status)}


@pytest.mark.parametrize("name", TABLE)
def test_every_status_fits_its_message(name: str) -> None:
    """A comment is ASCII of at most 64 characters (VR LO), and a reference names the standard."""
    status = TABLE[name]
    assert len(status.comment.encode("ascii")) <= 64
    assert status.reference.startswith(("PS3.4", "PS3.7"))
    assert bool(status.comment) == (status.code != 0)


SECTIONS = {
    0x0000: "C.1.1",
    0x0110: "C.5.21",
    0x0111: "C.5.8",
    0x0112: "C.5.19",
    0x0113: "C.5.18",
    0x0115: "C.5.10",
    0x0117: "C.5.12",
    0x0119: "C.5.7",
    0x0122: "C.5.6",
    0x0123: "C.5.24",
    0x0124: "C.5.25",
    0x0211: "C.5.23",
    0x0212: "C.5.15",
    0x0213: "C.5.22",
}
"""Where PS3.7 Annex C defines each general status."""


@pytest.mark.parametrize("name", TABLE)
def test_sections_of_the_standard(name: str) -> None:
    """A general status cites its section of PS3.7 Annex C, one of a service that service's part."""
    status = TABLE[name]
    if status.code in SECTIONS:
        assert status.reference.split(":")[0] == f"PS3.7 {SECTIONS[status.code]}"
    else:
        assert status.reference.startswith("PS3.4 B.2.3")


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("SUCCESS", 0x0000),
        ("OUT_OF_RESOURCES", 0xA700),
        ("WRONG_CLASS", 0xA900),
        ("WRONG_INSTANCE", 0xA900),
        ("UNREADABLE", 0xC000),
        ("CLASS_NOT_SUPPORTED", 0x0122),
        ("NOT_AUTHORIZED", 0x0124),
        ("UNRECOGNIZED_OPERATION", 0x0211),
    ],
)
def test_codes(name: str, code: int) -> None:
    """The codes are those of PS3.4 Table B.2-1 and PS3.7 Annex C."""
    assert TABLE[name].code == code


def test_codes_agree_with_pynetdicom() -> None:
    """Every code means to pynetdicom's tables what it means here: a success or a failure."""
    from pynetdicom.status import code_to_category

    for status in TABLE.values():
        assert (code_to_category(status.code) == "Success") == (status.code == 0)


def test_rejections_are_those_of_the_standard() -> None:
    """pynetdicom names every reason we reject with (PS3.8 Table 9-21)."""
    from pynetdicom.pdu import A_ASSOCIATE_RJ

    for rejection in Rejection:
        pdu = A_ASSOCIATE_RJ()
        pdu.result, pdu.source, pdu.reason_diagnostic = rejection.value
        assert pdu.result_str.startswith("Rejected")
        assert "Reserved" not in pdu.reason_str


def test_aborts_are_those_of_the_standard() -> None:
    """pynetdicom names every reason we abort with (PS3.8 Table 9-26)."""
    from pynetdicom.pdu import A_ABORT_RQ

    for abort in Abort:
        pdu = A_ABORT_RQ()
        pdu.source, pdu.reason_diagnostic = abort.value
        assert "Reserved" not in pdu.source_str


@pytest.mark.parametrize(
    ("status", "fate"),
    [
        (0x0000, Fate.DONE),
        (0xB000, Fate.DONE),
        (0xB007, Fate.DONE),
        (0x0107, Fate.DONE),
        (0xA700, Fate.LATER),
        (0xA7FF, Fate.LATER),
        (0x0110, Fate.LATER),
        (0x0213, Fate.LATER),
        (0xA900, Fate.REFUSED),
        (0xC000, Fate.REFUSED),
        (0x0122, Fate.REFUSED),
        (0x0124, Fate.LATER),
        (0x0211, Fate.REFUSED),
    ],
)
def test_what_becomes_of_an_object(status: int, fate: Fate) -> None:
    """Success and warnings are done, a lack of resources passes, the rest is a refusal."""
    assert fate_of(status) is fate
