"""Pictures that have no room for all the text: lines are kept clear, and it says 'AI' at least."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from pipelines.contract import Box, Classification, Presence, Region
from results.drawing import draw_over, drawn
from results.drawing.blocks import Line, block, stamp
from results.drawing.colours import BLACK, REGIONS
from tests.unit.results.pictures import FRACTURE, flat, making, reference, region


def _pictured(size: int, *boxes: tuple[int, int, int, int], **more: Any) -> Any:
    """A small grey picture with fractures in these boxes: left, top, right, bottom."""
    ds = flat(size, size)
    on = reference(ds)
    found: list[Region] = []
    for number, (left, top, right, bottom) in enumerate(boxes):
        shape = Box(on=on, left=left, top=top, right=right, bottom=bottom)
        found.append(region(shape, tracking=f"r-{number}", score=0.9))
    return drawn(making(ds, regions=tuple(found), **more), on)


def _line(picture: Any, left: int, top: int, right: int, bottom: int) -> Any:
    """The pixels of a box's line and its rim."""
    outer = np.zeros(picture.shape[:2], np.bool_)
    outer[max(0, top - 2) : bottom + 2, max(0, left - 2) : right + 2] = True
    outer[top + 2 : bottom - 2, left + 2 : right - 2] = False
    return picture[outer].reshape(-1, 3)


@pytest.mark.parametrize("size", [16, 32, 48, 64])
@pytest.mark.parametrize("share", [(0, 0, 1, 1), (0.1, 0.1, 0.9, 0.9), (0.3, 0.3, 0.7, 0.7)])
def test_no_text_is_over_an_outline(size: int, share: tuple[float, ...]) -> None:
    """Line and rim have their two colours all along, whatever is written beside them."""
    left, top, right, bottom = (round(part * size) for part in share)
    said = Classification(name=FRACTURE, value=Presence.PRESENT, probability=0.9)
    picture = _pictured(size, (left, top, right, bottom), classifications=(said,))
    colours = {tuple(pixel) for pixel in _line(picture, left, top, right, bottom).tolist()}
    assert colours == {REGIONS[0], BLACK}


def test_a_small_picture_says_at_least_that_it_is_of_ai() -> None:
    """Where the notice would take much of it, the two letters stand whole in its corner."""
    made = block([Line("AI", bold=True)], 7, (32, 32))
    wanted = np.full((32, 32, 3), 100, np.uint8)
    stamp(wanted, made, 0, 0)
    assert not made.cut
    assert (_pictured(32) == wanted).all()


def test_lines_are_over_the_letters_where_nothing_else_is_left() -> None:
    """Where outlines leave no pixel free, nothing but outlines is seen."""
    boxes = [(at, 0, at + 4, 32) for at in range(0, 32, 4)]
    picture = _pictured(32, *boxes)
    colours = {tuple(pixel) for pixel in picture.reshape(-1, 3).tolist()}
    assert colours <= {*REGIONS, BLACK}


def test_a_label_with_no_room_is_left_out() -> None:
    """Not written over the outline of another region or over the notice."""
    ds = flat(32, 32)
    on = reference(ds)
    box = region(Box(on=on, left=2, top=14, right=30, bottom=30), score=0.9)
    with_label, bare = (np.full((32, 32, 3), 100, np.uint8) for _ in range(2))
    draw_over(with_label, making(ds, regions=(box,)), on)
    draw_over(bare, making(ds), on)
    notice = block([Line("AI", bold=True)], 7, (32, 32))
    there = np.s_[: notice.height, : notice.width]
    assert (with_label[there] == bare[there]).all()
