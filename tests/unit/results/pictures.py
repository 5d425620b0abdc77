"""Plain images and findings on them, to test what is drawn."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset

from bench.phantoms import dx_extremity
from pipelines.contract import Algorithm, Concept, Findings, Reference, Region, Shape
from results.context import Context, Making
from results.source import Source

FRACTURE = Concept(value="125605004", scheme="SCT", meaning="Fracture of bone")
NODULE = Concept(value="237495005", scheme="SCT", meaning="Thyroid nodule")
CONTEXT = Context(
    pipeline="fracture",
    version="1.0.0",
    revision=1,
    content_datetime=datetime(2026, 1, 2, tzinfo=UTC),
)
SIZE = 256


def flat(rows: int = SIZE, columns: int = SIZE, grey: int = 100) -> Dataset:
    """A radiograph of one grey, on which everything that is drawn stands out."""
    (ds,) = dx_extremity(size=64)
    ds.Rows, ds.Columns, ds.BitsAllocated, ds.BitsStored, ds.HighBit = rows, columns, 8, 8, 7
    del ds.WindowCenter, ds.WindowWidth
    ds.PixelData = bytes([grey]) * (rows * columns)
    ds["PixelData"].VR = "OB"
    return ds


def reference(ds: Dataset, frame: int | None = None) -> Reference:
    """The image."""
    return Reference(SOPClassUID=ds.SOPClassUID, SOPInstanceUID=ds.SOPInstanceUID, frame=frame)


def making(ds: Dataset, **findings: Any) -> Making:
    """A run with these findings."""
    found = Findings(
        algorithm=Algorithm(name="fracture", version="1.0.0"),
        summary="",
        sources=(reference(ds),),
        **findings,
    )
    return Making(source=Source.of_datasets([ds]), findings=found, context=CONTEXT)


def region(*shapes: Shape, tracking: str = "r-1", **more: Any) -> Region:
    """A fracture of these shapes."""
    return Region(tracking=tracking, type=FRACTURE, shapes=shapes, label="Fracture", **more)


def rim(mask: NDArray[np.bool_], inner: int, outer: int) -> NDArray[np.bool_]:
    """The pixels within so many of another value's, by looking at every neighbour's neighbour."""
    rows, columns = mask.shape
    padded = np.pad(mask, outer)
    near_outside, near_inside = np.zeros_like(mask), np.zeros_like(mask)
    for reach, target, value in ((inner, near_outside, False), (outer, near_inside, True)):
        for down in range(-reach, reach + 1):
            for across in range(-reach, reach + 1):
                top, left = outer + down, outer + across
                target |= padded[top : top + rows, left : left + columns] == value
    found: NDArray[np.bool_] = (mask & near_outside) | (~mask & near_inside)
    return found


def blob(rows: int = SIZE, columns: int = SIZE) -> NDArray[np.bool_]:
    """A mask that is no two ways alike, with a hole."""
    y, x = np.ogrid[:rows, :columns]
    mask = ((y - 0.62 * rows) / (0.2 * rows)) ** 2 + (
        (x - 0.7 * columns) / (0.1 * columns)
    ) ** 2 < 1
    mask[round(0.6 * rows) : round(0.65 * rows), round(0.68 * columns) : round(0.72 * columns)] = 0
    return mask
