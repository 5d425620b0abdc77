"""How steady the model is: what becomes of its judgement when nothing of the bones changes.

    python -m models.fracture.measuring.steady --data DIR --split val --json build/steady.json

DIR holds `index.csv` and `images`. Letters of lead, borders, the side, the brightness and the
number of pixels say nothing of a fracture, so that the probability should stay what it is.
"""

from __future__ import annotations

import argparse
import io
import json
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from models.evaluation import BadPicture, BadSet, named, read_index, read_picture
from models.files import write_whole
from models.fracture.marks import lettered
from models.metrics import share
from models.opinion import Model, Opinion
from models.registry import Registry, RegistryError, load

Grey = NDArray[np.uint8]
PICTURES = 100
LETTER = 0.07
"""The height of letters, in heights of the picture."""
BORDER = 0.10
"""The width of a border, in widths and heights of the picture, at each side."""


def _stamped(grey: Grey, *words: str) -> Grey:
    """Words in white in the corners: left above, right above, left below, right below."""
    found = grey.copy()
    rows, columns = grey.shape
    for number, word in enumerate(words):
        stamp = (lettered(word, round(LETTER * rows)).numpy() * 255).astype(np.uint8)
        stamp = stamp[: rows // 3, : columns // 2]
        top = 0 if number < 2 else rows - stamp.shape[0]
        left = 0 if number % 2 == 0 else columns - stamp.shape[1]
        part = found[top : top + stamp.shape[0], left : left + stamp.shape[1]]
        part[:] = np.maximum(part, stamp)
    return found


def _bordered(grey: Grey) -> Grey:
    rows, columns = (round(side * BORDER) for side in grey.shape)
    return np.pad(grey, ((rows, rows), (columns, columns)))


def _bent(grey: Grey, gamma: float) -> Grey:
    return np.rint(255 * (grey / 255) ** gamma).astype(np.uint8)


def _halved(grey: Grey) -> Grey:
    rows, columns = (max(1, side // 2) for side in grey.shape)
    return np.array(Image.fromarray(grey).resize((columns, rows), Image.Resampling.BOX))


def _compressed(grey: Grey) -> Grey:
    stored = io.BytesIO()
    Image.fromarray(grey).save(stored, "JPEG", quality=50)
    return np.array(Image.open(stored))


CHANGES: Mapping[str, Callable[[Grey], Grey]] = {
    "a letter in a corner": lambda grey: _stamped(grey, "L"),
    "letters in all corners": lambda grey: _stamped(grey, "R PA", "L", "09:41", "WB"),
    "a black border of 10 % at each side": _bordered,
    "mirrored": lambda grey: np.ascontiguousarray(grey[:, ::-1]),
    "6 of 8 bits of brightness": lambda grey: np.asarray(grey & 0xFC, np.uint8),
    "darker (gamma 1.25)": lambda grey: _bent(grey, 1.25),
    "brighter (gamma 0.8)": lambda grey: _bent(grey, 0.8),
    "half as many rows and columns": _halved,
    "JPEG of quality 50": _compressed,
}
"""What is done to a picture."""


def steady(
    model: Model, pictures: Iterable[Grey], report: Callable[[int], None] = lambda done: None
) -> dict[str, Any]:
    """For each change: by how much the probability moves, and how often the verdict."""
    before: list[Opinion] = []
    after: dict[str, list[Opinion]] = {name: [] for name in CHANGES}
    for number, grey in enumerate(pictures, 1):
        before.append(model.look(grey))
        for name, change in CHANGES.items():
            after[name].append(model.look(change(grey)))
        report(number)
    card = model.card
    return {
        "model": named(card),
        "pictures": len(before),
        "changes": {
            name: _compared(before, opinions, card.threshold) for name, opinions in after.items()
        },
    }


def _compared(before: Sequence[Opinion], after: Sequence[Opinion], threshold: float) -> Any:
    pairs = list(zip(before, after, strict=True))
    moved = np.abs([one.probability - other.probability for one, other in pairs])
    verdicts = [(one.verdict(threshold), other.verdict(threshold)) for one, other in pairs]
    changed = [now for was, now in verdicts if was != now]
    other = share(len(changed), len(pairs))
    return {
        "median": float(np.median(moved)),
        "p95": float(np.quantile(moved, 0.95)),
        "verdicts": other and other.to_dict(),
        "to_indeterminate": changed.count("indeterminate"),
    }


def chosen_pictures(data: Path, split: str, count: int) -> list[Grey]:
    """About so many pictures of a split, evenly from its index; raises where one is broken."""
    rows = read_index(data / "index.csv", split)
    every = max(1, len(rows) // count)
    return [read_picture(data / "images" / row.file) for row in rows[::every]]


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, metavar="DIR")
    parser.add_argument("--split", default="val")
    parser.add_argument("--json", type=Path, required=True, metavar="OUT", dest="out")
    parser.add_argument("--pictures", type=int, default=PICTURES, help=f"how many ({PICTURES})")
    parser.add_argument("--threads", type=int, help="threads for one picture")
    chosen = parser.parse_args(arguments)
    try:
        pictures = chosen_pictures(chosen.data, chosen.split, max(1, chosen.pictures))
        model = load(Registry().find("fracture"), threads=chosen.threads)
    except (BadPicture, BadSet, RegistryError) as error:
        print(error, file=sys.stderr)
        return 1
    found = steady(model, pictures, lambda done: print(f"{done} of {len(pictures)}", flush=True))
    write_whole(chosen.out, json.dumps(found, indent=1, allow_nan=False) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
