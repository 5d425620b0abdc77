"""Networks held against each other on frames whose cases they were not trained on.

    python -m models.thyroid.measuring.crossed --index DIR/index.csv \\
        --rows ours=build/ours.json --rows seed=build/seed.json --json build/crossed.json

What is named as rows is what training writes of the folds it held out: `images` with `file`,
`score` and, if there are outlines, `dice`; it may tell the AUROC by `other_divisions` of the cases.
The first is compared with each of the others.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from models.evaluation import BadSet, Row, read_index
from models.figures import arrays, labelled, plain
from models.files import write_whole
from models.metrics import Estimate, Places, Scores, Truth, auroc, ends, resampled, told
from models.pages import BadReport, measured
from models.thyroid.measuring.figures import groups, metrics

THRESHOLD = 0.5
"""Where the rows do not say from which probability on a nodule is suspicious."""

Rows = Mapping[str, Mapping[str, Any]]
"""What was told of each file."""


def crossed(index: Sequence[Row], networks: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The figures of each network, and by how much the first is better than the others."""
    rows = {name: _by_file(one) for name, one in networks.items()}
    ours, *others = networks
    found = {name: _figures(index, rows[name], networks[name]) for name in networks}
    compared = {name: _difference(index, rows[ours], rows[name]) for name in others}
    return {"first": ours, "networks": found, "auroc_differences": compared}


def _by_file(told: Mapping[str, Any]) -> Rows:
    return {one["file"]: one for one in told["images"] if one.get("score") is not None}


def _figures(index: Sequence[Row], told: Rows, whole: Mapping[str, Any]) -> dict[str, Any]:
    rows = [row for row in index if row.file in told]
    if not rows:
        raise BadReport("The rows are of none of the files that the index lists.")
    images = [
        {
            "file": row.file,
            "label": None if row.positive is None else int(row.positive),
            "case": row.more.get("case", ""),
            "score": told[row.file]["score"],
            "dice": told[row.file].get("dice"),
        }
        for row in rows
    ]
    figures = metrics(rows, [told[row.file] for row in rows], whole.get("threshold", THRESHOLD))
    figures["other_divisions"] = whole.get("other_divisions")
    return {"missing": len(index) - len(rows), "images": images, "metrics": figures}


def _difference(index: Sequence[Row], ours: Rows, other: Rows) -> Any:
    """By how much our AUROC is higher, on the frames that both have judged."""
    shared = ours.keys() & other.keys()
    both = labelled([(row, ours[row.file]) for row in index if row.file in shared])
    truth, mine = arrays(both)
    _, theirs = arrays([(row, other[row.file]) for row, _ in both])
    return plain(difference(truth, mine, theirs, groups(both)))


def difference(truth: Truth, mine: Scores, theirs: Scores, cases: Sequence[str]) -> Estimate | None:
    """The difference of two AUROCs on the same frames, both drawn together, whole cases each."""
    if truth.all() or not truth.any():
        return None

    def more(at: Places) -> float:
        return auroc(truth[at], mine[at]) - auroc(truth[at], theirs[at])

    every = np.arange(truth.size)
    return Estimate(more(every), *ends(resampled(truth, more, cases)), truth.size)


def _named(text: str) -> tuple[str, Path]:
    name, _, path = text.partition("=")
    if not name or not path:
        raise argparse.ArgumentTypeError("rows are given as NAME=FILE")
    return name, Path(path)


def main(arguments: Sequence[str] | None = None) -> int:
    """Compare them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--index", type=Path, required=True, metavar="CSV")
    parser.add_argument(
        "--rows", type=_named, required=True, action="append", metavar="NAME=JSON", help="networks"
    )
    parser.add_argument("--json", type=Path, required=True, metavar="OUT", dest="out")
    chosen = parser.parse_args(arguments)
    try:
        networks = {
            name: measured(path, "models.thyroid.train", "images") for name, path in chosen.rows
        }
        found = crossed(read_index(chosen.index), networks)
    except (BadReport, BadSet) as error:
        print(error, file=sys.stderr)
        return 1
    write_whole(chosen.out, json.dumps(found, indent=1, allow_nan=False) + "\n")
    for name, one in found["networks"].items():
        figures = one["metrics"]
        print(f"{name}: AUROC {told(figures['auroc'])}, Dice {told(figures['dice_mean'])}")
    for name, one in found["auroc_differences"].items():
        print(f"{found['first']} less {name}: AUROC {told(one)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
