"""Measurement groups as highdicom reads them back from the file: by what they are followed by."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from highdicom.sr import CodedConcept, srread
from pydicom import Dataset
from pydicom.uid import Comprehensive3DSRStorage, ComprehensiveSRStorage

from pipelines.contract import (
    Classification,
    Contour,
    Findings,
    Mask,
    Measurement,
    Polygon,
    Presence,
    Raster,
    Region,
    Rejected,
)
from results.build import build_results
from results.context import Making
from results.shapes import area
from results.source import Source
from results.sr.groups import JUDGEMENT, NO_PIXELS, STUDY, TOO_MANY_PARTS
from results.sr.polygons import MOST_LINES, MOST_POINTS
from tests.integration.results.sources import (
    CONTEXT,
    FRACTURE,
    MALIGNANT,
    NODULE,
    TEXTURE,
    everything,
    frames,
    nothing,
    ring,
    source,
)
from tests.peers.validators import dciodvfy, dsrdump, sr_errors

KINDS = ("ct", "dx", "us", "cine", "photo")


class Report:
    """A report that was written to a file and read again."""

    def __init__(self, datasets: list[Dataset], findings: Findings, path: Path) -> None:
        (result,) = build_results(["sr"], datasets, findings, CONTEXT)
        self.path = path / "sr.dcm"
        result.dataset.save_as(self.path, enforce_file_format=True)
        self.ds = srread(self.path)
        making = Making(source=Source.of_datasets(datasets), findings=findings, context=CONTEXT)
        self._uid = making.tracking_uid

    def group(self, name: str, kind: str = "image", space: str = "") -> Any:
        """The only group of a kind that is followed by this name, in this space of names."""
        find = getattr(self.ds.content, f"get_{kind}_measurement_groups")
        (group,) = find(tracking_uid=self._uid(name, space))
        return group

    def groups(self) -> list[Dataset]:
        """Every group as it stands in the file."""
        return [
            item
            for container in self.ds.ContentSequence
            for item in container.get("ContentSequence", ())
            if item.ConceptNameCodeSequence[0].get("CodeValue") == "125007"
        ]


def plain(concept: CodedConcept) -> tuple[str, str]:
    """A code without its meaning."""
    return concept.scheme_designator, concept.value


def evaluations(group: Any) -> list[tuple[tuple[str, str], tuple[str, str]]]:
    """Names and values of the evaluations of a group, beside its category and type."""
    found = group.get_qualitative_evaluations()
    said = [(plain(item.name), plain(item.value)) for item in found]
    return [pair for pair in said if pair[0] not in (("SCT", "276214006"), ("DCM", "121071"))]


def measurements(group: Any) -> list[tuple[str, float, str]]:
    """Names, values and units of the measurements of a group."""
    found = group.get_measurements()
    return [(item.name.value, item.value, item.unit.value) for item in found]


def sites(group: Any) -> list[tuple[str, str | None]]:
    """Codes of the places in the body that a group names, and of their sides."""
    found = group.finding_sites
    return [(s.value.value, s.laterality.value if s.laterality else None) for s in found]


def texts(group: Any) -> list[str]:
    """What is said in a group in words, beside its context."""
    items = group[0].ContentSequence
    return [i.TextValue for i in items if i.ValueType == "TEXT" and i.name.value == "121106"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_box_reads_back(kind: str, tmp_path: Path) -> None:
    """A region of one outline is planar: type, category, site, score, number and corners."""
    datasets = source(kind, "ascii")
    group = Report(datasets, everything(datasets), tmp_path).group("nodule-1", "planar_roi")
    assert group.tracking_identifier == "nodule-1"
    assert plain(group.finding_type) == ("SCT", NODULE.value)
    assert plain(group.finding_category) == ("SCT", "49755003")
    assert sites(group) == [("69748006", "7771000")]
    assert group.roi.graphic_type.value == "POLYLINE"
    assert group.roi.value.tolist() == [[1, 2.5], [9, 2.5], [9, 8], [1, 8], [1, 2.5]]
    assert measurements(group) == [
        ("111012", 87.5, "%"),
        ("103339001", 12.5, "mm"),
        ("111012", 50, "%"),
        ("111047", 7, "%"),
    ]
    assert evaluations(group) == [
        (("99SITE", TEXTURE.value), ("SCT", "52101004")),
        (("SCT", NODULE.value), ("SCT", MALIGNANT.value)),
    ]


@pytest.mark.parametrize("kind", KINDS)
def test_an_outline_names_its_frame(kind: str, tmp_path: Path) -> None:
    """An image of several frames is pointed at with the frame's number, a single one without."""
    datasets = source(kind, "ascii")
    report = Report(datasets, everything(datasets), tmp_path)
    pointed = [
        item.ContentSequence[0].ReferencedSOPSequence[0]
        for item in report.group("parts", "volumetric_roi").roi
    ]
    found = [(to.ReferencedSOPInstanceUID, to.get("ReferencedFrameNumber")) for to in pointed]
    expected = [(on.SOPInstanceUID, on.frame) for on in frames(datasets) for _ in range(3)]
    assert found == expected


@pytest.mark.parametrize("kind", KINDS)
def test_what_the_outlines_of_a_mask_hold_is_the_mask(kind: str, tmp_path: Path) -> None:
    """A hole is no part of a region, an island in it is: to the pixel."""
    datasets = source(kind, "ascii")
    report = Report(datasets, everything(datasets), tmp_path)
    (on, *_), mask = frames(datasets), ring(datasets[0]).array
    held = np.zeros(mask.shape, int)
    for item in report.group("parts", "volumetric_roi").roi[:3]:
        corners = tuple((float(x), float(y)) for x, y in item.value)
        assert corners[0] == corners[-1]
        held += area(Polygon(on=on, points=corners), *mask.shape)
    assert (held == mask).all()


def test_a_line_is_not_closed(tmp_path: Path) -> None:
    """A fracture line stays the line it is."""
    datasets = source("dx", "ascii")
    group = Report(datasets, everything(datasets), tmp_path).group("line", "planar_roi")
    assert group.roi.value.tolist() == [[1, 1], [4.5, 6], [8, 7]]
    assert texts(group) == ["Fracture line"]


def test_a_shape_that_stands_out_is_cut_at_the_image(tmp_path: Path) -> None:
    """Coordinates of a report lie within the image."""
    datasets = source("dx", "ascii")
    (on,), (ds,) = frames(datasets), datasets
    corners = ((-0.5, 2.0), (ds.Columns + 1.0, 2.0), (4.0, ds.Rows + 0.5))
    region = Region(tracking="a", type=NODULE, label="a", shapes=(Polygon(on=on, points=corners),))
    report = Report(datasets, replace(nothing(datasets), regions=(region,)), tmp_path)
    expected = [[0, 2], [ds.Columns, 2], [4, ds.Rows], [0, 2]]
    assert report.group("a", "planar_roi").roi.value.tolist() == expected


def test_a_region_without_pixels_is_reported(tmp_path: Path) -> None:
    """It says so and names the images, without an outline."""
    datasets = source("cine", "ascii")
    group = Report(datasets, everything(datasets), tmp_path).group("nothing")
    assert texts(group) == ["None", NO_PIXELS]
    assert plain(group.finding_type) == ("SCT", NODULE.value)
    assert [i.referenced_sop_instance_uid for i in group.source_images] == [
        datasets[0].SOPInstanceUID
    ]
    assert group.source_images[0].referenced_frame_numbers == [1]


def test_a_region_of_too_many_parts_is_reported(tmp_path: Path) -> None:
    """Noise has no outline that a person can look at."""
    datasets = source("us", "ascii")
    shape = (1024, 2 * MOST_LINES // 512)
    for ds in datasets:
        ds.Rows, ds.Columns = shape
    dots = np.zeros(shape, np.bool_)
    dots[::2, ::2] = True
    assert dots.sum() > MOST_LINES
    region = Region(
        tracking="noise",
        type=NODULE,
        label="noise",
        shapes=(Mask(on=frames(datasets)[0], raster=Raster.of(dots)),),
    )
    report = Report(datasets, replace(nothing(datasets), regions=(region,)), tmp_path)
    assert texts(report.group("noise")) == [TOO_MANY_PARTS]
    assert dciodvfy(report.path) == []


def test_a_long_outline_is_drawn_in_parts(tmp_path: Path) -> None:
    """Where a report has no room for an outline, several hold the same pixels."""
    datasets = source("us", "ascii")
    shape = (64, 2 * MOST_POINTS)
    for ds in datasets:
        ds.Rows, ds.Columns = shape
    comb = np.zeros(shape, np.bool_)
    comb[30] = comb[31, ::2] = True
    mask = Mask(on=frames(datasets)[0], raster=Raster.of(comb))
    region = Region(tracking="comb", type=NODULE, label="comb", shapes=(mask,))
    report = Report(datasets, replace(nothing(datasets), regions=(region,)), tmp_path)
    held = np.zeros(shape, int)
    for item in report.group("comb", "volumetric_roi").roi:
        assert len(item.value) <= MOST_POINTS
        held += area(Polygon(on=mask.on, points=tuple(map(tuple, item.value))), *shape)
    assert (held == comb).all()
    assert dciodvfy(report.path) == []
    assert "POLYLINE" in dsrdump(report.path)
    assert sr_errors(report.path) == []


@pytest.mark.parametrize("closed", [True, False])
def test_a_long_way_is_drawn_in_parts(closed: bool, tmp_path: Path) -> None:
    """Polygons and lines of very many points, too."""
    datasets = source("us", "ascii")
    (on,) = frames(datasets)
    turn = np.linspace(0, 2 * np.pi, 2 * MOST_POINTS, endpoint=False)
    points = tuple(zip(20 + 9 * np.cos(turn), 20 + 9 * np.sin(turn), strict=True))
    shape = Polygon(on=on, points=points) if closed else Contour(on=on, points=points)
    region = Region(tracking="way", type=NODULE, label="way", shapes=(shape,))
    report = Report(datasets, replace(nothing(datasets), regions=(region,)), tmp_path)
    if closed:
        corners = tuple(map(tuple, report.group("way", "planar_roi").roi.value))
        size = datasets[0].Rows, datasets[0].Columns
        assert (area(Polygon(on=on, points=corners), *size) == area(shape, *size)).all()
        return
    first, *_, last = (item.value for item in report.group("way", "volumetric_roi").roi)
    assert first[0].tolist() == pytest.approx(points[0])
    assert last[-1].tolist() == pytest.approx(points[-1])


def test_judgements_of_the_study_read_back(tmp_path: Path) -> None:
    """Each has a group of its own: value, how sure, why, and all images it was seen on."""
    datasets = source("ct", "utf8")
    report = Report(datasets, everything(datasets), tmp_path)
    group = report.group("Fracture of bone", space=JUDGEMENT)
    assert evaluations(group) == [(("SCT", FRACTURE.value), ("SCT", "272519000"))]
    assert measurements(group) == [("111012", 97, "%")]
    assert group.finding_type is None
    assert sites(group) == [("69748006", "7771000")]
    assert [i.referenced_sop_instance_uid for i in group.source_images] == [
        ds.SOPInstanceUID for ds in datasets
    ]
    shown = dsrdump(report.path)
    assert '(125605004,SCT,"Fracture of bone")=(272519000,SCT,"Absent")' in shown
    assert 'TEXT:(121106,DCM,"Comment")="Nothing → looks broken."' in shown
    assert '(threshold,99DICOMNODE,"Threshold of presence")="50.0" (%,UCUM,"Percent")' in shown
    assert '(calibrated,99DICOMNODE,"Calibrated probability")=(373067005,SCT,"No")' in shown
    unsure = report.group("fracture", space=JUDGEMENT)
    assert evaluations(unsure) == [(("SCT", FRACTURE.value), ("SCT", "82334004"))]
    assert measurements(unsure) == []
    assert sites(unsure) == []


def test_numbers_of_the_study_read_back(tmp_path: Path) -> None:
    """What belongs to no region is in the study's own group, exact to the last digit."""
    datasets = source("ct", "ascii")
    report = Report(datasets, everything(datasets), tmp_path)
    (first, second) = measurements(report.group("study", space=STUDY))
    assert first == ("112226", 1 / 3, "mm")
    assert second[1:] == (3, "1")
    assert [m[1] for m in measurements(report.group("area", "planar_roi"))] == [1e300]


def test_no_two_groups_are_followed_by_one_name(tmp_path: Path) -> None:
    """The same word said twice, and a region of the study's name, keep apart."""
    datasets = source("dx", "ascii")
    (on,) = frames(datasets)
    judgement = Classification(name=FRACTURE, value=Presence.PRESENT)
    mask = Mask(on=on, raster=ring(datasets[0]))
    regions = tuple(
        Region(tracking=name, type=NODULE, label="a", shapes=(mask,))
        for name in ("study", "Fracture of bone", "Fracture of bone (2)")
    )
    findings = replace(
        nothing(datasets),
        regions=regions,
        classifications=(judgement, judgement, judgement),
        measurements=(Measurement(name="count", value=1, unit="1"),),
    )
    found = []
    for group in Report(datasets, findings, tmp_path).groups():
        found += [i.UID for i in group.ContentSequence if i.ValueType == "UIDREF"]
    assert len(found) == len(set(found)) == 7


@pytest.mark.parametrize(
    ("value", "calibrated", "sure"),
    [
        (Presence.ABSENT, False, ("111012", 97, Presence.ABSENT)),
        (Presence.ABSENT, True, ("111047", 3, None)),
        (Presence.PRESENT, False, ("111012", 3, None)),
    ],
)
def test_how_sure_is_of_what_the_judgement_says(
    value: Presence, calibrated: bool, sure: tuple[str, float, Presence | None], tmp_path: Path
) -> None:
    """Absent at 3 % is absence, 97 % certain; a probability of cancer stays that of cancer."""
    datasets = source("dx", "ascii")
    said = Classification(name=MALIGNANT, value=value, probability=0.03, calibrated=calibrated)
    report = Report(datasets, replace(nothing(datasets), classifications=(said,)), tmp_path)
    (group,) = report.groups()
    (number,) = (item for item in group.ContentSequence if item.ValueType == "NUM")
    name, percent, absent = sure
    assert number.name.value == name
    assert number.value == percent
    modifier = number.ContentSequence[0]
    names = ("121071", MALIGNANT.value) if absent is None else (MALIGNANT.value, "272519000")
    assert (modifier.name.value, modifier.value.value) == names
    assert dciodvfy(report.path) == []


def test_without_numbers_the_study_has_no_group(tmp_path: Path) -> None:
    """Nothing measured is no group, and no group is no list of them."""
    datasets = source("ct", "ascii")
    report = Report(datasets, nothing(datasets), tmp_path)
    assert report.groups() == []
    assert "Imaging Measurements" not in dsrdump(report.path).replace(
        "Imaging Measurement Report", ""
    )
    judged = Classification(name=FRACTURE, value=Presence.PRESENT)
    findings = replace(nothing(datasets), classifications=(judged,))
    assert len(Report(datasets, findings, tmp_path).groups()) == 1


@pytest.mark.parametrize("kind", KINDS)
def test_what_lies_in_space_is_a_3d_report(kind: str, tmp_path: Path) -> None:
    """Only a source with a frame of reference and planes in it is reported on in 3-D."""
    datasets = source(kind, "ascii")
    expected = Comprehensive3DSRStorage if kind == "ct" else ComprehensiveSRStorage
    for findings in (everything(datasets), nothing(datasets)):
        assert Report(datasets, findings, tmp_path).ds.SOPClassUID == expected


def test_a_long_code_stays_as_it_is(tmp_path: Path) -> None:
    """Its scheme, which is private, is named; the meaning fits the character set."""
    datasets = source("photo", "cyrillic")
    report = Report(datasets, everything(datasets), tmp_path)
    finding = report.group("parts", "volumetric_roi").finding_type
    assert (finding.LongCodeValue, finding.meaning) == (TEXTURE.value, "Texture ? coarse")
    schemes = [i.CodingSchemeDesignator for i in report.ds.CodingSchemeIdentificationSequence]
    assert schemes == ["99DICOMNODE", "99SITE"]


def test_a_code_that_has_no_place_in_the_character_set_is_refused() -> None:
    """Another code would mean something else."""
    datasets = source("dx", "arabic")
    name = replace(FRACTURE, value="骨折")
    findings = replace(
        nothing(datasets), classifications=(Classification(name=name, value=Presence.ABSENT),)
    )
    with pytest.raises(Rejected, match="character set"):
        build_results(["sr"], datasets, findings, CONTEXT)
