"""Any findings at all: valid objects, a reason why not, or `Rejected`; never another error."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from pydicom import Dataset, dcmread
from pydicom.config import disable_value_validation
from pydicom.datadict import dictionary_VR
from pydicom.dataelem import RawDataElement
from pydicom.tag import Tag

from pipelines.contract import Findings, Instance, Rejected, Series, Study
from results.build import _BUILDERS, Built, build_results
from results.context import KINDS
from results.identity import is_ours
from tests.integration.results.matrix import SOURCES
from tests.integration.results.sources import CONTEXT
from tests.integration.results.strategies import findings, places
from tests.peers.validators import dciodvfy

REGISTERED = tuple(kind for kind in KINDS if kind in _BUILDERS)
ORDINARY = (
    "dx",
    "cr-monochrome1",
    "us-cine",
    "ct-oblique",
    "ct-enhanced",
    "mr-enhanced",
    "capture-palette",
    "photograph-jpeg",
)
PROFILE = settings(
    deadline=None,
    max_examples=24,
    derandomize=True,  # the same on every machine: a failure is a failure of the change
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)


@cache
def made(name: str) -> tuple[Dataset, ...]:
    """The source of a name, which building does not change."""
    return tuple(SOURCES[name]())


@st.composite
def runs(draw: st.DrawFn) -> tuple[Sequence[Dataset], Findings]:
    """An ordinary source, and any findings about it."""
    datasets = made(draw(st.sampled_from(ORDINARY)))
    return datasets, draw(findings(places(datasets)))


def files(built: Built) -> list[bytes]:
    """The objects as they are sent, each read again and found whole."""
    data = []
    for result in built:
        buffer = BytesIO()
        result.dataset.save_as(buffer, enforce_file_format=True)
        data.append(buffer.getvalue())
        back = dcmread(BytesIO(buffer.getvalue()))
        assert back.SOPInstanceUID == result.SOPInstanceUID == result.dataset.SOPInstanceUID
        assert back.SOPClassUID == result.SOPClassUID
        assert is_ours(back)
        assert _file(back) == data[-1]
    return data


@PROFILE
@given(runs())
def test_any_findings_give_valid_objects(
    tmp_path_factory: pytest.TempPathFactory, run: tuple[Sequence[Dataset], Findings]
) -> None:
    """Every kind is made or explained, others find no error in it, and twice it is the same."""
    datasets, said = run
    try:
        built = build_results(REGISTERED, datasets, said, CONTEXT)
    except Rejected as why:
        assert str(why).endswith(".")  # noqa: PT017 - either way is right
        return
    explained = {reason.partition(": ")[0] for reason in built.reasons}
    assert {result.kind for result in built} | explained == set(REGISTERED)
    sent = files(built)
    again = build_results(["sr"], datasets, Findings.from_dict(said.to_dict()), CONTEXT)
    assert files(again) == [
        data for data, result in zip(sent, built, strict=True) if result.kind == "sr"
    ]
    assert_valid(sent, tmp_path_factory.mktemp("objects"))


def assert_valid(sent: list[bytes], folder: Path) -> None:
    """dciodvfy finds no error in them."""
    paths = []
    for number, data in enumerate(sent):
        paths.append(folder / f"{number}.dcm")
        paths[-1].write_bytes(data)
    with ThreadPoolExecutor(4) as pool:
        assert [error for errors in pool.map(dciodvfy, paths) for error in errors] == []


BROKEN = (
    "PatientName",
    "PatientID",
    "PatientBirthDate",
    "PatientSex",
    "PatientAge",
    "PatientWeight",
    "StudyDate",
    "StudyTime",
    "StudyID",
    "AccessionNumber",
    "ReferringPhysicianName",
    "TimezoneOffsetFromUTC",
    "SpecificCharacterSet",
    "SeriesNumber",
    "SeriesDescription",
    "Modality",
    "ImageType",
    "Laterality",
    "PatientOrientation",
    "PixelSpacing",
    "ImagerPixelSpacing",
    "ImagePositionPatient",
    "ImageOrientationPatient",
    "SliceThickness",
    "FrameOfReferenceUID",
    "WindowCenter",
    "WindowWidth",
    "RescaleSlope",
    "RescaleIntercept",
    "PhotometricInterpretation",
    "NumberOfFrames",
    "BodyPartExamined",
    "AnatomicRegionSequence",
    "ProcedureCodeSequence",
    "SharedFunctionalGroupsSequence",
    "PerFrameFunctionalGroupsSequence",
    "PixelData",
    "Rows",
    "BitsStored",
)
VALUES = st.one_of(
    st.none(),
    st.binary(max_size=12),
    st.sampled_from(
        [b"abc ", b"0 ", b"-1", b"1\\2 ", b"1e99", b"nan ", b"\\", b"ISO_IR 999", b"\0"]
    ),
)


def broken(datasets: Sequence[Dataset], keyword: str, raw: bytes | None, folder: Path) -> Study:
    """The study as files in which an element has these bytes, or is missing."""
    instances = []
    for number, ds in enumerate(datasets):
        there = dcmread(BytesIO(_file(ds)))
        tag = Tag(keyword)
        if raw is None:
            there._dict.pop(tag, None)
        else:
            vr = dictionary_VR(tag).partition(" ")[2][-2:] or dictionary_VR(tag)
            there._dict[tag] = RawDataElement(tag, vr, len(raw), raw, 0, False, True, True)
        there.set_original_encoding(False, True, there._character_set)
        there.save_as(folder / f"{number}.dcm", enforce_file_format=True)
        instances.append(
            Instance(
                SOPClassUID=ds.SOPClassUID,
                SOPInstanceUID=ds.SOPInstanceUID,
                TransferSyntaxUID=ds.file_meta.TransferSyntaxUID,
                path=folder / f"{number}.dcm",
            )
        )
    first = datasets[0]
    series = Series(SeriesInstanceUID=first.SeriesInstanceUID, instances=tuple(instances))
    return Study(StudyInstanceUID=first.StudyInstanceUID, revision=1, series=(series,))


def _file(ds: Dataset) -> bytes:
    buffer = BytesIO()
    ds.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


@st.composite
def strange_runs(draw: st.DrawFn) -> tuple[Any, ...]:
    """A source with one thing wrong in its header, and findings as if it were right."""
    name = draw(st.sampled_from(ORDINARY))
    said = draw(findings(places(made(name))))
    return name, draw(st.sampled_from(BROKEN)), draw(VALUES), said


@settings(PROFILE, max_examples=70)
@given(strange_runs())
@pytest.mark.filterwarnings("ignore:::pydicom")
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_strange_sources_give_objects_or_a_reason(tmp_path: Path, run: tuple[Any, ...]) -> None:
    """Whatever a header has in it, objects come that can be written and read, or `Rejected`."""
    name, keyword, raw, said = run
    with disable_value_validation():
        study = broken(made(name), keyword, raw, tmp_path)
        try:
            built = build_results(REGISTERED, study, said, CONTEXT)
        except Rejected as why:
            assert len(str(why).split()) > 3  # noqa: PT017 - either way is right
            return
        for result in built:
            dcmread(BytesIO(_file(result.dataset)))
