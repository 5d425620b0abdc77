"""From a stored loop to its frames as a viewer shows them, or the reason why one can't be read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import numpy as np
from pydicom import Dataset

from pipelines.contract import Rejected, refer
from pipelines.display import NotShown, described, shown
from pipelines.malformed import MALFORMED
from pipelines.stored import opened, quiet, side, sides
from pipelines.ultrasound.limits import why_not_by_size
from pipelines.ultrasound.picture import Frame, Loop
from pipelines.ultrasound.regions import REGIONS, regions

if TYPE_CHECKING:
    from numpy.typing import NDArray

_KEYWORDS = (
    *("Rows", "Columns", "NumberOfFrames", "BitsAllocated", "SamplesPerPixel", REGIONS),
    *sides.KEYWORDS,
)


def frames(loop: Loop, numbers: Iterable[int]) -> Iterator[Frame]:
    """These frames, counted from 1, in this order; each is read when it is asked for.

    No more than one is held, whatever the loop's length; going back in a deflated file is slow.
    Raises `Rejected` where one cannot be read; those after it can be asked for anew.
    """
    with opened(loop.instance, _KEYWORDS) as file:
        with quiet():
            said = described(file.header, 1, _KEYWORDS)
            reason = why_not_by_size(said.get)
            if reason:
                raise Rejected(reason)
            found, odd = regions(said.get, int(said.Rows), int(said.Columns))
        remarks = (*odd, *_sides(said))
        for number in numbers:
            with quiet():
                picture = _seen(file.alone(number))
            yield Frame(
                reference=refer(loop.instance, number if file.count > 1 else None),
                picture=picture,
                regions=found,
                remarks=remarks,
            )


def _sides(said: Dataset) -> Iterator[str]:
    _, contradicted = side(said)
    if contradicted:
        yield "Its attributes name both left and right, so the side is not known."


def _seen(ds: Dataset) -> NDArray[np.uint8]:
    try:
        return shown(ds, 1)
    except NotShown as reason:
        raise Rejected(str(reason)) from reason
    except MALFORMED as error:
        raise Rejected("its pixels are described in a way that cannot be followed") from error
