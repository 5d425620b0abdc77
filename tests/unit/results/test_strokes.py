"""Lines along outlines, as thick on the one side as on the other."""

from __future__ import annotations

import numpy as np
import pytest

from pipelines.contract import Box, Contour, Mask, Polygon, Raster
from results.drawing.strokes import stroke
from tests.unit.results.pictures import flat, reference, rim


def test_a_mask_at_the_edge_of_the_frame_is_outlined_within_it() -> None:
    """The line follows the frame's own edge where the mask ends there."""
    mask = np.zeros((40, 50), np.bool_)
    mask[30:, 45:] = True
    line = stroke(Mask(on=reference(flat()), raster=Raster.of(mask)), 40, 50, 1)
    assert line is not None
    top, left, bottom, right = line.bounds
    found = np.zeros_like(mask)
    found[top:bottom, left:right] = line.line
    assert (found == rim(mask, 1, 1)).all()


@pytest.mark.parametrize("half", [1, 2, 3])
def test_a_box_is_drawn_like_the_mask_it_is(half: int) -> None:
    """Box, polygon and mask of the same pixels have the same line, however thick."""
    on = reference(flat())
    mask = np.zeros((60, 80), np.bool_)
    mask[20:41, 30:62] = True
    corners = ((30.0, 20.0), (62.0, 20.0), (62.0, 41.0), (30.0, 41.0))
    shapes = (
        Mask(on=on, raster=Raster.of(mask)),
        Box(on=on, left=30, top=20, right=62, bottom=41),
        Polygon(on=on, points=corners),
        Contour(on=on, points=(*corners, corners[0])),
    )
    for line in (stroke(shape, 60, 80, half) for shape in shapes):
        assert line is not None
        top, left, bottom, right = line.bounds
        found = np.zeros_like(mask)
        found[top:bottom, left:right] = line.line
        assert (found == rim(mask, half, half)).all()


def test_an_open_line_is_not_closed() -> None:
    """A fracture line has two ends."""
    shape = Contour(on=reference(flat()), points=((10.0, 10.0), (10.0, 40.0), (40.0, 40.0)))
    line = stroke(shape, 50, 50, 1)
    assert line is not None
    top, left, _, _ = line.bounds
    assert line.line[39 - top, 25 - left]
    assert not line.line[24 - top : 27 - top, 24 - left : 27 - left].any()
