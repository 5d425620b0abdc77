"""A frame of the source as a viewer shows it, to draw on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines import display
from pipelines.contract import Reference
from results.context import NotMade
from results.source import Source

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def shown(source: Source, on: Reference) -> NDArray[np.uint8]:
    """The frame in red, green and blue: rows, columns, 3; the array is the caller's to write to.

    Raises `NotMade` where there are no pixels that can be decoded.
    """
    try:
        return display.shown(source.whole(on.SOPInstanceUID), on.frame or 1)
    except display.NotShown as reason:
        raise NotMade(str(reason)) from reason
