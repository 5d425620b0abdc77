"""Made ultrasound frames, and a model whose judgement can be computed by hand."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from models.opinion import Candidate, Opinion
from models.registry import Card
from tests.unit.models.making import card

ROWS, COLUMNS = 120, 160
SECTOR = (slice(20, 100), slice(40, 120))
"""Where the echoes are, in a picture that is black elsewhere."""


def picture(level: int) -> NDArray[np.uint8]:
    """A frame of the same grain everywhere, about so bright."""
    rng = np.random.default_rng(level)
    found = np.zeros((ROWS, COLUMNS), np.uint8)
    found[SECTOR] = rng.integers(level - 8, level + 9, (80, 80))
    return np.repeat(found[..., None], 3, axis=2)


class ByBrightness:
    """A model that takes twice the mean for a probability and outlines the left upper quarter."""

    card: Card = card()

    def look(self, grey: NDArray[np.uint8]) -> Opinion:
        """Judge a picture."""
        rows, columns = grey.shape
        mask = np.zeros(grey.shape, np.bool_)
        mask[: rows // 2, : columns // 2] = True
        bright = min(1.0, 2 * float(grey.mean()) / 255)
        nodule = Candidate(
            *(0.0, 0.0, columns / 2, rows / 2, 0.9),
            mask=mask,
            probability=bright,
            features={"solid": bright, "calcified": 1 - bright},
        )
        return Opinion(
            probability=bright,
            candidates=(nodule,) if bright > 0.2 else (),
            doubts=() if bright > 0.2 else ("No nodule is outlined.",),
        )


def a_set(folder: Path, levels: dict[str, int], **columns: list[str]) -> Path:
    """An index with images and masks of the left upper quarter; a level of 0 is black."""
    for name in ("images", "masks"):
        (folder / name).mkdir()
    truth = np.zeros((ROWS, COLUMNS), np.uint8)
    truth[20:60, 40:80] = 255
    rows = []
    for number, (name, level) in enumerate(levels.items()):
        shown = picture(level) if level else np.zeros((ROWS, COLUMNS, 3), np.uint8)
        Image.fromarray(shown).save(folder / "images" / f"{name}.png")
        Image.fromarray(truth).save(folder / "masks" / f"{name}.png")
        others = {column: values[number] for column, values in columns.items()}
        row = {"file": f"{name}.png", "mask": f"{name}.png", "case": name[0], "label": ""}
        rows.append(row | others)
    with (folder / "index.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return folder / "index.csv"
