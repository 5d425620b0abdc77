"""Where the scanner says that it shows tissue, and how large its pixels are."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from pydicom import DataElement, Dataset

from pipelines.ultrasound import Frame
from tests.unit.ultrasound.stored import cine, pick, region

ODD = "A region of which the header speaks makes no sense and is not used."
BEYOND = "A region of the header reaches beyond the picture, so its scale is not used."
NO_SCALE = "The scale that the header states makes no sense and is not used."


def seen(regions: Sequence[Dataset], folder: Path) -> Frame:
    """The first frame of a picture with these regions."""
    (frame,) = pick(cine(1, SequenceOfUltrasoundRegions=list(regions)), folder)
    return frame


def test_a_region_is_where_the_header_says(tmp_path: Path) -> None:
    """Its last row and column are in it, and centimetres become millimetres."""
    frame = seen([region(PhysicalDeltaY=0.02)], tmp_path)
    (one,) = frame.regions
    assert one.sector == (20, 10, 140, 110)
    assert one.spacing == pytest.approx((0.2, 0.1))
    assert frame.remarks == ()


def test_two_pictures_side_by_side_are_two_regions(tmp_path: Path) -> None:
    """The larger one first, each with a scale of its own; what is no tissue is none."""
    others = [
        region(RegionLocationMinX0=110, RegionLocationMaxX1=149, PhysicalDeltaX=0.02),
        region(RegionSpatialFormat=3, RegionDataType=3),
        region(RegionDataType=2),
    ]
    first, second = seen([*others, region()], tmp_path).regions
    assert (first.sector, second.sector) == ((20, 10, 140, 110), (20, 110, 140, 150))
    assert second.spacing == pytest.approx((0.1, 0.2))


def test_a_region_within_another_is_no_other_picture(tmp_path: Path) -> None:
    """Some scanners describe one twice."""
    inside = region(RegionLocationMinY0=60)
    assert len(seen([inside, region(), region()], tmp_path).regions) == 1


@pytest.mark.parametrize(
    "attributes",
    [
        {"PhysicalUnitsXDirection": 0},
        {"PhysicalUnitsYDirection": 4},
        {"PhysicalUnitsXDirection": None},
    ],
)
def test_without_centimetres_there_is_no_scale(attributes: dict[str, Any], tmp_path: Path) -> None:
    """In both directions."""
    frame = seen([region(**attributes)], tmp_path)
    assert [one.spacing for one in frame.regions] == [None]
    assert frame.remarks == ()


@pytest.mark.parametrize("delta", [0.0, float("nan"), float("inf"), 1e300, 1e-9, 5.0, None])
def test_a_scale_that_makes_no_sense_is_not_used(delta: float | None, tmp_path: Path) -> None:
    """And said so: sizes are in pixels then."""
    frame = seen([region(PhysicalDeltaX=delta)], tmp_path)
    assert [one.spacing for one in frame.regions] == [None]
    assert frame.remarks == (NO_SCALE,)


def test_a_scale_may_run_the_other_way(tmp_path: Path) -> None:
    """A minus is a direction and no length."""
    (one,) = seen([region(PhysicalDeltaY=-0.01)], tmp_path).regions
    assert one.spacing == pytest.approx((0.1, 0.1))


def test_a_region_beyond_the_picture_is_cut_and_its_scale_not_trusted(tmp_path: Path) -> None:
    """The picture was made smaller after the scanner described it."""
    frame = seen([region(RegionLocationMaxX1=639, RegionLocationMaxY1=479)], tmp_path)
    (one,) = frame.regions
    assert one.sector == (20, 10, 150, 150)
    assert one.spacing is None
    assert frame.remarks == (BEYOND,)


def test_a_region_that_ends_with_the_picture_keeps_its_scale(tmp_path: Path) -> None:
    """Some write the pixel behind the last."""
    frame = seen([region(RegionLocationMaxX1=150, RegionLocationMaxY1=149)], tmp_path)
    assert frame.regions[0].sector == (20, 10, 150, 150)
    assert frame.regions[0].spacing is not None


@pytest.mark.parametrize(
    "attributes",
    [
        {"RegionLocationMinX0": 200, "RegionLocationMaxX1": 300},
        {"RegionLocationMinX0": 2**32 - 1},
        {"RegionLocationMaxX1": 5},
        {"RegionLocationMaxX1": 12},
        {"RegionLocationMinY0": None},
    ],
)
def test_regions_that_make_no_sense_are_not_used(
    attributes: dict[str, Any], tmp_path: Path
) -> None:
    """Outside, inside out, too small, or without an edge."""
    frame = seen([region(**attributes)], tmp_path)
    assert frame.regions == ()
    assert frame.remarks == (ODD,)


@pytest.mark.parametrize(
    "element",
    [
        DataElement("RegionLocationMinX0", "LO", "left"),
        DataElement("RegionLocationMinX0", "UL", [1, 2]),
        DataElement("RegionLocationMinX0", "OB", b"\1"),
        DataElement("RegionSpatialFormat", "LO", "2D"),
        DataElement("RegionDataType", "SQ", [Dataset()]),
        DataElement("PhysicalDeltaX", "LO", "wide"),
        DataElement("PhysicalDeltaX", "FD", [0.1, 0.1]),
        DataElement("PhysicalUnitsXDirection", "SQ", []),
    ],
)
def test_values_of_wrong_types_are_no_values(element: DataElement, tmp_path: Path) -> None:
    """They count as missing; nothing is raised."""
    item = region()
    item[element.tag] = element
    frame = seen([item], tmp_path)
    assert all(one.spacing is None for one in frame.regions)


def test_a_sequence_that_is_none_is_no_sequence(tmp_path: Path) -> None:
    """What stands there instead is not looked at."""
    ds = cine(1, SequenceOfUltrasoundRegions=None)
    ds[0x00186011] = DataElement(0x00186011, "LO", "none")
    (frame,) = pick(ds, tmp_path)
    assert frame.regions == ()


def test_a_side_that_is_contradicted_is_remarked_on(tmp_path: Path) -> None:
    """So that a report can say why there is none."""
    (frame,) = pick(cine(1, Laterality="L", ImageLaterality="R"), tmp_path)
    assert frame.remarks == ("Its attributes name both left and right, so the side is not known.",)
