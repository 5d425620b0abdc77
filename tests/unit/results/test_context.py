"""What the objects of one run have in common: UIDs, numbers, names, clock, patient."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from io import BytesIO
from itertools import product
from typing import Any

import pytest
from pydicom import Dataset, dcmread
from pydicom.datadict import dictionary_VR
from pydicom.dataelem import RawDataElement
from pydicom.tag import Tag

from bench.phantoms import ct_head
from pipelines.contract import Algorithm, Findings, Rejected
from results.context import KINDS, Context, Making
from results.finishing import finished
from results.identity import Device, is_ours
from results.source import PATIENT_AND_STUDY, Source

CONTEXT = Context(
    pipeline="fracture",
    version="1.0.0",
    revision=1,
    content_datetime=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
)
ALGORITHM = Algorithm(name="Fracture", version="1.0.0")


def making(datasets: list[Dataset], algorithm: Algorithm = ALGORITHM, **context: Any) -> Making:
    """A run that found nothing."""
    return Making(
        source=Source.of_datasets(datasets),
        findings=Findings(algorithm=algorithm, summary="", sources=()),
        context=replace(CONTEXT, **context),
    )


def study(**values: Any) -> list[Dataset]:
    """Two slices with these attributes."""
    made = ct_head(size=16, slices=2)
    for ds in made:
        for keyword, value in values.items():
            setattr(ds, keyword, value)
    return made


def read(keyword: str, raw: bytes, character_set: str | list[str] | None = None) -> Dataset:
    """A slice as read from a file in which an element has these bytes, right or wrong."""
    ds = ct_head(size=16, slices=1)[0]
    if character_set:
        ds.SpecificCharacterSet = character_set
    tag = Tag(keyword)
    ds._dict[tag] = RawDataElement(tag, dictionary_VR(tag), len(raw), raw, 0, False, True, True)
    ds.set_original_encoding(False, True, ds._character_set)
    buffer = BytesIO()
    ds.save_as(buffer, enforce_file_format=True)
    return dcmread(BytesIO(buffer.getvalue()))


def file_of(ds: Dataset) -> bytes:
    """The bytes that are sent."""
    buffer = BytesIO()
    ds.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def an_object() -> Dataset:
    """Something a builder made, with more in it of the patient than is known."""
    ds = Dataset()
    ds.SOPClassUID = "1.2.840.10008.5.1.4.1.1.88.33"
    ds.PatientWeight, ds.PatientName, ds.ContentDate = 80, "Wrong", "19000101"
    return ds


def test_every_object_has_a_uid_of_its_own() -> None:
    """Kinds, numbers and revisions differ, and a series does not; nothing depends on the time."""
    first, again, later = (
        making(study(), revision=n, content_datetime=datetime(2026 + y, 1, 1, tzinfo=UTC))
        for n, y in ((1, 0), (1, 5), (2, 0))
    )
    uids = [m.uid(k, n) for m in (first, later) for k, n in product(KINDS, (1, 2, 3))]
    uids += [first.series_uid(kind) for kind in KINDS]
    uids += [first.tracking_uid("nodule-1"), first.tracking_uid("nodule-2")]
    assert len(set(uids)) == len(uids)
    assert again.uid("seg") == first.uid("seg")
    assert later.series_uid("seg") == first.series_uid("seg")
    assert later.tracking_uid("nodule-1") == first.tracking_uid("nodule-1")


def test_a_name_is_followed_over_versions() -> None:
    """A newer version of a pipeline follows the same nodule, but sends other objects."""
    old, new = making(study()), making(study(), version="2.0.0")
    assert new.tracking_uid("nodule-1") == old.tracking_uid("nodule-1")
    assert new.uid("sr") != old.uid("sr")
    assert new.series_uid("sr") != old.series_uid("sr")


def test_instances_of_later_revisions_come_after() -> None:
    """And no two objects of a series have one number."""
    numbers = [making(study(), revision=r).instance_number(n) for n in (1, 2, 3) for r in (1, 2, 9)]
    assert len(set(numbers)) == len(numbers)
    assert numbers[0] < numbers[1] < numbers[2]
    assert making(study(), revision=0).instance_number() == 1


@pytest.mark.parametrize("number", [1, 3, 99_999])
def test_series_sort_beside_their_source(number: int) -> None:
    """Series 3 gives numbers from 3010 to 3999, in the order of the kinds."""
    numbers = [making(study(SeriesNumber=number)).series_number(kind) for kind in KINDS]
    assert numbers == sorted(set(numbers))
    assert {n // 1000 for n in numbers} == {number}
    assert max(numbers) < 2**31


@pytest.mark.parametrize("number", [None, "", 0, -5, 100_000, 2**31 - 1])
def test_odd_series_numbers_give_others_in_range(number: Any) -> None:
    """A source without a number, or with one that leaves no room, has series from 90010."""
    made = making(study(SeriesNumber=number)).series_number("sr")
    assert 90_010 <= made <= 90_999


def test_taken_series_numbers_are_gone_around() -> None:
    """A kind never gets the number of a series that is there, nor of another kind."""
    datasets = study(SeriesNumber=2)
    free = making(datasets).series_number("seg")
    datasets[1].SeriesNumber = free
    numbers = [making(datasets).series_number(kind) for kind in KINDS]
    assert free not in numbers
    assert len(set(numbers)) == len(KINDS)


def test_numbers_follow_the_series_with_findings() -> None:
    """Whatever the order of the series; an object of one series follows that one."""
    datasets = study(SeriesNumber=3)
    other = study(SeriesNumber=7)
    for ds in other:
        ds.SeriesInstanceUID, ds.SOPInstanceUID = "2.25.77", f"{ds.SOPInstanceUID}7"
    for order in (datasets + other, other + datasets):
        made = making(order)
        assert made.series_number("sr") // 1000 == 3
        assert made.series_number("overlay", "2.25.77") // 1000 == 7
        assert made.series_uid("overlay", "2.25.77") != made.series_uid("overlay")


def test_numbers_of_series_that_were_not_looked_at_are_gone_around() -> None:
    """A study has more series than a route chooses."""
    one = making(study(SeriesNumber=2))
    taken = one.series_number("seg")
    other = replace(one, context=replace(one.context, series_numbers=frozenset({taken})))
    assert other.series_number("seg") != taken


@pytest.mark.parametrize("raw", [b"1.0 ", b"abc ", b"1\\2 "])
@pytest.mark.filterwarnings("ignore:Invalid value for VR IS")
def test_a_series_number_that_is_none_counts_as_missing(raw: bytes) -> None:
    """What a broken scanner wrote does not stop a result."""
    assert 0 < making([read("SeriesNumber", raw)]).series_number("sr") < 100_000


def test_a_description_fits_where_it_goes() -> None:
    """64 characters of the source's character set that say what it is and is not."""
    short = making(study()).series_description("report")
    assert short == "Fracture report: AI, not for diagnosis"
    long = Algorithm(name="骨" * 99, version="1")
    made = making(study(), long).series_description("report")
    assert len(made) <= 64
    assert made.isascii()
    assert made.endswith("report: AI, not for diagnosis")


@pytest.mark.parametrize(
    ("offset", "clock"),
    [
        (None, (3, 4)),
        ("", (3, 4)),
        ("+0900", (12, 4)),
        ("-0330", (23, 34)),
        ("+1400", (17, 4)),
        ("+9999", (3, 4)),
        ("+0990", (3, 4)),
        ("00900", (3, 4)),
        ("+09²0", (3, 4)),
        ("summer", (3, 4)),
    ],
)
@pytest.mark.filterwarnings("ignore:Invalid value")
def test_times_are_on_the_sources_clock(offset: str | None, clock: tuple[int, int]) -> None:
    """Where it says which that is; what is no offset is passed over."""
    values = {} if offset is None else {"TimezoneOffsetFromUTC": offset}
    moment = making(study(**values)).moment
    assert (moment.hour, moment.minute) == clock


def test_a_moment_without_a_zone_stays() -> None:
    """It is on the source's clock already, as far as anybody knows."""
    naive = datetime(2026, 1, 2, 3, 4, 5)  # noqa: DTZ001 - that is the point
    made = making(study(TimezoneOffsetFromUTC="+0900"), content_datetime=naive)
    assert made.moment == naive


def test_the_node_is_named_by_its_ae_title() -> None:
    """Which the device may have said already."""
    assert making(study(), ae_title="NODE").device.station == "NODE"
    assert making(study(), device=Device(station="S")).device.station == "S"


def test_patient_and_study_are_the_sources_and_no_more() -> None:
    """What a builder put there goes; what the source lacks is missing or empty; ours is marked."""
    datasets = study(PatientComments="é", SpecificCharacterSet="ISO_IR 100")
    del datasets[0].PatientSex, datasets[0].AccessionNumber
    made = finished(an_object(), making(datasets), "sr")
    for keyword in PATIENT_AND_STUDY:
        if keyword in datasets[0]:
            assert made[keyword] == datasets[0][keyword]
    assert (made.PatientSex, made.AccessionNumber) == ("", "")
    assert "PatientWeight" not in made
    assert str(made.ContentDate) == "20260102"
    assert is_ours(made)
    assert file_of(made) == file_of(finished(an_object(), making(datasets), "sr"))


@pytest.mark.parametrize(
    ("keyword", "raw", "character_set"),
    [
        ("PatientName", b"\xe9\xe8", None),
        ("PatientName", b"\xe9\xe8", "ISO_IR 192"),
        ("PatientName", b"A^B====", None),
        ("PatientName", b"\x1b$)C\xb1\xe8\x1b$)C", ["", "ISO 2022 IR 149"]),
        ("PatientName", b"\x1b$B;3ED\x1b(B^\x1b$B;3ED", ["", "ISO 2022 IR 87"]),
        ("PatientID", b"\xe9\xe8", "ISO_IR 192"),
        ("PatientID", b"a\x1b$B;3ED\x1b(B ", ["", "ISO 2022 IR 100"]),
        ("PatientID", b"\x1b$)C\xb1\xe8\x1b$)C", ["", "ISO 2022 IR 149", "ISO 2022 IR 87"]),
        ("PatientID", b"A\\B ", None),
        ("PatientID", b" AB ", None),
        ("PatientComments", b"\xd4\xcf\\\xba", "GB18030"),
        ("PatientBirthDate", b"1970.01.01", None),
        ("PatientWeight", b"70,5", None),
        ("PatientWeight", b"70.50 ", None),
        ("TimezoneOffsetFromUTC", b"+9999 ", None),
        ("PatientAge", b"none", None),
    ],
)
@pytest.mark.filterwarnings("ignore:(Failed to decode|Found unknown escape|The number of PN)")
def test_wrong_values_go_out_as_they_came(
    keyword: str, raw: bytes, character_set: str | list[str] | None
) -> None:
    """Byte for byte, readable or not, in every object of a run: it is the patient's identity."""
    source = read(keyword, raw, character_set)
    one = making([source])
    source.get(keyword)  # read by somebody meanwhile
    for kind in ("sr", "seg"):
        back = dcmread(BytesIO(file_of(finished(an_object(), one, kind))))
        there = back.get_item(keyword)
        assert there.value.rstrip(b" \0") == raw.rstrip(b" \0")
        assert back.get("SpecificCharacterSet") == source.get("SpecificCharacterSet")


@pytest.mark.parametrize("keyword", ["StudyInstanceUID", "SOPInstanceUID", "SOPClassUID"])
@pytest.mark.parametrize("value", ["", None, ...])
def test_a_source_without_its_uids_is_rejected(keyword: str, value: Any) -> None:
    """Empty or missing, in any of its instances."""
    datasets = study()
    if value is ...:
        delattr(datasets[1], keyword)
    else:
        setattr(datasets[1], keyword, value)
    with pytest.raises(Rejected, match="lacks one of its UIDs"):
        Source.of_datasets(datasets)


def test_every_attribute_of_patient_and_study_is_copied() -> None:
    """The list has every attribute that the standard's modules of patient and study have."""
    from highdicom._standard_utils import get_module_attribute_map

    modules = (
        "patient",
        "clinical-trial-subject",
        "general-study",
        "patient-study",
        "clinical-trial-study",
    )
    table = get_module_attribute_map()
    named = {item["keyword"] for name in modules for item in table[name] if not item["path"]}
    assert named <= set(PATIENT_AND_STUDY)
