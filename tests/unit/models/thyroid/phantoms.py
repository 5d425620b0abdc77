"""Made echoes with a nodule, and untrained networks, for what learns and judges."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from models.thyroid.data import Case, Frame
from models.thyroid.sector import Sector
from models.thyroid.sight import Sight


def echoes(
    rows: int = 300, columns: int = 400, *, dark: float = 0.5, specks: int = 0, seed: int = 0
) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """Grain with an ellipse as dark as that, with so many bright specks in it; and the ellipse."""
    rng = np.random.default_rng(seed)
    grain = 90 * (1 + 0.4 * ndimage.gaussian_filter(rng.standard_normal((rows, columns)), 1.2) * 3)
    y, x = np.mgrid[:rows, :columns]
    inside = ((y - rows * 0.45) / (rows * 0.17)) ** 2 + (
        (x - columns / 2) / (columns * 0.2)
    ) ** 2 < 1
    grain[inside] *= dark
    places = np.argwhere(ndimage.binary_erosion(inside, iterations=6))
    for row, column in places[rng.permutation(len(places))[:specks]]:
        grain[row : row + 3, column : column + 3] = 240
    return grain.clip(0, 255).astype(np.uint8), inside


def frame(number: int, *, suspicious: bool | None, fold_case: str = "", **kind: float) -> Frame:
    """A frame of the training data."""
    grey, inside = echoes(seed=number, **kind)  # type: ignore[arg-type]
    case = Case(
        file=f"{number}.jpg",
        mask=f"{number}.png",
        case=fold_case or str(number),
        suspicious=suspicious,
        tirads="",
        features=(suspicious, None, None, None, None),
    )
    rows, columns = grey.shape
    sight = Sight(grey, Sector(0, 0, rows, columns), (rows, columns))
    return Frame(case, sight, np.where(inside, 255, 0).astype(np.uint8))
