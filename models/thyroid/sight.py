"""What a network is shown of an ultrasound picture: the echoes alone, as greys."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from models.thyroid.marks import Grey, filled, marked
from models.thyroid.sector import Sector, found

T = TypeVar("T", bound=np.generic)


@dataclass(frozen=True)
class Sight:
    """The greys inside the sector, without marks, and where they lie in the picture."""

    grey: Grey
    sector: Sector
    shape: tuple[int, int]
    """Rows and columns of the whole picture."""

    def over_picture(self, part: NDArray[T]) -> NDArray[T]:
        """A map over the sight's greys, placed in the whole picture; 0 elsewhere."""
        whole = np.zeros(self.shape, part.dtype)
        whole[self.sector.slices] = part
        return whole


def seen(picture: NDArray[np.uint8], sector: Sector | None = None) -> Sight | None:
    """What there is to see in rows x columns, or rows x columns x red, green, blue.

    A sector that is known (the scanner's own) is taken as it is, else it is looked for; None where
    no echoes are to be found.
    """
    grey, drawn = marked(picture)
    inside = sector or found(grey, drawn)
    if inside is None:
        return None
    rows, columns = grey.shape
    echoes = filled(grey[inside.slices], drawn[inside.slices])
    return Sight(np.ascontiguousarray(echoes), inside, (rows, columns))
