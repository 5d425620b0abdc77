"""The training data: what the index says, checked before it is believed.

Laid out like FracAtlas as published with this project's data: `index.csv` with a line for each
picture, `boxes.csv` with a line for each fracture, and the pictures in `images/`.
"""

from __future__ import annotations

import csv
import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

REGIONS = ("hand", "leg", "hip", "shoulder", "mixed")
"""Columns of 0 and 1: what a picture shows."""
FOLDS = 6
HELD_OUT = 0
"""The fold of the training split that no member is trained on."""


@dataclass(frozen=True, kw_only=True)
class Case:
    """One picture of the index."""

    file: str
    fractured: bool
    split: str
    group: str
    """Pictures that nearly are the same have the same."""
    width: int
    height: int
    """The size it had when it was published, before it came here."""
    regions: tuple[bool, ...]
    hardware: bool
    boxes: tuple[tuple[float, float, float, float], ...]
    """Centre and size of each fracture, as fractions of the picture."""

    @property
    def fold(self) -> int:
        """Which part of the training data this is, by its group alone: stable and whole."""
        return int(hashlib.sha256(f"fold {self.group}".encode()).hexdigest(), 16) % FOLDS

    @property
    def stratum(self) -> str:
        """Pictures of the same origin have the same size."""
        long, short = max(self.width, self.height), min(self.width, self.height)
        return "small plates" if (long, short) == (454, 373) else "large plates"


class BadData(Exception):
    """The data are not what training may rest on."""


def read(folder: Path) -> list[Case]:
    """The cases of a folder, ambiguous ones dropped, after every check."""
    with (folder / "boxes.csv").open(newline="") as file:
        boxes = defaultdict(list)
        for row in csv.DictReader(file):
            cx, cy, w, h = (float(row[name]) for name in ("cx", "cy", "w", "h"))
            boxes[row["file"]].append((cx, cy, w, h))
    with (folder / "index.csv").open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["ambiguous"] != "1"]
    cases = [
        Case(
            file=row["file"],
            fractured=row["label"] == "1",
            split=row["split"],
            group=row["group"],
            width=int(row["width"]),
            height=int(row["height"]),
            regions=tuple(row[region] == "1" for region in REGIONS),
            hardware=row["hardware"] == "1",
            boxes=tuple(boxes[row["file"]]),
        )
        for row in rows
    ]
    check(cases)
    return cases


def check(cases: Sequence[Case]) -> None:
    """Raise `BadData` where the data would let a model cheat or learn nonsense."""
    if len({case.file for case in cases}) != len(cases):
        raise BadData("A picture is listed twice.")
    splits = defaultdict(set)
    for case in cases:
        splits[case.group].add(case.split)
    if any(len(found) > 1 for found in splits.values()):
        raise BadData("A group of near-duplicates is on both sides of the split.")
    if wrong := [case.file for case in cases if case.fractured != bool(case.boxes)]:
        raise BadData(f"{len(wrong)} pictures have a label that their boxes contradict.")
    if any(not 0 <= value <= 1 for case in cases for box in case.boxes for value in box):
        raise BadData("A box lies outside its picture.")
