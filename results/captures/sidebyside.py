"""A page with two pictures of one frame beside each other, of a size to be read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from results.drawing.blocks import Line, block, stamp
from results.text import NOTICE

if TYPE_CHECKING:
    from numpy.typing import NDArray

_SMALLEST, _LARGEST = 512, 1024
"""Pixels that the longer side of a picture has on the page."""
_GAP = 8
_LETTERS = 14
_GROUND = 16


def side_by_side(
    original: NDArray[np.uint8], overlaid: NDArray[np.uint8], pixel: tuple[float, float]
) -> NDArray[np.uint8]:
    """The two under their titles; pixels that are not square become so."""
    left, right = (_fitted(picture, pixel) for picture in (original, overlaid))
    rows, columns = left.shape[:2]
    titles = [
        block([Line(text, bold=True)], _LETTERS, (rows, columns)) for text in ("Original", NOTICE)
    ]
    head = max(title.height for title in titles)
    page = np.full((head + rows, 2 * columns + _GAP, 3), _GROUND, np.uint8)
    for title, picture, begin in zip(titles, (left, right), (0, columns + _GAP), strict=True):
        stamp(page, title, 0, begin)
        page[head:, begin : begin + columns] = picture
    return page


def _fitted(picture: NDArray[np.uint8], pixel: tuple[float, float]) -> NDArray[np.uint8]:
    """The picture with square pixels, shrunk or enlarged to fit the page."""
    high, wide = (length / min(pixel) for length in pixel)
    high, wide = high * picture.shape[0], wide * picture.shape[1]
    longest = max(high, wide)
    scale = _LARGEST / longest if longest > _LARGEST else max(1, _SMALLEST // longest)
    size = max(1, round(wide * scale)), max(1, round(high * scale))
    if size == picture.shape[1::-1]:
        return picture
    whole = size[0] % picture.shape[1] == 0 and size[1] % picture.shape[0] == 0
    way = Image.Resampling.NEAREST if whole else Image.Resampling.BICUBIC
    return np.asarray(Image.fromarray(picture).resize(size, way, reducing_gap=2.0))
