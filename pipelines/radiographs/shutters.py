"""Which part of a frame shows the patient: within display shutters and collimator blades.

Rows and columns are counted from 1, and edges are the last that can be seen (PS3.3 C.7.6.11 and
C.8.7.3). What has several shapes shows what lies within them all.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw
from pydicom import Dataset

if TYPE_CHECKING:
    from numpy.typing import NDArray

_KINDS = {"Shutter": "the display shutter", "Collimator": "the collimation"}
_EDGES = ("UpperHorizontal", "LowerHorizontal", "LeftVertical", "RightVertical")
KEYWORDS = tuple(
    keyword
    for kind in _KINDS
    for keyword in (
        f"{kind}Shape",
        *(f"{kind}{edge}Edge" for edge in _EDGES),
        f"CenterOfCircular{kind}",
        f"RadiusOfCircular{kind}",
        f"VerticesOfThePolygonal{kind}",
    )
)
"""All that is looked at here."""
LEAST_SHOWN = 0.01
"""Whoever hides more than all but this of a frame means something else by the numbers."""
_FAR = 100_000


def visible(
    said: Dataset, rows: int, columns: int, aspect: float
) -> tuple[NDArray[np.bool_], list[str]]:
    """Which pixels lie within, and what could not be followed, in words."""
    shown = np.ones((rows, columns), np.bool_)
    ignored = []
    for kind, called in _KINDS.items():
        shapes = list(_shapes(said, kind))
        if not shapes:
            continue
        within = shown.copy()
        for shape in shapes:
            _ONLY[shape](within, said, kind, aspect)
        if np.count_nonzero(within) < LEAST_SHOWN * within.size:
            ignored.append(called)
        else:
            shown = within
    return shown, ignored


def _shapes(said: Dataset, kind: str) -> Iterator[str]:
    stated = said.get(f"{kind}Shape") or ()
    for shape in [stated] if isinstance(stated, str) else stated:
        if str(shape).strip().upper() in _ONLY:
            yield str(shape).strip().upper()


def _numbers(said: Dataset, keyword: str) -> list[int]:
    """The values as whole numbers within reason; none where they are anything else."""
    value = said.get(keyword)
    try:
        several = [value] if isinstance(value, int | float | str) else list(value or ())
        return [max(-_FAR, min(_FAR, int(number))) for number in several]
    except (TypeError, ValueError, OverflowError):
        return []


def _only_rectangle(shown: NDArray[np.bool_], said: Dataset, kind: str, _aspect: float) -> None:
    """An edge that is not stated is that of the frame."""
    rows, columns = shown.shape
    edges = [_numbers(said, f"{kind}{edge}Edge") for edge in _EDGES]
    whole = (1, rows, 1, columns)
    top, bottom, left, right = (
        found[0] if found else edge for found, edge in zip(edges, whole, strict=True)
    )
    shown[: max(0, top - 1)] = False
    shown[max(0, bottom) :] = False
    shown[:, : max(0, left - 1)] = False
    shown[:, max(0, right) :] = False


def _only_circle(shown: NDArray[np.bool_], said: Dataset, kind: str, aspect: float) -> None:
    """The radius is counted along a row, so that high pixels make fewer rows of it."""
    centre = _numbers(said, f"CenterOfCircular{kind}")
    radius = _numbers(said, f"RadiusOfCircular{kind}")
    if len(centre) != 2 or len(radius) != 1 or radius[0] <= 0:
        return
    y = (np.arange(1, shown.shape[0] + 1) - centre[0]) * aspect
    x = np.arange(1, shown.shape[1] + 1) - centre[1]
    shown &= (y**2)[:, None] + (x**2)[None, :] <= radius[0] ** 2


def _only_polygon(shown: NDArray[np.bool_], said: Dataset, kind: str, _aspect: float) -> None:
    ends = _numbers(said, f"VerticesOfThePolygonal{kind}")
    corners = list(zip(ends[1::2], ends[::2], strict=False))
    if len(corners) < 3:
        return
    drawn = Image.new("1", shown.shape[::-1])
    ImageDraw.Draw(drawn).polygon([(x - 1, y - 1) for x, y in corners], fill=1, outline=1)
    shown &= np.asarray(drawn)


_ONLY = {"RECTANGULAR": _only_rectangle, "CIRCULAR": _only_circle, "POLYGONAL": _only_polygon}
