"""What is trained on is what the boxes say, however the picture is turned and scaled."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from models.fracture.windows import View, area, whole, window
from tests.unit.models.fracture.test_data import FRACTURED, HEALTHY

ROWS, COLUMNS = 300, 240


def _marked() -> np.ndarray:
    """A dark picture with a bright square where the case's box is."""
    grey = np.full((ROWS, COLUMNS), 40, np.uint8)
    cx, cy, w, h = FRACTURED.boxes[0]
    top, bottom = round((cy - h / 2) * ROWS), round((cy + h / 2) * ROWS)
    left, right = round((cx - w / 2) * COLUMNS), round((cx + w / 2) * COLUMNS)
    grey[top:bottom, left:right] = 255
    return grey


def _inside(view: View) -> torch.Tensor:
    """The middle of the view's box."""
    left, top, right, bottom = view.boxes[0].round().int().tolist()
    x, y = (left + right) // 2, (top + bottom) // 2
    return view.pixels[0, y - 2 : y + 3, x - 2 : x + 3]


@pytest.mark.parametrize("seed", range(12))
def test_a_window_keeps_the_box_on_what_it_marks(seed: int) -> None:
    """Turned, mirrored and scaled, the box's middle still shows the marked square."""
    rng = np.random.default_rng(seed)
    view = window(FRACTURED, _marked(), 256, 400, rng)
    assert view.pixels.shape == (1, 256, 256)
    if len(view.boxes):
        assert _inside(view).mean() > view.pixels.median() + 0.5


@pytest.mark.parametrize("seed", range(6))
def test_a_whole_view_keeps_aspect_and_box(seed: int) -> None:
    """The canvas has the picture's shape; the fracture stays in view and in its place."""
    view = whole(FRACTURED, _marked(), 320, np.random.default_rng(seed))
    assert view.pixels.shape[1] > view.pixels.shape[2]
    assert len(view.boxes) == 1
    assert _inside(view).mean() > view.pixels.median() + 0.5


def test_a_fracture_that_is_cut_off_does_not_count() -> None:
    """A view with less than half of a box is one without a fracture."""
    corner = replace(FRACTURED, boxes=((0.0, 0.0, 0.3, 0.3),))
    seen = [
        len(window(corner, _marked(), 64, 400, np.random.default_rng(seed)).boxes)
        for seed in range(20)
    ]
    assert 0 in seen


def test_a_healthy_picture_has_no_boxes() -> None:
    """Nothing is marked where nothing is broken, and values stay within the network's range."""
    view = window(HEALTHY, _marked(), 128, 400, np.random.default_rng(0))
    assert view.boxes.shape == (0, 4)
    assert view.pixels.min() >= -1
    assert view.pixels.max() <= 1


def test_the_same_seed_gives_the_same_view() -> None:
    """Training can be repeated: chance comes from the seed alone."""
    one, other = (window(FRACTURED, _marked(), 128, 400, np.random.default_rng(5)) for _ in "ab")
    assert torch.equal(one.pixels, other.pixels)
    assert torch.equal(one.boxes, other.boxes)


def test_area_of_boxes_turned_inside_out_is_none() -> None:
    """A box that ends before it begins has no area."""
    boxes = torch.tensor([[0.0, 0.0, 2.0, 3.0], [2.0, 2.0, 1.0, 5.0]])
    assert area(boxes).tolist() == [6.0, 0.0]
