"""What a model is shown of a frame: shutters, padding and borders change nothing of the rest."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from pydicom import DataElement, Dataset

from pipelines.radiographs import from_square, over_frame, square
from tests.unit.radiographs.stored import changed, put, radiograph, seen

INNER = np.random.default_rng(5).integers(40, 200, (60, 80)).astype(np.uint8)
TOP, LEFT = 20, 12
WITHIN = np.s_[TOP : TOP + INNER.shape[0], LEFT : LEFT + INNER.shape[1]]
SHUTTER: dict[str, Any] = {
    "ShutterShape": "RECTANGULAR",
    "ShutterUpperHorizontalEdge": TOP + 1,
    "ShutterLowerHorizontalEdge": TOP + INNER.shape[0],
    "ShutterLeftVerticalEdge": LEFT + 1,
    "ShutterRightVerticalEdge": LEFT + INNER.shape[1],
}


def framed(around: NDArray[np.uint8] | int, **attributes: Any) -> Dataset:
    """A picture with something around it."""
    pixels = np.full((96, 128), 0, np.uint8)
    pixels[:] = around
    pixels[WITHIN] = INNER
    ds = radiograph(WindowCenter=None, WindowWidth=None, ImagerPixelSpacing=None)
    return changed(put(ds, pixels), **attributes)


def padded(value: int) -> Dataset:
    """The same, where what is around it is stated to be padding."""
    ds = framed(value)
    ds["PixelPaddingValue"] = DataElement("PixelPaddingValue", "US", value)
    return ds


NOISE = np.random.default_rng(6).integers(0, 256, (96, 128)).astype(np.uint8)


@pytest.mark.parametrize(
    "ds",
    [framed(0), framed(3), framed(255, **SHUTTER), framed(NOISE, **SHUTTER), padded(30)],
    ids=["black", "nearly black", "white behind a shutter", "noise behind a shutter", "padding"],
)
def test_what_is_around_a_picture_is_not_shown(ds: Dataset, tmp_path: Path) -> None:
    """The model gets exactly what is within, and its places are places of the stored frame."""
    made = seen(ds, tmp_path)
    assert np.array_equal(square(made), INNER)
    assert from_square(made, 0, 0) == (LEFT, TOP)
    assert from_square(made, 80, 60) == (LEFT + 80, TOP + 60)


def test_a_picture_to_its_edges_is_shown_whole(tmp_path: Path) -> None:
    """A dark edge that shows something is part of the picture."""
    made = seen(framed(9), tmp_path)
    assert square(made).shape == (96, 128)
    assert from_square(made, 3, 4) == (3, 4)


def test_nothing_but_black_is_shown_whole(tmp_path: Path) -> None:
    """There is nothing to go by."""
    ds = put(radiograph(WindowCenter=None, WindowWidth=None), np.zeros((64, 48), np.uint8))
    assert square(seen(ds, tmp_path)).shape == (64, 48)


def test_places_hold_with_pixels_that_are_not_square(tmp_path: Path) -> None:
    """First it is cut out, then it is made square."""
    made = seen(framed(0, PixelAspectRatio=[2, 1]), tmp_path)
    assert square(made).shape == (120, 80)
    assert from_square(made, 80, 120) == (LEFT + 80, TOP + 60)


def test_what_a_round_shutter_hides_leaves_the_range_of_greys(tmp_path: Path) -> None:
    """The corners are as dark as the dark parts, neither black nor the darkest speck."""
    pixels = np.random.default_rng(7).integers(60, 201, (96, 96)).astype(np.uint8)
    pixels[48, 48] = 5
    ds = radiograph(WindowCenter=None, WindowWidth=None)
    changed(ds, ShutterShape="CIRCULAR", CenterOfCircularShutter=[48, 48])
    made = seen(changed(put(ds, pixels), RadiusOfCircularShutter=40), tmp_path)
    shown = square(made)
    assert shown.shape == (81, 81)
    assert set(shown[~made.visible[made.shown]]) == {60}
    low, high = np.quantile(shown, [0.005, 0.995])
    assert (low, high) == pytest.approx((60, 200), abs=1)


@pytest.mark.parametrize("enlarged", [1, 20])
def test_a_map_is_brought_back_to_its_place(enlarged: int, tmp_path: Path) -> None:
    """What was hot in the part that was shown is hot there in the frame; elsewhere nothing is."""
    pixels = framed(0).pixel_array.repeat(enlarged, 0).repeat(enlarged, 1)
    made = seen(put(framed(0), pixels), tmp_path)
    cells = np.zeros((6, 8), np.float32)
    cells[3, 2] = 1
    whole = over_frame(made, cells)
    assert max(whole.shape) <= 640
    assert whole.shape[1] / whole.shape[0] == pytest.approx(128 / 96, rel=0.01)
    assert whole.max() == pytest.approx(1, abs=0.1)
    scale = whole.shape[0] / 96
    row, column = np.unravel_index(whole.argmax(), whole.shape)
    assert (row + 0.5) / scale == pytest.approx(TOP + 35, abs=1.5)
    assert (column + 0.5) / scale == pytest.approx(LEFT + 25, abs=1.5)
    outside = whole.copy()
    edges = [round(edge * scale) for edge in (TOP, TOP + 60, LEFT, LEFT + 80)]
    outside[edges[0] : edges[1], edges[2] : edges[3]] = 0
    assert not outside.any()


def test_a_map_over_the_whole_frame_stays_as_it_is(tmp_path: Path) -> None:
    """Coarse as the model made it."""
    cells = np.ones((3, 4), np.float32)
    assert over_frame(seen(framed(9), tmp_path), cells) is cells
