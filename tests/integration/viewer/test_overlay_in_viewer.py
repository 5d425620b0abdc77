"""The overlay in Orthanc's web viewer: its line is where the mask is, the rest is the source."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from pipelines.contract import Mask, Raster
from results.drawing.colours import of_region
from results.shapes import outlines
from tests.integration.results.sources import references
from tests.integration.viewer.page import Open, Picture
from tests.integration.viewer.studies import SOURCES, Bits, found, letter, made, store
from tests.peers.orthanc import Orthanc

ROUNDING = {"dx": 1, "dx-inverted": 1, "ct": 3, "us-colour": 0}
"""Greys by which the viewer differs from PS3.3 C.11.2.1.2, whose half steps it leaves out.

The narrower the window, the more that is: that of the CT is 100 wide.
"""
COLOUR, _ = of_region(0)


class Case:
    """A source and its overlay in Orthanc, and what the viewer shows of both."""

    def __init__(self, name: str, orthanc: Orthanc, opened: Open) -> None:
        self.rounding = ROUNDING[name]
        datasets = SOURCES[name]()
        # Of several slices the middle one, so that a mistaken order would be seen.
        image = datasets[len(datasets) // 2]
        mask = letter(image.Rows, image.Columns)
        (on,) = references([image])
        self.mask = Mask(on=on, raster=Raster.of(mask))
        self.overlay, page = made("overlay", datasets, found(datasets, {on: mask}))
        store(orthanc, [*datasets, self.overlay, page])
        with opened(image.SeriesInstanceUID) as viewer:
            self.source = viewer.plainly().shown(image.SOPInstanceUID)
        with opened(self.overlay.SeriesInstanceUID) as viewer:
            self.as_opened, self.scale = viewer.as_opened()
            self.drawn = viewer.plainly().shown(self.overlay.SOPInstanceUID)
            self.page = viewer.shown(page.SOPInstanceUID)


@pytest.fixture(scope="module", params=list(SOURCES))
def case(request: pytest.FixtureRequest, orthanc: Orthanc, opened: Open) -> Case:
    """Each source with its overlay."""
    return Case(request.param, orthanc, opened)


def around(mask: Mask, reach: int) -> Bits:
    """The pixels that come within so many of the outlines of a mask."""
    near = np.zeros((mask.raster.rows, mask.raster.columns), np.bool_)
    for outline in outlines(mask):
        ends = (*outline.points[1:], outline.points[0])
        for (x1, y1), (x2, y2) in zip(outline.points, ends, strict=True):
            left, right = sorted((int(x1), int(x2)))
            top, bottom = sorted((int(y1), int(y2)))
            near[max(0, top - reach) : bottom + reach, max(0, left - reach) : right + reach] = True
    return near


def greys_apart(one: Picture, other: Picture) -> NDArray[np.int64]:
    """By how much two pictures differ, pixel by pixel."""
    apart: NDArray[np.int64] = np.abs(one.astype(np.int64) - other).max(axis=-1)
    return apart


def boxes(marked: Bits) -> list[tuple[int, int, int, int]]:
    """The upright boxes around the heaps of marked pixels: left, top, right and bottom."""
    heaps = Image.fromarray(np.uint8(marked) * 255).filter(ImageFilter.MaxFilter(9))
    found = []
    while (where := np.argwhere(np.asarray(heaps) == 255)).size:
        ImageDraw.floodfill(heaps, (int(where[0][1]), int(where[0][0])), 1)
        found.append(heaps.point(lambda value: value == 1).getbbox() or (0, 0, 0, 0))
        heaps = heaps.point(lambda value: value if value == 255 else 0)
    return found


def test_the_line_is_where_the_mask_is(case: Case) -> None:
    """On the screen the region's colour has a pixel on either side of the outline, and no other."""
    line, near = around(case.mask, 1), around(case.mask, 4)
    coloured = (case.drawn == COLOUR).all(axis=-1)
    assert 100 < line.sum() < near.sum()
    assert np.array_equal(coloured & near, line)


def test_every_pixel_is_as_it_was_drawn(case: Case) -> None:
    """The screenshot is the picture in the object, colour by colour."""
    assert np.array_equal(case.drawn, case.overlay.pixel_array)


def test_elsewhere_it_is_the_source(case: Case) -> None:
    """But for the line and two texts it is what the same viewer shows of the source."""
    assert case.source.std() > 10
    changed = greys_apart(case.drawn, case.source) > case.rounding
    texts = boxes(changed & ~around(case.mask, 2))
    assert len(texts) == 2
    written = np.zeros(changed.shape, np.bool_)
    for left, top, right, bottom in texts:
        # Heaps were grown by four pixels to each side, so that letters hold together.
        written[top + 4 : bottom - 4, left + 4 : right - 4] = True
    assert not (written & around(case.mask, 1)).any()
    assert written.mean() < 0.2


def test_the_page_shows_both_side_by_side(case: Case) -> None:
    """The source at the left and the overlay at the right, each pixel as four of the page."""
    source, drawn = (p.repeat(2, axis=0).repeat(2, axis=1) for p in (case.source, case.drawn))
    rows, columns = drawn.shape[:2]
    assert np.array_equal(case.page[-rows:, -columns:], drawn)
    assert greys_apart(case.page[-rows:, :columns], source).max() <= case.rounding


def test_as_it_opens_the_line_is_there_too(case: Case) -> None:
    """Enlarged, smoothed and as a JPEG image, which is what anybody sees first."""
    assert case.scale > 2
    seen = at_their_centres(case.as_opened, case.scale, case.drawn.shape[:2]).astype(int)
    line, rim = around(case.mask, 1), around(case.mask, 2)
    bright = seen @ (0.299, 0.587, 0.114) > 100
    assert np.array_equal(bright & rim, line)
    blue = (seen[..., 2] - seen[..., 0])[line]
    assert blue.mean() > 80


def at_their_centres(picture: Picture, scale: float, size: tuple[int, ...]) -> Picture:
    """What an enlarged picture in the middle of its window has at the centre of each pixel."""
    y, x = (
        np.floor(room / 2 + (np.arange(count) + 0.5 - count / 2) * scale).astype(int)
        for room, count in zip(picture.shape[:2], size, strict=True)
    )
    seen: Picture = picture[y[:, None], x]
    return seen
