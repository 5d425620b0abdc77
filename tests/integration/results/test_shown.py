"""Frames as others show them: DCMTK's pictures of the same files are ours, within rounding."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from pydicom import Dataset

from bench.phantoms import TRANSFER_SYNTAXES, dx_extremity, encode, us_thyroid
from pipelines.contract import Reference
from results.drawing.frame import shown
from results.source import Source
from tests.integration.results.matrix import SOURCES

CANNOT = {"dx-jpeg2000", "photograph-jpeg2000", "cr-jpeg-ls"}
"""DCMTK's dcmj2pnm decodes JPEG alone."""


def ours(ds: Dataset, frame: int | None = None) -> NDArray[np.int64]:
    """The frame as we show it."""
    on = Reference(SOPClassUID=ds.SOPClassUID, SOPInstanceUID=ds.SOPInstanceUID, frame=frame)
    return shown(Source.of_datasets([ds]), on).astype(np.int64)


def theirs(ds: Dataset, folder: Path) -> NDArray[np.int64]:
    """The first frame as DCMTK shows it by its first window, in colour."""
    source, picture = folder / "source.dcm", folder / "picture.ppm"
    ds.save_as(source, enforce_file_format=True)
    window = ["--use-window", "1"] if "WindowCenter" in ds else []
    if "SharedFunctionalGroupsSequence" in ds:
        # DCMTK looks for no window in functional groups: tell it which one there is.
        said = ds.SharedFunctionalGroupsSequence[0].FrameVOILUTSequence[0]
        window = ["--set-window", str(said.WindowCenter), str(said.WindowWidth)]
    command = ["dcmj2pnm", *window, "--frame", "1", str(source), str(picture)]
    subprocess.run(command, check=True, timeout=60, capture_output=True)
    return np.asarray(Image.open(picture).convert("RGB")).astype(np.int64)


@pytest.mark.parametrize("name", sorted(set(SOURCES) - CANNOT))
def test_dcmtk_shows_the_same(name: str, tmp_path: Path) -> None:
    """Grey differs by rounding alone; colours by how those of every second pixel are spread."""
    ds = SOURCES[name]()[0]
    frame = 1 if int(ds.get("NumberOfFrames", 1)) > 1 else None
    difference = np.abs(ours(ds, frame) - theirs(ds, tmp_path))
    subsampled = "422" in ds.PhotometricInterpretation
    assert difference.max() <= (1 if ds.SamplesPerPixel == 1 else 2) or subsampled
    assert difference.mean() < 1


@pytest.mark.parametrize("syntax", TRANSFER_SYNTAXES)
def test_compression_without_loss_changes_nothing(syntax: str) -> None:
    """Grey of 12 bits and frames in colour look the same in every transfer syntax."""
    (grey,), (colour,) = dx_extremity(size=64), us_thyroid(size=64, frames=2)
    wanted = ours(grey), ours(colour, 2)
    encode([grey, colour], syntax)
    assert (ours(grey) == wanted[0]).all()
    assert (ours(colour, 2) == wanted[1]).all()
