"""Presentation states as files, and what DCMTK makes of them, for the tests."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset, dcmread

from pipelines.contract import Findings
from results.presentation import build_presentation
from tests.integration.results.drawn import (
    making,
)


def write(ds: Dataset, path: Path) -> Path:
    """The data set as a file."""
    ds.save_as(path, enforce_file_format=True)
    return path


def built(datasets: list[Dataset], folder: Path, found: Findings | None = None) -> list[Dataset]:
    """The presentation states of these images, as they are read back from their files."""
    made = build_presentation(making(datasets, found))
    return [dcmread(write(ds, folder / f"{n}.dcm")) for n, ds in enumerate(made)]


def lines(ds: Dataset) -> list[tuple[Dataset, NDArray[np.float64]]]:
    """Each line that is drawn: where, and its points."""
    return [
        (item.ReferencedImageSequence[0], np.reshape(graphic.GraphicData, (-1, 2)))
        for item in ds.GraphicAnnotationSequence
        for graphic in item.get("GraphicObjectSequence", ())
    ]


def dcmtk(command: list[str | Path]) -> str:
    """What a program of DCMTK prints; an error if it fails."""
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60)
    return done.stdout + done.stderr


def pgm(path: Path) -> NDArray[np.uint8]:
    """A grey picture as DCMTK writes it."""
    data = path.read_bytes()
    words = [part for part in data[:200].split(b"\n") if not part.startswith(b"#")]
    columns, rows = map(int, b" ".join(words[1:]).split()[:2])
    return np.frombuffer(data[-rows * columns :], np.uint8).reshape(rows, columns)
