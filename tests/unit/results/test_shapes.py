"""Outlines and areas, against the plainest way to find them."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from pipelines.contract import Box, Contour, Mask, Polygon, Raster, Reference, Shape
from results.shapes import area, corners, inside, outlines, trace

ON = Reference(SOPClassUID="1.2.3", SOPInstanceUID="1.2.3.4")
Bits = NDArray[np.bool_]
Loops = list[tuple[tuple[float, float], ...]]


def masks(draw: Any) -> Bits:
    """Any small mask."""
    size = draw(st.tuples(st.integers(1, 9), st.integers(1, 9)))
    bits = draw(st.lists(st.booleans(), min_size=size[0] * size[1], max_size=size[0] * size[1]))
    return np.array(bits).reshape(size)


MASKS = st.composite(masks)()


def drawn(*lines: str) -> Bits:
    """A mask from a drawing of it."""
    return np.array([[character == "#" for character in line] for line in lines])


def filled_again(loops: Loops, shape: tuple[int, ...]) -> Bits:
    """What is inside of the outlines: crossed an odd number of times on the way to the left."""
    found = np.zeros(shape, bool)
    for row, column in np.ndindex(shape):
        x, y = column + 0.5, row + 0.5
        for loop in loops:
            for (x1, y1), (x2, y2) in zip(loop, loop[1:] + loop[:1], strict=True):
                if x1 == x2 and x1 < x and min(y1, y2) < y < max(y1, y2):
                    found[row, column] ^= True
    return found


def signed_area(loop: tuple[tuple[float, float], ...]) -> float:
    """Positive where the inside is on the right of the way, as y goes down."""
    pairs = zip(loop, loop[1:] + loop[:1], strict=True)
    return sum(x1 * y2 - x2 * y1 for (x1, y1), (x2, y2) in pairs) / 2


@settings(deadline=None, max_examples=300)
@given(MASKS)
def test_outlines_hold_exactly_the_mask(mask: Bits) -> None:
    """Filled again they give the mask, and their areas add up to its pixels, holes taken off."""
    loops = trace(mask)
    assert np.array_equal(filled_again(loops, mask.shape), mask)
    assert sum(map(signed_area, loops)) == mask.sum()


@settings(deadline=None, max_examples=300)
@given(MASKS)
def test_outlines_name_corners_only(mask: Bits) -> None:
    """Each point is a corner, the way alternates between across and down, no edge comes twice."""
    edges = []
    for loop in trace(mask):
        steps = list(zip(loop, loop[1:] + loop[:1], strict=True))
        across = [y1 == y2 for (_, y1), (_, y2) in steps]
        assert all(a != b for a, b in zip(across, across[1:] + across[:1], strict=True))
        assert all((x1 == x2) != (y1 == y2) for (x1, y1), (x2, y2) in steps)
        edges += [
            (x1 + (x2 > x1) * n - (x2 < x1) * n, y1 + (y2 > y1) * n - (y2 < y1) * n, x2 > x1)
            for (x1, y1), (x2, y2) in steps
            for n in range(int(abs(x2 - x1) + abs(y2 - y1)))
        ]
    assert len(edges) == corners(mask)


@pytest.mark.parametrize(
    ("mask", "expected"),
    [
        (drawn("..", ".."), []),
        (drawn("#"), [((0, 0), (1, 0), (1, 1), (0, 1))]),
        (drawn("....", "..#."), [((2, 1), (3, 1), (3, 2), (2, 2))]),
        (
            drawn("#.", "##"),
            [((0, 0), (1, 0), (1, 1), (2, 1), (2, 2), (0, 2))],
        ),
        (  # pixels that touch at a corner are two parts
            drawn("#.", ".#"),
            [((0, 0), (1, 0), (1, 1), (0, 1)), ((1, 1), (2, 1), (2, 2), (1, 2))],
        ),
        (
            drawn(".#", "#."),
            [((1, 0), (2, 0), (2, 1), (1, 1)), ((0, 1), (1, 1), (1, 2), (0, 2))],
        ),
        (  # a hole goes the other way round
            drawn("###", "#.#", "###"),
            [((0, 0), (3, 0), (3, 3), (0, 3)), ((1, 2), (2, 2), (2, 1), (1, 1))],
        ),
    ],
)
def test_outlines_by_hand(mask: Bits, expected: Loops) -> None:
    """From the outer corner of the first pixel, the inside on the right, upper left point first."""
    assert trace(mask) == expected


def test_the_outline_of_a_large_blob_is_quick() -> None:
    """A lesion over most of a radiograph takes less than a fifth of a second."""
    y, x = np.ogrid[:3000, :2500]
    mask = ((y - 1500) / 1300) ** 2 + ((x - 1250) / 1100) ** 2 < 1
    start = time.process_time()
    (loop,) = trace(mask)
    assert time.process_time() - start < 0.2
    assert signed_area(loop) == mask.sum()


def test_the_outlines_of_noise_take_time_in_proportion() -> None:
    """A hundred thousand edges are followed in well under a second."""
    mask = np.random.default_rng(1).random((320, 320)) < 0.5
    assert corners(mask) > 100_000
    start = time.process_time()
    loops = trace(mask)
    assert time.process_time() - start < 1
    assert sum(map(signed_area, loops)) == mask.sum()


def test_a_fraction_of_a_half_is_inside() -> None:
    """Below it is outside."""
    mask = Mask(on=ON, raster=Raster.of(np.array([[0.0, 0.4999, 0.5, 1.0]])))
    assert inside(mask).tolist() == [[False, False, True, True]]
    assert outlines(mask)[0].points == ((2, 0), (4, 0), (4, 1), (2, 1))


SHAPES: list[tuple[str, Shape, Bits]] = [
    (
        "a box on the edges of pixels",
        Box(on=ON, left=1, top=0, right=3, bottom=2),
        drawn(".##.", ".##.", "...."),
    ),
    (
        "a box that just holds the centres",
        Box(on=ON, left=0.5, top=0.5, right=2.5, bottom=1.6),
        drawn("##..", "##..", "...."),
    ),
    (
        "a box between centres",
        Box(on=ON, left=0.6, top=0.6, right=1.4, bottom=1.4),
        drawn("....", "....", "...."),
    ),
    (
        "a box that stands out",
        Box(on=ON, left=-1, top=-1, right=9, bottom=1),
        drawn("####", "....", "...."),
    ),
    (
        "a triangle",
        Polygon(on=ON, points=((0, 0), (4, 0), (0, 4))),
        drawn("###.", "##..", "#..."),
    ),
    (
        "the same the other way round",
        Polygon(on=ON, points=((0, 4), (4, 0), (0, 0))),
        drawn("###.", "##..", "#..."),
    ),
    (
        "a bow tie, inside by the even-odd rule",
        Polygon(on=ON, points=((0, 0), (4, 3), (4, 0), (0, 3))),
        drawn("#..#", "####", "#..#"),
    ),
    (
        "a polygon that runs along itself has no inside",
        Polygon(on=ON, points=((0, 1), (4, 1), (2, 1))),
        drawn("....", "....", "...."),
    ),
    (
        "a flat open line",
        Contour(on=ON, points=((0.2, 1.5), (2.5, 1.5))),
        drawn("....", "###.", "...."),
    ),
    (
        "a bent line up to the corner",
        Contour(on=ON, points=((0.5, 0.5), (0.5, 2.5), (4, 3))),
        drawn("#...", "#...", "####"),
    ),
    (
        "a line that ends where it began is an area",
        Contour(on=ON, points=((1, 0), (3, 0), (3, 2), (1, 2), (1, 0))),
        drawn(".##.", ".##.", "...."),
    ),
    (
        "a mask",
        Mask(on=ON, raster=Raster.of(drawn("#..#", ".##.", "...."))),
        drawn("#..#", ".##.", "...."),
    ),
]


@pytest.mark.parametrize(("name", "shape", "expected"), SHAPES)
def test_areas_by_hand(name: str, shape: Shape, expected: Bits) -> None:
    """A pixel belongs to an area that holds its centre; a line has those it goes through."""
    rows = ["".join(".#"[int(bit)] for bit in row) for row in area(shape, 3, 4)]
    assert rows == ["".join(".#"[int(bit)] for bit in row) for row in expected], name


@settings(deadline=None)
@given(MASKS)
def test_the_area_of_an_outline_is_the_mask(mask: Bits) -> None:
    """Outlined as polygons and filled again, a mask is the same to the pixel."""
    found = np.zeros_like(mask)
    for loop in trace(mask):
        found ^= area(Polygon(on=ON, points=loop), *mask.shape)
    assert np.array_equal(found, mask)


@settings(deadline=None)
@given(st.lists(st.tuples(st.floats(-1, 9), st.floats(-1, 7)), min_size=3, max_size=8))
def test_any_polygon_has_an_area(points: list[tuple[float, float]]) -> None:
    """Points outside, on one another, or in a line are no trouble."""
    found = area(Polygon(on=ON, points=tuple(points)), 6, 8)
    assert found.shape == (6, 8)
    turned = area(Polygon(on=ON, points=tuple(points[1:] + points[:1])), 6, 8)
    assert np.array_equal(found, turned)


@pytest.mark.parametrize(
    ("points", "closed"),
    [
        (((0, 0), (1, 1)), False),
        (((0, 0), (1, 1), (0, 0)), False),  # there and back has no inside
        (((0, 0), (1, 1), (0, 1)), False),
        (((0, 0), (1, 1), (0, 1), (0, 0)), True),
    ],
)
def test_a_contour_is_closed_where_it_ends_as_it_began(
    points: tuple[tuple[float, float], ...], closed: bool
) -> None:
    """And names that point once."""
    (outline,) = outlines(Contour(on=ON, points=points))
    assert outline.closed is closed
    assert outline.points == (points[:-1] if closed else points)


def test_a_box_is_outlined_by_its_corners() -> None:
    """Clockwise from the upper left one."""
    (outline,) = outlines(Box(on=ON, left=1, top=2, right=3, bottom=5))
    assert outline.points == ((1, 2), (3, 2), (3, 5), (1, 5))
    assert outline.closed


def test_an_empty_mask_has_no_outline() -> None:
    """There is nothing to draw."""
    assert outlines(Mask(on=ON, raster=Raster.of(np.zeros((3, 3), bool)))) == []
