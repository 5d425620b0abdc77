"""What was drawn or written into an ultrasound picture, filled up from around it.

Some words tell the answer ('TIRADS 5'), and a caliper says where somebody saw something. What a
network sees must not depend on either, nor on whether somebody blackened them. Drawn is what has a
colour, the strokes of letters and calipers, and flat black boxes.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from models.thyroid.strokes import Mask, strokes

Grey = NDArray[np.uint8]

TINTED = 28
"""Red, green and blue of an echo differ by no more than this."""
OWN_COLOUR = 0.4
"""Where this share of what is bright has a colour, it is that of the echoes."""
BLACK = 20
"""Boxes behind words, and what was blackened, are darker than this."""
AROUND = 5
"""Black so near to a stroke was drawn with it."""
BOX = 3
"""The smallest box is larger than twice this."""
FLAT = 7
"""The greys of a black box are no more than this on average."""
ROUND = 0.1
"""More black than this around a square says that it lies in something round: a cyst, a vessel."""
RECTANGULAR, LARGEST = 0.93, 0.25
"""A box fills this share of the rectangle around it, and no more of the picture than that."""

GRAIN = 4
"""Pixels around one that its grain is told from."""
FROM = [
    (down * away, aside * away)
    for away in (6, 10, 16, 24, 36)
    for down, aside in ((1, 0), (-1, 0), (0, 1), (0, -1))
]
"""How far from a hidden pixel its grain is taken."""


def marked(picture: NDArray[np.uint8]) -> tuple[Grey, Mask]:
    """The greys of a picture, and where something was drawn into it."""
    grey, tinted = _greyed(picture)
    drawn = wider(tinted | strokes(grey), 2)
    drawn |= _outlined(grey, drawn)
    drawn |= _boxes(grey, drawn)
    return grey, drawn


def filled(grey: Grey, hidden: Mask) -> Grey:
    """Hidden pixels as what is around them, with its grain: neither strokes nor smooth spots arise.

    Smoothness says something of a nodule.
    """
    if not hidden.any() or hidden.all():
        return grey
    values = grey.astype(np.float32)
    _spread(values, ~hidden)
    _grain(values, hidden)
    return np.asarray(np.rint(values.clip(0, 255)), np.uint8)


def wider(mask: Mask, by: int) -> Mask:
    """A mask grown by so many pixels to all sides; much faster than a filter of that size."""
    high, rows = np.pad(mask, ((by, by), (0, 0))), mask.copy()
    for start in range(2 * by + 1):
        rows |= high[start : start + mask.shape[0]]
    long, grown = np.pad(rows, ((0, 0), (by, by))), rows.copy()
    for start in range(2 * by + 1):
        grown |= long[:, start : start + mask.shape[1]]
    return grown


def _greyed(picture: NDArray[np.uint8]) -> tuple[Grey, Mask]:
    """The greys of a picture, and where it has a colour that the echoes have not."""
    if picture.ndim == 2:
        return picture, np.zeros(picture.shape, np.bool_)
    red, green, blue = (picture[..., channel].astype(np.uint16) for channel in range(3))
    grey = (77 * red + 150 * green + 29 * blue + 128) >> 8
    most = np.maximum(np.maximum(red, green), blue)
    tinted = most - np.minimum(np.minimum(red, green), blue) > TINTED
    if np.count_nonzero(tinted) > OWN_COLOUR * np.count_nonzero(most > 2 * TINTED):
        tinted = np.zeros_like(tinted)
    return grey.astype(np.uint8), tinted


def _outlined(grey: Grey, drawn: Mask) -> Mask:
    """Black that was drawn around strokes: an outline, or the rim of a box."""
    return wider(wider(drawn, AROUND) & (grey < BLACK), 1)


def _boxes(grey: Grey, drawn: Mask) -> Mask:
    """Flat black rectangles, with words in them or without."""
    boxes = np.zeros(grey.shape, np.bool_)
    black = (grey < BLACK) | drawn
    names, _ = ndimage.label(~wider(~black, BOX))
    for name, where in enumerate(ndimage.find_objects(names), 1):
        inside = names[where] == name
        if inside.mean() > RECTANGULAR and inside.size < LARGEST * grey.size:
            box, rim = (_beyond(where, by, grey.shape) for by in (BOX, BOX + 2))
            plain = grey[box][~drawn[box]]
            around = black[rim].size - black[box].size
            enclosed = black[rim].sum() - black[box].sum() < ROUND * around
            if enclosed and plain.size and plain.mean() <= FLAT:
                boxes[_beyond(where, BOX + 1, grey.shape)] = True
    return boxes


def _beyond(part: tuple[slice, slice], by: int, shape: tuple[int, ...]) -> tuple[slice, slice]:
    """A part of a picture, and so many pixels around it."""
    rows, columns = (
        slice(max(side.start - by, 0), min(side.stop + by, size))
        for side, size in zip(part, shape, strict=True)
    )
    return rows, columns


def _grain(values: NDArray[np.float32], hidden: Mask) -> None:
    """Give hidden pixels the grain of those above, below or beside them, the nearest first."""
    grain = values - ndimage.uniform_filter(values, 2 * GRAIN + 1)
    rows, columns = np.nonzero(hidden)
    given, left = np.zeros(len(rows), np.float32), np.ones(len(rows), np.bool_)
    for down, aside in FROM:
        row, column = rows + down, columns + aside
        inside = (row >= 0) & (row < hidden.shape[0]) & (column >= 0) & (column < hidden.shape[1])
        row, column = np.where(inside, row, rows), np.where(inside, column, columns)
        here = left & ~hidden[row, column]
        given[here] = grain[row[here], column[here]]
        left &= ~here
    values[hidden] += given


def _spread(values: NDArray[np.float32], known: Mask) -> None:
    """Fill what is not known from the same at half the size, where four pixels are one."""
    wanted = np.argwhere(~known).T
    if not wanted.size:
        return
    odd = [(0, length % 2) for length in known.shape]
    four = (-(-known.shape[0] // 2), 2, -(-known.shape[1] // 2), 2)
    weights = np.pad(known, odd).reshape(four).sum(axis=(1, 3))
    sums = np.pad(np.where(known, values, 0), odd).reshape(four).sum(axis=(1, 3))
    coarse = (sums / np.maximum(weights, 1)).astype(np.float32)
    _spread(coarse, weights > 0)
    values[~known] = ndimage.map_coordinates(coarse, (wanted - 0.5) / 2, order=1, mode="nearest")
