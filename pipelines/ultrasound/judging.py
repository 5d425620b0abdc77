"""Whether a frame is a plain B-mode picture, by its pixels.

Echoes have no colour, or that of a tint. What departs from it is laid over them: flow, stiffness,
or the marks of a person, which are thin.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from pipelines.ultrasound.picture import Frame

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Picture = NDArray[np.uint8]
    Bools = NDArray[np.bool_]

DARK = 24
"""Up to this brightness there is nothing to see: black, and what lossy compression makes of it."""
LEAST_LIT = 0.05
"""In so little of it no organ can be seen."""
COLOURED = 40
"""So far red or blue departs from green, beyond what it usually does here."""
MOST_COLOURED = 0.003
"""Of the part looked at; a caliper's line is thinned away, a logo or a pointer is smaller."""
LOGO = 150
"""So many pixels they may have in a part that is small itself."""
COVERED = 0.25
"""Flow seldom fills so much of it; an elastogram does."""
MOST_WHITE = 0.5
"""A page of text is of one bright colour by half."""
STRONG = 0.5
"""So much of the brightness; sepia and its like have less."""
_THIN = 4
"""What is not as wide as this counts as a line or a letter."""
_EDGE = 10
"""Without regions a tenth on each side is left out: there are bars, words and logos."""
_SHADES = 16
_BLOCK = 8
FAINT = 8
"""Echoes of low gain are brighter than this in most of every block; lines and letters are not."""

BLANK = "hardly anything can be seen in it"
LINES = "it shows lines or words, and no echoes"
PAGE = "it shows a page, and no echoes"
DOPPLER = "it shows flow in colours"
ELASTOGRAM = "much of it is covered by colours, as in elastography or Doppler"


def kind(frame: Frame) -> str:
    """Why a frame is left out, as the end of a sentence; empty for a plain B-mode picture.

    All that the scanner calls a picture of tissue is looked at, and one part decides for all. A
    spectrum or an M-mode is not told from tissue here: headers do that.
    """
    reasons = [_kind(part) for part in _parts(frame)]
    if all(reasons):
        return reasons[0]
    return next((reason for reason in reasons if reason in (ELASTOGRAM, DOPPLER)), "")


def _parts(frame: Frame) -> Iterator[Picture]:
    rows, columns = frame.picture.shape[:2]
    down, across = rows // _EDGE, columns // _EDGE
    middle = (down, across, rows - down, columns - across)
    for top, left, bottom, right in [one.sector for one in frame.regions] or [middle]:
        yield frame.picture[top:bottom, left:right]


def _kind(part: Picture) -> str:
    brightness = part.max(axis=-1)
    lit = brightness > DARK
    if _white(brightness) > MOST_WHITE:
        return PAGE
    if lit.mean() < LEAST_LIT:
        return BLANK
    if _filled(brightness) < LEAST_LIT:
        return LINES
    covered = _wide(_departs(part, lit))
    if covered > COVERED:
        return ELASTOGRAM
    return DOPPLER if covered > max(MOST_COLOURED, LOGO / lit.size) else ""


def _white(brightness: Picture) -> float:
    """How much of it has one and the same bright shade."""
    counts = np.bincount(brightness.ravel(), minlength=256)
    return float(counts[128:].max() / brightness.size)


def _filled(brightness: Picture) -> float:
    """The share of blocks of which most is not black."""
    high, wide = (side // _BLOCK for side in brightness.shape)
    blocks = brightness[: high * _BLOCK, : wide * _BLOCK].reshape(high, _BLOCK, wide, _BLOCK)
    return float((np.median(blocks, axis=(1, 3)) > FAINT).mean())


def _departs(part: Picture, lit: Bools) -> Bools:
    """What has another colour than echoes have here.

    A tint is that of most pixels, or less of it, as many end in white. A strong one may go through
    several hues; then most pixels of a shade say what is usual for it.
    """
    red, green, blue = (part[..., channel].astype(np.int16) for channel in range(3))
    brightness = part.max(axis=-1)
    colours = red - green, blue - green
    tints = [float(np.median(colour[lit] / brightness[lit])) for colour in colours]
    strong = max(map(abs, tints)) > STRONG
    shade = (red + green + blue) // (3 * 256 // _SHADES)
    found = np.zeros(lit.shape, np.bool_)
    for colour, tint in zip(colours, tints, strict=True):
        if strong:
            usual = _usual(colour[lit], shade[lit])[shade]
            found |= np.abs(colour - usual) > COLOURED
        else:
            most = tint * brightness
            found |= (colour > np.maximum(most, 0) + COLOURED) | (
                colour < np.minimum(most, 0) - COLOURED
            )
    return found & lit


def _usual(colour: NDArray[np.int16], shade: NDArray[np.int16]) -> NDArray[np.int16]:
    """The median for each shade."""
    counts = np.bincount(shade.astype(np.int32) * 512 + colour + 256, minlength=512 * _SHADES)
    upto = counts.reshape(_SHADES, 512).cumsum(axis=1)
    found = np.argmax(2 * upto >= upto[:, -1:], axis=1) - 256
    return np.asarray(found, np.int16)


def _wide(marked: Bools) -> float:
    """The share of it that is no line and no letter."""
    for _ in range(2):
        count = max(1, len(marked) - _THIN + 1)
        within = marked[:count].copy()
        for step in range(1, _THIN):
            within &= marked[step : step + count]
        marked = within.T
    return float(marked.mean())
