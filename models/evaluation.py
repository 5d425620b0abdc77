"""Looking at a whole set of pictures: the index, the pictures, and what is broken among them.

A set is an index (CSV with at least the columns file and label) and a folder of JPEG or PNG files.
What is made of a picture is the task's own: see `evaluate.py` in `models/TASK/measuring`.
"""

from __future__ import annotations

import csv
import struct
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from models.opinion import Candidate, Opinion

if TYPE_CHECKING:
    from models.registry.card import Card

DEPTHS = (8, 10, 12, 14, 16)


class BadSet(Exception):
    """An index or another list that cannot be read as one; says where."""


class BadPicture(Exception):
    """A picture that is not there or cannot be read; says why."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """A line of the index."""

    file: str
    positive: bool | None
    """None: it has no label, or one that is ambiguous; it is looked at and not scored."""
    more: Mapping[str, str] = field(default_factory=dict)
    """The other columns."""


Fractions = tuple[float, float, float, float]
"""A box: its centre, width and height as fractions of the picture."""


@dataclass(frozen=True, kw_only=True)
class Beside:
    """What is known of the pictures besides the index."""

    boxes: Mapping[str, Sequence[Fractions]] = field(default_factory=dict)
    """Where the finding is, by file."""
    masks: Path | None = None
    """The folder of the files that the index names as masks."""


def read_index(path: Path, split: str | None = None) -> list[Row]:
    """The lines of an index, of one split where that is asked for."""
    found: dict[str, Row] = {}
    for number, line in _lines(path, ("file", "label")):
        label = line["label"].strip()
        if label not in ("0", "1", ""):
            raise BadSet(f"{path}, line {number}: the label is {label}, and not 0, 1 or empty.")
        if split is not None and "split" not in line:
            raise BadSet(f"{path} has no column split.")
        if split is not None and line["split"] != split:
            continue
        file = line["file"].strip()
        if not file or file in found:
            why = "a picture is listed twice" if file else "no file is named"
            raise BadSet(f"{path}, line {number}: {why}.")
        scored = label and line.get("ambiguous", "").strip() != "1"
        found[file] = Row(file=file, positive=label == "1" if scored else None, more=line)
    if not found:
        raise BadSet(f"{path} lists no picture{f' of the split {split}' if split else ''}.")
    return list(found.values())


def read_boxes(path: Path) -> dict[str, list[Fractions]]:
    """The boxes of each picture."""
    found: dict[str, list[Fractions]] = {}
    names = ("cx", "cy", "w", "h")
    for number, line in _lines(path, ("file", *names)):
        try:
            cx, cy, w, h = (float(line[name]) for name in names)
        except ValueError:
            raise BadSet(f"{path}, line {number}: a box is four numbers.") from None
        found.setdefault(line["file"].strip(), []).append((cx, cy, w, h))
    return found


def _lines(path: Path, needed: tuple[str, ...]) -> list[tuple[int, dict[str, str]]]:
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file, restval="")
            if missing := [name for name in needed if name not in (reader.fieldnames or ())]:
                raise BadSet(f"{path} has no column {' and no column '.join(missing)}.")
            return [
                (reader.line_num, {name: value for name, value in line.items() if name})
                for line in reader
            ]
    except OSError as error:
        raise BadSet(f"{path} cannot be read: {error.strerror}.") from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise BadSet(f"{path} is no CSV file in UTF-8: {error}.") from None


def read_picture(path: Path, mode: Literal["L", "RGB"] = "L") -> NDArray[np.uint8]:
    """A picture of 8 bits, in grey unless asked for in colour; raises `BadPicture`.

    Deeper pictures are grey in either mode.
    """
    try:
        with Image.open(path) as whole:
            whole.verify()  # the sums of a PNG, which are not looked at when it is read
        with Image.open(path) as picture:
            picture.load()
            if picture.mode.startswith(("I", "F")):
                return _as_8_bits(np.asarray(picture), path)
            return np.array(picture.convert(mode))
    except FileNotFoundError:
        raise BadPicture("there is no such file") from None
    except (
        *(OSError, SyntaxError, ValueError, EOFError, zlib.error, struct.error),
        Image.DecompressionBombError,
    ) as error:
        told = str(error).replace(str(path), path.name)
        raise BadPicture(f"it cannot be read: {told}") from None


def _as_8_bits(values: NDArray[np.generic], path: Path) -> NDArray[np.uint8]:
    """Deeper values scaled from the smallest usual depth that holds them, as 12 bits fill 16."""
    found = np.asarray(values, np.float64)
    if not np.isfinite(found).all() or found.min() < 0 or found.max() >= 2 ** DEPTHS[-1]:
        raise BadPicture(f"{path.name} has values outside 16 bits")
    depth = next(bits for bits in DEPTHS if found.max() < 2**bits)
    return np.asarray(np.rint(found * (255 / (2**depth - 1))), np.uint8)


# ---------------------------------------------------------------- what a model says of it


def each(
    rows: Sequence[Row], judged: Callable[[Row], dict[str, Any]], report: Callable[[int], None]
) -> list[dict[str, Any]]:
    """What is told of each picture; one that cannot be read has the error in its place."""
    told = []
    for number, row in enumerate(rows, 1):
        label = None if row.positive is None else int(row.positive)
        try:
            found = judged(row)
        except BadPicture as error:
            found = {"score": None, "error": str(error)}
        told.append({"file": row.file, "label": label, **found})
        report(number)
    return told


def spoken(opinion: Opinion, threshold: float) -> dict[str, Any]:
    """What an opinion says of the picture as a whole."""
    return {
        "score": opinion.probability,
        "verdict": opinion.verdict(threshold),
        "refused": bool(opinion.refused),
        "doubts": list(opinion.reasons),
        "strangeness": opinion.strangeness,
    }


def fractions(
    found: Candidate, shape: tuple[int, ...], corner: tuple[int, int] = (0, 0)
) -> dict[str, float]:
    """A candidate's box as fractions of a picture of this shape, with its score.

    `corner` is the row and column at which what the model was shown begins.
    """
    (rows, columns), (top, left) = shape[:2], corner
    return {
        "cx": (left + (found.left + found.right) / 2) / columns,
        "cy": (top + (found.top + found.bottom) / 2) / rows,
        "w": (found.right - found.left) / columns,
        "h": (found.bottom - found.top) / rows,
        "score": found.score,
    }


def named(card: Card) -> dict[str, str]:
    """Which model it was."""
    return {"name": card.name, "version": card.version, "digest": card.digest}
