"""Every kind of object from every kind of source: others read it, and it says whose it is.

Each source is given the findings that have most in them, and some of the others in turn.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

import highdicom as hd
import httpx
import pytest
from pydicom import Dataset, dcmread
from pydicom.dataelem import RawDataElement
from pydicom.uid import (
    UID,
    KeyObjectSelectionDocumentStorage,
    SegmentationStorage,
)

from pipelines.contract import is_image_class
from results.build import _BUILDERS, Built, build_results
from results.context import KINDS
from results.finishing import REQUIRED
from results.identity import MARK_TAGS, is_ours
from results.source import PATIENT_AND_STUDY
from tests.integration.results.matrix import FINDINGS, KNOWN, SOURCES
from tests.integration.results.sources import CONTEXT
from tests.peers.dcmtk import storescu
from tests.peers.orthanc import Orthanc
from tests.peers.validators import dcentvfy, dciodvfy, dcmdump, sr_errors

ALWAYS = ("fracture", "overlapping")
IN_TURN = tuple(name for name in FINDINGS if name not in ALWAYS)
REGISTERED = tuple(kind for kind in KINDS if kind in _BUILDERS)
REPORTS: Mapping[str, str] = {
    "dx": "fracture",
    "us-cine": "overlapping",
    "ct-oblique": "masks",
    "mr-enhanced": "outlined",
    "capture": "wordy",
}
"""A source of each family, and what was found in it."""
AGREEING = ("dx", "dx-two-hands", "us-cine", "ct-axial", "ct-two-series", "photograph")
PATIENT_GROUPS = (0x0010, 0x0012, 0x0032, 0x0038)
"""Patient, clinical trial, requested procedure, visit."""


@dataclass(frozen=True, kw_only=True)
class Case:
    """A source with findings, and what was built from them, as files."""

    source: list[Dataset]
    built: Built
    paths: list[Path]


def pairs(source: str) -> list[str]:
    """The findings that a source is given: the rich ones, another in turn, and what is reported."""
    number = list(SOURCES).index(source)
    asked = (*ALWAYS, IN_TURN[number % len(IN_TURN)], REPORTS.get(source, ALWAYS[0]))
    return list(dict.fromkeys(asked))


def build(source: str, findings: str) -> tuple[list[Dataset], Built]:
    """Build every kind, in a study whose other pairs are the results of other pipelines."""
    datasets = SOURCES[source]()
    context = replace(CONTEXT, pipeline=f"{source} {findings}")
    return datasets, build_results(REGISTERED, datasets, FINDINGS[findings](datasets), context)


Make = Callable[[str], list[Case]]


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> Make:
    """Make the cases of a source, once."""
    folder = tmp_path_factory.mktemp("matrix")

    @cache
    def make(source: str) -> list[Case]:
        made = []
        for findings in pairs(source):
            datasets, built = build(source, findings)
            paths = []
            for number, result in enumerate(built):
                path = folder / f"{source}-{findings}-{number}-{result.kind}.dcm"
                result.dataset.save_as(path, enforce_file_format=True)
                paths.append(path)
            made.append(Case(source=datasets, built=built, paths=paths))
        return made

    return make


def in_parallel(
    function: Callable[[Path], Any], paths: list[Path], workers: int = 4
) -> dict[str, Any]:
    """What a function says of each file, where it says anything."""
    with ThreadPoolExecutor(workers) as pool:
        said = pool.map(function, paths)
        return {path.name: each for path, each in zip(paths, said, strict=True) if each}


def test_every_pair_comes_by() -> None:
    """Each of the findings meets more than one source, and the rich ones meet all."""
    met = {name: [s for s in SOURCES if name in pairs(s)] for name in FINDINGS}
    assert all(len(sources) >= 3 for sources in met.values())


@pytest.mark.parametrize("source", SOURCES)
def test_sources_are_what_they_are_called(source: str, tmp_path: Path) -> None:
    """dciodvfy has nothing against them but what is known, so that errors of results are ours."""
    found: set[str] = set()
    for ds in SOURCES[source]():
        ds.save_as(tmp_path / "source.dcm", enforce_file_format=True)
        found.update(dciodvfy(tmp_path / "source.dcm"))
    assert found == KNOWN.get(source, frozenset())


@pytest.mark.parametrize("source", SOURCES)
def test_dciodvfy_finds_no_error(source: str, cases: Make) -> None:
    """Not in any object from any source."""
    paths = [path for case in cases(source) for path in case.paths]
    assert paths
    assert in_parallel(dciodvfy, paths) == {}


@pytest.mark.parametrize("source", AGREEING)
def test_instances_of_a_study_agree(source: str, tmp_path: Path) -> None:
    """dcentvfy finds no contradiction between the sources and the results of two revisions."""
    datasets = SOURCES[source]()
    found = FINDINGS["fracture"](datasets)
    revisions = (
        CONTEXT,
        replace(CONTEXT, revision=2, content_datetime=CONTEXT.content_datetime + timedelta(days=1)),
    )
    made = [build_results(REGISTERED, datasets, found, context) for context in revisions]
    every = [*datasets, *(result.dataset for built in made for result in built)]
    paths = []
    for number, ds in enumerate(every):
        paths.append(tmp_path / f"{number}.dcm")
        ds.save_as(paths[-1], enforce_file_format=True)
    assert dcentvfy(paths) == []


@pytest.mark.parametrize("source", SOURCES)
def test_others_read_every_object(source: str, cases: Make) -> None:
    """DCMTK reads all of it, and highdicom whatever it has a class for."""
    for case in cases(source):
        assert len(in_parallel(dcmdump, case.paths)) == len(case.paths)
        for path, result in zip(case.paths, case.built, strict=True):
            back = read_by_highdicom(path, result.SOPClassUID)
            assert back.SOPInstanceUID == result.SOPInstanceUID
            assert is_ours(dcmread(path, specific_tags=list(MARK_TAGS)))


def read_by_highdicom(path: Path, SOPClassUID: UID) -> Dataset:
    """The object as highdicom has it, pixels decoded; by pydicom where highdicom has no class."""
    if SOPClassUID == SegmentationStorage:
        segmentation = hd.seg.segread(path)
        assert segmentation.get_raw_frame(1)
        return segmentation
    if ".88." in SOPClassUID and SOPClassUID != KeyObjectSelectionDocumentStorage:
        return hd.sr.srread(path)
    if SOPClassUID == KeyObjectSelectionDocumentStorage:
        return hd.ko.KeyObjectSelectionDocument.from_dataset(dcmread(path))
    if is_image_class(SOPClassUID):
        image = hd.imread(path)
        assert image.get_raw_frame(1)
        return image
    return dcmread(path)


@pytest.mark.parametrize("source", SOURCES)
def test_patient_and_study_are_the_sources(source: str, cases: Make) -> None:
    """Byte for byte as in the source's file; what that lacks is missing or empty."""
    for case in cases(source):
        there = through_a_file(case.source[0])
        for path in case.paths:
            assert_same_patient(there, dcmread(path, stop_before_pixels=True))


def through_a_file(ds: Dataset) -> Dataset:
    """The data set as it is read from a file in the transfer syntax of our results."""
    light = Dataset()
    for element in ds:
        if element.keyword in PATIENT_AND_STUDY:
            light[element.tag] = element
    buffer = BytesIO()
    light.save_as(buffer, implicit_vr=False, little_endian=True)
    return dcmread(BytesIO(buffer.getvalue()), force=True)


def assert_same_patient(there: Dataset, here: Dataset) -> None:
    """Nothing changed, nothing lost, nothing invented."""
    for keyword in PATIENT_AND_STUDY:
        if keyword in there:
            assert raw(here, keyword) == raw(there, keyword), keyword
        elif keyword in here:
            assert keyword in REQUIRED, keyword
            assert here[keyword].is_empty, keyword
    ours = {tag for tag in here.keys() if tag.group in PATIENT_GROUPS}  # noqa: SIM118
    assert all(tag in there or here[tag].is_empty for tag in ours)


def raw(ds: Dataset, keyword: str) -> Any:
    """The bytes of an element; sequences as they are."""
    element = ds.get_item(keyword)
    return element.value if isinstance(element, RawDataElement) else element


@pytest.mark.parametrize("source", SOURCES)
def test_series_and_uids_are_their_own(source: str, cases: Make) -> None:
    """A series a kind, numbers that nobody else has, and no UID twice."""
    for case in cases(source):
        results = [(result.kind, result.dataset) for result in case.built]
        numbers = {int(ds.SeriesNumber) for _, ds in results}
        series = {(kind, ds.SeriesInstanceUID, int(ds.SeriesNumber)) for kind, ds in results}
        kinds = {kind for kind, _ in results}
        assert len(kinds) == len(series) == len(numbers)
        assert not numbers & {int(ds.SeriesNumber) for ds in case.source}
        places = [(ds.SeriesInstanceUID, int(ds.InstanceNumber)) for _, ds in results]
        assert len(set(places)) == len(places)
    uids = [result.SOPInstanceUID for case in cases(source) for result in case.built]
    uids += [ds.SOPInstanceUID for ds in cases(source)[0].source]
    assert len(set(uids)) == len(uids)


@pytest.mark.parametrize("source", SOURCES)
def test_built_again_it_is_the_same(source: str, cases: Make) -> None:
    """To the byte, from a source that was made anew."""
    which = list(SOURCES).index(source) % len(pairs(source))
    case = cases(source)[which]
    _, again = build(source, pairs(source)[which])
    assert again.reasons == case.built.reasons
    for path, result in zip(case.paths, again, strict=True):
        buffer = BytesIO()
        result.dataset.save_as(buffer, enforce_file_format=True)
        assert buffer.getvalue() == path.read_bytes(), path.name


@pytest.mark.parametrize("source", SOURCES)
def test_what_was_not_made_is_explained(source: str, cases: Make) -> None:
    """Each kind is there, the report always, or there is a sentence that says why not."""
    for case in cases(source):
        made = {result.kind for result in case.built}
        assert "sr" in made
        explained = {reason.partition(": ")[0] for reason in case.built.reasons}
        assert made | explained == set(REGISTERED)
        assert all(len(reason.split()) > 3 for reason in case.built.reasons)


def test_pixelmed_finds_no_error(cases: Make) -> None:
    """A report of each family of sources keeps to its templates; all would take an hour."""
    reports = []
    for source, findings in REPORTS.items():
        case = cases(source)[pairs(source).index(findings)]
        kinds = [result.kind for result in case.built]
        reports.append(case.paths[kinds.index("sr")])
    assert in_parallel(sr_errors, reports, workers=2) == {}


@pytest.fixture
def orthanc(tmp_path: Path) -> Iterator[Orthanc]:
    """A PACS that sends nothing anywhere."""
    with Orthanc(tmp_path, settings={"LuaScripts": []}) as running:
        yield running


def test_a_pacs_takes_everything(cases: Make, orthanc: Orthanc) -> None:
    """Orthanc holds each object under its own UID, in the series it says."""
    every = [case for source in SOURCES for case in cases(source)]
    paths = [path for case in every for path in case.paths]
    options = ("--no-halt", "--required")
    done = storescu(paths, orthanc.port, called=orthanc.ae_title, options=options)
    assert done.returncode == 0, done.stderr[-1000:]
    answer = httpx.get(f"{orthanc.url}/instances", params={"expand": ""}, timeout=60)
    held = {instance["MainDicomTags"]["SOPInstanceUID"] for instance in answer.json()}
    assert held == {str(result.SOPInstanceUID) for case in every for result in case.built}
    series = {result.dataset.SeriesInstanceUID for case in every for result in case.built}
    assert len(orthanc.series()) >= len(series)
