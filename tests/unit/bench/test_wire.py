"""The bytes the load generator sends, read back by pynetdicom and pydicom."""

from __future__ import annotations

import struct
from io import BytesIO
from pathlib import Path

import pytest
from pydicom import dcmread
from pynetdicom.dimse_messages import C_STORE_RQ
from pynetdicom.dsutils import decode
from pynetdicom.pdu import A_ASSOCIATE_RQ, P_DATA_TF

from bench.load import study_uid, uid
from bench.sending import template
from bench.wire import MOST_PDU, Refused, associate_rq, encode, read_acceptance, response_status

CT = "1.2.840.10008.5.1.4.1.1.2"
EXPLICIT = "1.2.840.10008.1.2.1"


def pdus(stream: bytes) -> list[P_DATA_TF]:
    """A stream of P-DATA-TF PDUs as pynetdicom reads them."""
    found, at = [], 0
    while at < len(stream):
        (length,) = struct.unpack_from(">I", stream, at + 2)
        pdu = P_DATA_TF()
        pdu.decode(stream[at : at + 6 + length])
        found.append(pdu)
        at += 6 + length
    return found


def message(stream: bytes) -> C_STORE_RQ:
    """The one message of a stream."""
    found = C_STORE_RQ()
    ended = [found.decode_msg(pdu.to_primitive()) for pdu in pdus(stream)]
    assert ended == [*(False for _ in ended[:-1]), True]
    return found


def test_a_request_for_an_association_is_one() -> None:
    """pynetdicom reads the titles, the one context and the largest PDU."""
    pdu = A_ASSOCIATE_RQ()
    pdu.decode(associate_rq(CT, EXPLICIT, "NODE"))
    (context,) = pdu.presentation_context
    assert (pdu.called_ae_title, pdu.calling_ae_title) == ("NODE", "BENCH")
    assert (context.abstract_syntax, context.transfer_syntax) == (CT, [EXPLICIT])
    assert pdu.user_information is not None
    assert pdu.user_information.maximum_length == MOST_PDU


@pytest.mark.parametrize("most", [4096, 16384, MOST_PDU])
def test_an_instance_keeps_to_the_peers_pdu_and_has_its_own_uids(tmp_path: Path, most: int) -> None:
    """However it is cut up, the message holds the data set with the patched values."""
    made = template("CT", tmp_path)
    original = Path(made.path).read_bytes()
    names = (made.SOPInstanceUID, made.SeriesInstanceUID, made.StudyInstanceUID)
    needles = (*(name.encode() for name in names), made.number.encode())
    values = (uid(7, 1, 12), uid(7, 1, 2), uid(7, 1, 1), needles[3][:-6] + b"000042")
    stream = b"".join(encode(made.SOPClassUID, original, needles, 0, most).of(values))

    assert max(pdu.pdu_length for pdu in pdus(stream)) <= most
    found = message(stream)
    assert found.command_set.AffectedSOPInstanceUID == values[0].decode()
    assert found.data_set is not None
    data = found.data_set.getvalue()
    ds = decode(BytesIO(data), False, True)
    assert (ds.SOPInstanceUID, ds.StudyInstanceUID) == (values[0].decode(), study_uid(7, 1))
    assert (ds.SeriesInstanceUID, ds.InstanceNumber) == (values[1].decode(), 42)
    assert len(data) == len(original)
    assert data[-1000:] == original[-1000:]


def test_uids_are_valid_of_one_width_and_each_its_own() -> None:
    """Every combination has a UID of 44 characters that no other has."""
    made = {
        uid(token, association, number)
        for token in (0, 1, 2**64 - 1)
        for association in (0, 7)
        for number in (1, 2, 10, 1209)
    }
    assert len(made) == 24
    assert {len(one) for one in made} == {44}


def test_a_template_is_a_data_set_without_file_meta_information(tmp_path: Path) -> None:
    """What is written can be read as a bare data set with the named UIDs."""
    made = template("small", tmp_path)
    ds = dcmread(made.path, force=True)
    assert not ds.file_meta
    assert (ds.SOPInstanceUID, ds.StudyInstanceUID) == (made.SOPInstanceUID, made.StudyInstanceUID)


def test_an_acceptance_says_the_largest_pdu_and_a_refusal_raises() -> None:
    """An unlimited PDU length is answered with our own limit; result 3 is a refusal."""
    body = bytearray(associate_rq(CT, EXPLICIT, "NODE")[6:])
    at = 68 + 4 + len("1.2.840.10008.3.1.1.1")
    body[at] = 0x21
    assert read_acceptance(2, bytes(body)) == MOST_PDU
    body[at + 6] = 3
    with pytest.raises(Refused, match="result 3"):
        read_acceptance(2, bytes(body))
    with pytest.raises(Refused, match="type 3"):
        read_acceptance(3, bytes(4))


def test_a_status_is_read_from_a_response() -> None:
    """Success and 0xA700 are told apart; a response without a status raises."""

    def response(*elements: tuple[int, bytes]) -> bytes:
        told = b"".join(struct.pack("<HHI", 0, n, len(v)) + v for n, v in elements)
        return struct.pack(">IBB", len(told) + 2, 1, 3) + told

    assert response_status(response((0x0100, b"\1\x80"), (0x0900, b"\0\0"))) == 0
    assert response_status(response((0x0100, b"\1\x80"), (0x0900, b"\0\xa7"))) == 0xA700
    with pytest.raises(Refused):
        response_status(response((0x0100, b"\1\x80")))
