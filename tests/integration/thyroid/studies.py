"""Real frames of thyroids as studies, and what the pipeline says of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset
from pydicom.uid import UID

from bench.phantoms import us_thyroid
from models.opinion import Model, Opinion
from pipelines.contract import Findings, Mask, Study
from pipelines.thyroid.pipeline import Thyroid
from tests.unit.ultrasound.stored import changed, study_of

Picture = NDArray[np.uint8]
"""Rows x columns, or rows x columns x red, green, blue."""


class Remembering:
    """A model that is asked once of the very same picture."""

    def __init__(self, model: Model) -> None:
        self.model, self.card = model, model.card
        self.layer = getattr(model, "layer", "")
        self._known: dict[tuple[bytes, tuple[int, ...]], Opinion] = {}

    def look(self, grey: Picture) -> Opinion:
        """What the model says of it."""
        key = grey.tobytes(), grey.shape
        if key not in self._known:
            self._known[key] = self.model.look(grey)
        return self._known[key]


def loaded(folder: Path, **options: Any) -> Thyroid:
    """The pipeline with the shipped model."""
    made = Thyroid()
    made.configure(options, folder)
    made.load("cpu")
    return made


def scan(*frames: Picture, number: int = 1, **attributes: Any) -> Dataset:
    """A picture in colours, or a loop where there are several, and no regions in the header."""
    (ds,) = us_thyroid(size=64, frames=len(frames))
    rows, columns = frames[0].shape[:2]
    stack = np.stack(frames)
    if stack.ndim == 3:
        stack = np.repeat(stack[..., None], 3, axis=-1)
    uid = UID(f"{ds.SOPInstanceUID}"[:-3] + f"{number:03}")
    ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = uid
    told = {
        "Rows": rows,
        "Columns": columns,
        "InstanceNumber": number,
        "SequenceOfUltrasoundRegions": None,
        "PixelData": stack.tobytes(),
        **attributes,
    }
    return changed(ds, **told)


def moved(picture: Picture, count: int, step: int = 1) -> list[Picture]:
    """A sweep over a picture: each frame is so far aside of the last one."""
    return [np.roll(picture, step * (at - count // 2), axis=1) for at in range(count)]


def run(pipeline: Thyroid, study: Study) -> Findings:
    """What the pipeline says of a study."""
    return pipeline.run(study, lambda fraction, doing: None)


def said(pipeline: Thyroid, folder: Path, *datasets: Dataset) -> Findings:
    """What it says of a study of these."""
    folder.mkdir(parents=True, exist_ok=True)
    return run(pipeline, study_of(datasets, folder))


def chance(findings: Findings) -> float:
    """The probability of the study."""
    probability = findings.classifications[0].probability
    assert probability is not None
    return probability


def outlined(findings: Findings) -> NDArray[np.bool_]:
    """All that is outlined on the frame that is the first to have an outline; nothing: nothing."""
    masks = [
        shape for region in findings.regions for shape in region.shapes if isinstance(shape, Mask)
    ]
    first = min((mask.on.frame or 0 for mask in masks), default=0)
    arrays = [mask.raster.array > 0 for mask in masks if (mask.on.frame or 0) == first]
    return np.any(arrays, axis=0) if arrays else np.zeros((1, 1), np.bool_)


def agree(one: NDArray[np.bool_], other: NDArray[np.bool_]) -> float:
    """The Dice of two outlines; two that are empty agree."""
    taken = int(one.sum() + other.sum())
    return 2 * int((one & other).sum()) / taken if taken else 1.0


def another_series(datasets: Sequence[Dataset]) -> list[Dataset]:
    """The same as a series of their own."""
    uid = UID(f"{datasets[0].SeriesInstanceUID}"[:-3] + "002")
    return [changed(ds, SeriesNumber=2, SeriesInstanceUID=uid) for ds in datasets]
