"""What lies around a real picture, or is stamped into it, does not change what is said of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from pydicom import DataElement, Dataset

from pipelines.contract import Box, Findings, HeatMap
from pipelines.fracture.pipeline import Fracture
from tests.real import radiographs
from tests.unit.radiographs.stored import changed, put, radiograph, study_of

Grey = NDArray[np.uint8]
TOP, LEFT, BOTTOM, RIGHT = 40, 24, 64, 8
"""How much is around it, in pixels."""


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory: pytest.TempPathFactory) -> Fracture:
    """The pipeline with the shipped model."""
    made = Fracture()
    made.configure({}, tmp_path_factory.mktemp("none"))
    made.load("cpu")
    return made


@pytest.fixture(scope="module")
def picture(pipeline: Fracture) -> Grey:
    """A real fracture that the model sees, and is not sure of."""
    model = pipeline.model
    for found in radiographs("1", 20):
        opinion = model.look(found)
        if model.card.threshold < opinion.probability < 0.98 and not opinion.reasons:
            return found
    raise AssertionError("The model is sure of each of twenty fractures.")


@pytest.fixture(scope="module")
def plain(pipeline: Fracture, picture: Grey, tmp_path_factory: pytest.TempPathFactory) -> Findings:
    """What is said of the picture as it is."""
    return said_of(pipeline, stored(picture), tmp_path_factory.mktemp("plain"))


def stored(picture: Grey, **attributes: Any) -> Dataset:
    """A picture as a DX of an adult."""
    ds = radiograph(WindowCenter=None, WindowWidth=None, PatientAge="040Y", ImagerPixelSpacing=None)
    return changed(put(ds, picture), **attributes)


def around(picture: Grey, value: int) -> Grey:
    """The picture with a border of one grey."""
    return np.pad(picture, ((TOP, BOTTOM), (LEFT, RIGHT)), constant_values=value)


def shuttered(picture: Grey, kind: str, value: int) -> Dataset:
    """With a border, and a header that says where it is."""
    rows, columns = picture.shape
    edges = {
        f"{kind}Shape": "RECTANGULAR",
        f"{kind}UpperHorizontalEdge": TOP + 1,
        f"{kind}LowerHorizontalEdge": TOP + rows,
        f"{kind}LeftVerticalEdge": LEFT + 1,
        f"{kind}RightVerticalEdge": LEFT + columns,
    }
    return stored(around(picture, value), **edges)


def padded(picture: Grey) -> Dataset:
    """With a border of a value that stands for nothing."""
    ds = stored(around(picture.clip(0, 254), 255))
    ds["PixelPaddingValue"] = DataElement("PixelPaddingValue", "US", 255)
    return ds


def said_of(pipeline: Fracture, ds: Dataset, folder: Path) -> Findings:
    """What the pipeline says of it."""
    return pipeline.run(study_of([ds], folder), lambda fraction, doing: None)


def moved(found: Findings, down: int, right: int) -> list[tuple[float, ...]]:
    """The corners of the boxes, moved back."""
    boxes = [shape for region in found.regions for shape in region.shapes]
    assert all(isinstance(box, Box) for box in boxes)
    return [
        (box.left - right, box.top - down, box.right - right, box.bottom - down)
        for box in boxes
        if isinstance(box, Box)
    ]


def hottest(heatmap: HeatMap, rows: int, columns: int) -> tuple[float, float]:
    """Where the middle of the heat is, in pixels of a frame of this size."""
    cells = heatmap.raster.array.astype(float)
    y, x = (np.arange(side) + 0.5 for side in cells.shape)
    total = cells.sum()
    return (
        float(cells.sum(1) @ y / total * rows / cells.shape[0]),
        float(cells.sum(0) @ x / total * columns / cells.shape[1]),
    )


@pytest.mark.parametrize(
    "how", ["a black border", "a shutter", "a white shutter", "collimation", "padding"]
)
def test_what_is_around_it_changes_nothing(
    pipeline: Fracture, picture: Grey, plain: Findings, how: str, tmp_path: Path
) -> None:
    """The same probability, boxes at the same place of the picture, heat at the same place."""
    ds = {
        "a black border": lambda: stored(around(picture, 0)),
        "a shutter": lambda: shuttered(picture, "Shutter", 0),
        "a white shutter": lambda: shuttered(picture, "Shutter", 255),
        "collimation": lambda: shuttered(picture, "Collimator", 90),
        "padding": lambda: padded(picture),
    }[how]()
    found = said_of(pipeline, ds, tmp_path)
    (before,), (after,) = plain.classifications, found.classifications
    assert after.probability == pytest.approx(before.probability, abs=0.02)
    assert after.value is before.value
    assert plain.regions
    assert moved(found, TOP, LEFT) == pytest.approx(np.array(moved(plain, 0, 0)), abs=2)
    rows, columns = picture.shape
    y, x = hottest(plain.heatmaps[0], rows, columns)
    frame = rows + TOP + BOTTOM, columns + LEFT + RIGHT
    assert hottest(found.heatmaps[0], *frame) == pytest.approx((y + TOP, x + LEFT), abs=4)


def test_a_white_marker_in_a_corner_changes_little(
    pipeline: Fracture, picture: Grey, plain: Findings, tmp_path: Path
) -> None:
    """An L of lead is no fracture, and hides none."""
    marked = picture.copy()
    high = picture.shape[0] // 20
    marked[high : 3 * high, high : high + high // 3] = 250
    marked[3 * high - high // 3 : 3 * high, high : 2 * high] = 250
    found = said_of(pipeline, stored(marked), tmp_path)
    (before,), (after,) = plain.classifications, found.classifications
    assert after.probability == pytest.approx(before.probability, abs=0.15)
