"""The training data: frames with outlines, and what was written down of their nodules."""

from __future__ import annotations

import csv
import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from models.thyroid.sight import Sight, seen

FOLDS = 5
TIRADS = ("2", "3", "4a", "4b", "4c", "5")
FEATURES = ("solid", "hypoechoic", "irregular", "calcified", "microcalcified")
"""What else is learnt of a nodule, where the data say it."""


@dataclass(frozen=True, kw_only=True)
class Case:
    """A line of the index."""

    file: str
    mask: str
    case: str
    suspicious: bool | None
    """By its TI-RADS category, 4a or more; None where nobody wrote one down."""
    tirads: str
    features: tuple[bool | None, ...]
    """As in `FEATURES`; None where nobody wrote it down."""

    @property
    def fold(self) -> int:
        """Which fold it is tested in; all frames of a case are in one."""
        return int(hashlib.sha256(f"fold {self.case}".encode()).hexdigest(), 16) % FOLDS


def described(row: dict[str, str]) -> tuple[bool | None, ...]:
    """The features of a line; the words are those of the data."""

    def known(name: str, *words: str) -> bool | None:
        said = row.get(name, "").strip().lower()
        return any(word in said for word in words) if said else None

    return (
        known("composition", "solid", "dense"),
        known("echogenicity", "hypo"),
        known("margins", "spicul", "lobul", "ill"),
        known("calcifications", "calcif"),
        known("calcifications", "microcalc"),
    )


def read(folder: Path) -> list[Case]:
    """The lines of the index."""
    with (folder / "index.csv").open(newline="", encoding="utf-8") as file:
        return [
            Case(
                file=row["file"],
                mask=row["mask"],
                case=row["case"],
                suspicious=None if row["label"] == "" else row["label"] == "1",
                tirads=row["tirads"],
                features=described(row),
            )
            for row in csv.DictReader(file)
        ]


@dataclass(frozen=True)
class Frame:
    """A frame as a network sees it."""

    case: Case
    sight: Sight
    inside: NDArray[np.uint8] | None
    """255 on nodules, in the pixels of the sight; None where nobody outlined any."""


def frame(case: Case, folder: Path) -> Frame:
    """Read a frame and its outline."""
    with Image.open(folder / "images" / case.file) as picture:
        sight = seen(np.array(picture.convert("RGB")))
    if sight is None:
        raise ValueError(f"{case.file} shows no echoes.")
    if not case.mask:
        return Frame(case, sight, None)
    with Image.open(folder / "masks" / case.mask) as drawn:
        mask = np.where(np.array(drawn.convert("L")) > 127, 255, 0).astype(np.uint8)
    inside = mask[sight.sector.slices]
    return Frame(case, sight, inside if inside.any() else None)


def frames(folder: Path) -> list[Frame]:
    """Every frame of the data."""
    return [frame(case, folder) for case in read(folder)]
