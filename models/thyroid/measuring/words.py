"""How much of the judgement depends on what was written into a picture: it should be nothing.

    python -m models.thyroid.measuring.words --data DIR --model thyroid --json build/words.json

DIR holds `index.csv`, `images` and, where outlines are to be compared, `masks`. Each frame is
looked at as it is, with all outside its sector made black, and with words written into it: where
scanners write, over the border of the image, over the echoes, and over the nodule itself. Colours
and heights change from frame to frame.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from models.evaluation import BadPicture, BadSet, Row, named, read_index, read_picture
from models.files import write_whole
from models.opinion import Model
from models.registry import Registry, RegistryError, load
from models.thyroid.measuring.evaluate import Look, dice, looked, true_outline
from models.thyroid.sight import Sight

Picture = NDArray[np.uint8]
"""Rows x columns x red, green, blue."""
Mask = NDArray[np.bool_]
Point = tuple[float, float]
"""Column and row."""

PICTURES = 100
TEXTS = ("TIRADS 5", "TIRADS 2", "DOE JANE 01.02.1960 F")
COLOURS = {"white": (255, 255, 255), "yellow": (255, 255, 0), "grey": (170, 170, 170)}
HEIGHTS = (0.03, 0.05, 0.08)
"""Of letters, in heights of the picture."""
BLACK = "outside the sector black"
EVERY = "every text"


@dataclass(frozen=True)
class Moved:
    """By how much a change moved what is said of a frame."""

    score: float
    dice: float | None
    """None where the true outline is not known."""


def written(picture: Picture, words: str, at: Point, height: float, colour: str) -> Picture:
    """The picture with words around a point; what would lie outside is moved inside."""
    font = ImageFont.load_default(max(8.0, height * picture.shape[0]))
    left, top, right, bottom = font.getbbox(words)
    limits = picture.shape[1] - (right - left), picture.shape[0] - (bottom - top)
    wanted = at[0] - (right - left) / 2, at[1] - (bottom - top) / 2
    across, down = (max(0.0, min(one, most)) for one, most in zip(wanted, limits, strict=True))
    drawn = Image.fromarray(picture)
    ImageDraw.Draw(drawn).text((across - left, down - top), words, COLOURS[colour], font)
    return np.array(drawn)


def places(sight: Sight, nodule: Mask, number: int) -> dict[str, Point]:
    """Where is written; over the echoes somewhere else in each frame."""
    sector = sight.sector
    share = np.random.default_rng(number).uniform(0.2, 0.8, 2).tolist()
    rows, columns = np.nonzero(nodule)
    middle = (sector.left + sector.right) / 2, (sector.top + sector.bottom) / 2
    return {
        "in the corner": (0.0, 0.0),
        "over the border": (middle[0], float(sector.bottom)),
        "over the echoes": (
            sector.left + share[0] * (sector.right - sector.left),
            sector.top + share[1] * (sector.bottom - sector.top),
        ),
        "over the nodule": (float(columns.mean()), float(rows.mean())) if rows.size else middle,
    }


def changed(
    picture: Picture, look: Look, nodule: Mask, number: int
) -> Iterator[tuple[tuple[str, ...], Picture]]:
    """Each changed picture, and under which names its change is counted, the widest first."""
    outside = np.ones(look.sight.shape, np.bool_)
    outside[look.sight.sector.slices] = False
    yield (BLACK,), np.where(outside[..., None], np.uint8(0), picture)
    where = places(look.sight, nodule, number)
    for place, (word, words) in product(where, enumerate(TEXTS)):
        # Every colour meets every height, and every text both, as frames go by.
        colour = tuple(COLOURS)[(number + word) % len(COLOURS)]
        height = HEIGHTS[(number // len(COLOURS) + word) % len(HEIGHTS)]
        named_so = (EVERY, words, place, f"in {colour}", f"height {height:g}", f"{words}, {place}")
        yield named_so, written(picture, words, where[place], height, colour)


def steady(
    model: Model,
    rows: Sequence[Row],
    data: Path,
    report: Callable[[int], None] = lambda done: None,
) -> dict[str, Any]:
    """For each change: by how much the probability moves, and the Dice with the true outline."""
    moved: dict[tuple[int, str], list[Moved]] = defaultdict(list)
    masks = data / "masks"
    blind = 0
    for number, row in enumerate(rows):
        picture = read_picture(data / "images" / row.file, "RGB")
        if picture.ndim == 2:  # deeper than 8 bits
            picture = np.repeat(picture[..., None], 3, axis=2)
        before = looked(model, picture)
        blind += before.blind
        truth = true_outline(row, masks if masks.is_dir() else None, picture.shape[:2])
        nodule = before.outlined if truth is None else truth
        for names, other in changed(picture, before, nodule, number):
            found = _moved(before, looked(model, other), truth)
            for place, name in enumerate(names):
                moved[place, name].append(found)
        report(number + 1)
    return {
        "model": named(model.card),
        "pictures": len(rows),
        "without_echoes": blind,
        "changes": {name: _told(found) for (_, name), found in sorted(moved.items())},
    }


def _moved(before: Look, after: Look, truth: Mask | None) -> Moved:
    score = abs(after.opinion.probability - before.opinion.probability)
    if truth is None:
        return Moved(score, None)
    return Moved(score, dice(after.outlined, truth) - dice(before.outlined, truth))


def _told(found: Sequence[Moved]) -> Mapping[str, Any]:
    """The moves of one change; Dice is lost where its change is below 0."""
    scores = np.array([one.score for one in found])
    dices = np.array([one.dice for one in found if one.dice is not None])
    return {
        "count": len(found),
        "max": float(scores.max()),
        "p95": float(np.quantile(scores, 0.95)),
        "mean": float(scores.mean()),
        "dice_mean": float(dices.mean()) if dices.size else None,
        "dice_worst": float(dices.min()) if dices.size else None,
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, metavar="DIR")
    parser.add_argument("--model", default="thyroid", metavar="NAME")
    parser.add_argument("--json", type=Path, required=True, metavar="OUT", dest="out")
    parser.add_argument("--pictures", type=int, default=PICTURES, help=f"how many ({PICTURES})")
    parser.add_argument("--threads", type=int, help="threads for one picture")
    chosen = parser.parse_args(arguments)
    try:
        rows = read_index(chosen.data / "index.csv")
        rows = rows[:: max(1, len(rows) // max(1, chosen.pictures))]
        model = load(Registry().find(chosen.model), threads=chosen.threads)
        found = steady(
            model, rows, chosen.data, lambda done: print(f"{done} of {len(rows)}", flush=True)
        )
    except (BadPicture, BadSet, RegistryError) as error:
        print(error, file=sys.stderr)
        return 1
    write_whole(chosen.out, json.dumps(found, indent=1, allow_nan=False) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
