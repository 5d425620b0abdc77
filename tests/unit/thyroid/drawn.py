"""Ultrasound of necks with nodules of known size and brightness, as real DICOM files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset
from pydicom.uid import generate_uid
from scipy import ndimage

from bench.phantoms import us_thyroid
from pipelines.contract import Findings
from pipelines.thyroid.pipeline import Thyroid
from tests.unit.radiographs.stored import changed, study_of

SIZE = 256
FAINTEST, DARKEST = 140, 90
"""Echoes are brighter than the one; a nodule is at least as dark, and at most as the other. What is
brighter than its surroundings might be taken for letters."""
_ECHOES = 152, 165
Spot = tuple[float, float, float, int]
"""Row, column, radius and grey."""
COLOURED = (255, 120, 100)


def spot(chance: float, row: float = 150, column: float = 128, radius: float = 30) -> Spot:
    """A nodule which the small model finds suspicious so much."""
    return row, column, radius, round(FAINTEST + chance * (DARKEST - FAINTEST))


def neck(*frames: Sequence[Spot], colour: Sequence[int] = (), **attributes: Any) -> Dataset:
    """A picture, or a loop where there are several frames; these frames show flow in colour."""
    (ds,) = us_thyroid(size=SIZE, frames=len(frames), text=False)
    stack = ds.pixel_array.reshape(len(frames), SIZE, SIZE, 3).copy()
    for number, spots in enumerate(frames):
        echoes = stack[number].min(axis=-1, keepdims=True)
        sector = ndimage.binary_closing(echoes > 0, np.ones((7, 7, 1)))
        stack[number] = np.where(sector, np.interp(echoes, (0, 255), _ECHOES), 0)
        for one in spots:
            stack[number][_inside(one)] = one[3]
        if number in colour:
            stack[number, 110:150, 60:120] = COLOURED
    ds.PixelData = stack.tobytes()
    ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    return changed(ds, **attributes)


def _inside(one: Spot) -> NDArray[np.bool_]:
    y, x = np.mgrid[:SIZE, :SIZE] + 0.5
    row, column, radius, _ = one
    inside: NDArray[np.bool_] = (y - row) ** 2 + (x - column) ** 2 <= radius**2
    return inside


def run(pipeline: Thyroid, folder: Path, *datasets: Dataset) -> Findings:
    """The findings on a study of these."""
    return pipeline.run(study_of(datasets, folder), lambda fraction, doing: None)
