"""The pipeline's own doubts about exposure, on real radiographs and on spoilt ones."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from pipelines.fracture.doubts import doubts
from tests.real import radiographs
from tests.unit.radiographs.stored import put, radiograph, seen

Grey = NDArray[np.uint8]


def said(picture: Grey, folder: Path) -> list[str]:
    """What is doubted of a picture, stored as an adult's radiograph with the full window."""
    ds = radiograph(WindowCenter=128, WindowWidth=256, PatientAge="040Y")
    return list(doubts(seen(put(ds, picture), folder), "indeterminate"))


def test_real_radiographs_are_exposed_well_enough(tmp_path: Path) -> None:
    """Of a hundred of the kind that the model is for, at most two are doubted."""
    pictures = radiographs("1", 50) + radiographs("0", 50)
    assert sum(bool(said(picture, tmp_path)) for picture in pictures) <= 2


@pytest.mark.parametrize(
    ("low", "high", "why"),
    [(0, 0.3, "plain black or white"), (0.98, 1, "plain black or white"), (-9, 10, "contrast")],
    ids=["far too bright", "far too dark", "flat"],
)
def test_a_spoilt_one_is_doubted(low: float, high: float, why: str, tmp_path: Path) -> None:
    """A real radiograph whose bones are lost in white or black, or that is nearly one grey."""
    (picture,) = radiographs("1", 1)
    ranks = np.sort(picture, axis=None).searchsorted(picture) / picture.size
    spoilt = np.rint(((ranks - low) / (high - low)).clip(0, 1) * 255).astype(np.uint8)
    assert any(why in one for one in said(spoilt, tmp_path))
