"""Real data that lie beside the checkout on some machines; a test that wants them skips elsewhere.

None of it is in the repository.
"""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

SHARED = Path(__file__).parents[2] / "shared" / "data"


def real(folder: str) -> Path:
    """A folder of the data, or the end of the test with the reason."""
    if not (SHARED / folder).is_dir():
        pytest.skip(f"the shared data set {folder} is not on this machine")
    return SHARED / folder


def grey(path: Path) -> NDArray[np.uint8]:
    """A picture file in grey."""
    with Image.open(path) as picture:
        return np.array(picture.convert("L"))


def radiographs(label: str, count: int, **columns: str | None) -> list[NDArray[np.uint8]]:
    """So many of the radiographs with a label that no model was trained on.

    Without hardware, unless a column is asked for otherwise; None: it may say anything.
    """
    folder = real("fracture")
    asked = {"split": "val", "label": label, "hardware": "0", **columns}
    wanted = {column: value for column, value in asked.items() if value is not None}
    with (folder / "index.csv").open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if wanted.items() <= row.items()]
    return [grey(folder / "images" / row["file"]) for row in rows[:count]]


def ultrasounds(label: str, count: int) -> list[NDArray[np.uint8]]:
    """So many of the frames of thyroids with a label, in colours; the model was made of them."""
    folder = real("thyroid")
    with (folder / "index.csv").open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["label"] == label]
    pictures = []
    for row in rows[:count]:
        with Image.open(folder / "images" / row["file"]) as picture:
            pictures.append(np.array(picture.convert("RGB")))
    return pictures
