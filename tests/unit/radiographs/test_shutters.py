"""Shutters and collimation: what lies outside is black, and the frame keeps its shape."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from pipelines.radiographs import exposure
from tests.unit.radiographs.stored import put, radiograph, seen

KINDS = pytest.mark.parametrize("kind", ["Shutter", "Collimator"])
ROWS, COLUMNS = 100, 80


def bright(**attributes: Any) -> Any:
    """A radiograph that is white all over."""
    pixels = np.full((ROWS, COLUMNS), 255, np.uint8)
    return put(radiograph(WindowCenter=None, WindowWidth=None, **attributes), pixels)


def rectangle(kind: str, top: int, bottom: int, left: int, right: int) -> dict[str, int]:
    """The edges of a rectangle."""
    return {
        f"{kind}UpperHorizontalEdge": top,
        f"{kind}LowerHorizontalEdge": bottom,
        f"{kind}LeftVerticalEdge": left,
        f"{kind}RightVerticalEdge": right,
    }


def shows(ds: Any, folder: Path) -> NDArray[np.bool_]:
    """What is visible, which is what is not black."""
    made = seen(ds, folder)
    assert made.grey.shape == (ROWS, COLUMNS)
    assert (made.visible == (made.grey == 255)).all()
    assert exposure(made).visible == pytest.approx(made.visible.mean())
    return made.visible


@KINDS
def test_a_rectangle_shows_what_is_within_its_edges(kind: str, tmp_path: Path) -> None:
    """Rows and columns are counted from 1, the edges are seen."""
    ds = bright(**{f"{kind}Shape": "RECTANGULAR"}, **rectangle(kind, 11, 90, 21, 60))
    wanted = np.zeros((ROWS, COLUMNS), bool)
    wanted[10:90, 20:60] = True
    assert (shows(ds, tmp_path) == wanted).all()


@pytest.mark.parametrize("edges", [(1, ROWS, 1, COLUMNS), (0, ROWS + 1, 0, COLUMNS + 1)])
def test_a_rectangle_around_everything_hides_nothing(
    edges: tuple[int, int, int, int], tmp_path: Path
) -> None:
    """Some write the edges of the frame, and some those just outside."""
    ds = bright(CollimatorShape="RECTANGULAR", **rectangle("Collimator", *edges))
    assert shows(ds, tmp_path).all()


@KINDS
def test_a_circle(kind: str, tmp_path: Path) -> None:
    """By its centre, row before column, and its radius."""
    ds = bright(**{f"{kind}Shape": "CIRCULAR", f"CenterOfCircular{kind}": [50, 40]})
    setattr(ds, f"RadiusOfCircular{kind}", 30)
    found = shows(ds, tmp_path)
    assert found[49, 39]
    assert found[49, 9]
    assert not found[49, 8]
    assert found[19, 39]
    assert not found[18, 39]
    assert not found[21, 11]
    assert found.mean() == pytest.approx(np.pi * 900 / (ROWS * COLUMNS), rel=0.02)


def test_a_circle_is_round_where_pixels_are_not_square(tmp_path: Path) -> None:
    """Its radius is counted along a row; pixels twice as high make half as many rows of it."""
    ds = bright(ShutterShape="CIRCULAR", CenterOfCircularShutter=[50, 40])
    ds.RadiusOfCircularShutter, ds.ImagerPixelSpacing = 30, [0.4, 0.2]
    found = shows(ds, tmp_path)
    assert found[:, 39].sum() == 31
    assert found[49].sum() == 61


@KINDS
def test_a_polygon(kind: str, tmp_path: Path) -> None:
    """A tilted field, by its corners, row before column."""
    ds = bright(**{f"{kind}Shape": "POLYGONAL"})
    setattr(ds, f"VerticesOfThePolygonal{kind}", [1, 40, 50, 80, 100, 40, 50, 1])
    found = shows(ds, tmp_path)
    assert found[50, 40]
    assert found[2, 39]
    assert not found[5, 5]
    assert not found[95, 75]
    assert found.mean() == pytest.approx(0.5, abs=0.03)


def test_several_shapes_show_what_is_within_all(tmp_path: Path) -> None:
    """A rectangle and a circle, in a shutter and in a collimator."""
    ds = bright(ShutterShape=["RECTANGULAR", "CIRCULAR"], **rectangle("Shutter", 1, 50, 1, 80))
    ds.CenterOfCircularShutter, ds.RadiusOfCircularShutter = [50, 40], 30
    ds.CollimatorShape = "RECTANGULAR"
    for keyword, value in rectangle("Collimator", 1, 100, 1, 40).items():
        setattr(ds, keyword, value)
    found = shows(ds, tmp_path)
    assert found[40, 30]
    assert not found[60, 30]
    assert not found[40, 50]
    assert not found[1, 1]


@pytest.mark.parametrize(
    ("attributes", "called"),
    [
        (
            {"ShutterShape": "RECTANGULAR", **rectangle("Shutter", 90, 10, 1, 80)},
            "The display shutter",
        ),
        (
            {
                "CollimatorShape": "CIRCULAR",
                "CenterOfCircularCollimator": [9000, 9000],
                "RadiusOfCircularCollimator": 5,
            },
            "The collimation",
        ),
    ],
)
def test_what_would_hide_everything_is_ignored(
    attributes: dict[str, Any], called: str, tmp_path: Path
) -> None:
    """Whoever writes such numbers means something else by them, and the reader is told."""
    made = seen(bright(**attributes), tmp_path)
    assert made.visible.all()
    assert made.remarks == (f"{called} would hide all of it and is ignored.",)


@pytest.mark.parametrize(
    "attributes",
    [
        {"ShutterShape": "RECTANGULAR"},
        {"ShutterShape": "CIRCULAR", "CenterOfCircularShutter": [5, 5]},
        {"ShutterShape": "POLYGONAL", "VerticesOfThePolygonalShutter": [5, 5, 9]},
        {"ShutterShape": "BITMAP"},
        {"ShutterShape": ""},
        {"ShutterLeftVerticalEdge": 40},
    ],
)
def test_an_incomplete_shutter_hides_nothing(attributes: dict[str, Any], tmp_path: Path) -> None:
    """What is not stated cannot be followed."""
    assert seen(bright(**attributes), tmp_path).visible.all()
