"""Makes the model's page, its pictures and the figures on its card of an evaluation.

    dicom-node models eval fracture --index CSV --images DIR --split val --json OUT.json
    python -m models.fracture.report --eval OUT.json --index CSV --docs docs

What people wrote between the marks of the page is kept; the same evaluation writes the same files.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from models.evaluation import BadSet, Row, read_index
from models.fracture import pictures
from models.fracture.page import render
from models.fracture.shortcut import Shortcut, shortcut
from models.metrics import Scores, Truth
from models.registry.card import CARD, Card, made, read
from models.registry.errors import RegistryError

SHIPPED_CARD = Path(__file__).with_name("shipped") / CARD
SPLIT = "val"
PAGE = Path("models") / "fracture.md"
DIGITS = 4


class BadReport(Exception):
    """An evaluation that cannot be reported; says why."""


@dataclass(frozen=True, kw_only=True)
class Found:
    """Everything the page is made of."""

    card: Card
    metrics: Mapping[str, Any]
    """As the evaluation has them."""
    rows: Sequence[Row]
    """Those of the index that were scored, with their truth and our scores beside them."""
    truth: Truth
    scores: Scores
    index: Sequence[Row]
    """Every line, of both splits."""
    shortcut: Shortcut | None
    strange: Mapping[str, Any] | None = None
    """The figures on pictures of other kinds, which are to be refused."""


def gathered(card: Card, told: Mapping[str, Any], index: Path, strange: Path | None) -> Found:
    """The evaluation with what the index and the card say; raises where they are at odds."""
    _check_model(told, card)
    judged = {one["file"]: one for one in told["images"]}
    rows = {row.file: row for row in read_index(index, SPLIT)}
    if set(judged) != set(rows):
        raise BadReport(
            f"The evaluation has {len(set(judged) - set(rows))} pictures that are not of the split "
            f"{SPLIT}, and lacks {len(set(rows) - set(judged))} that are."
        )
    scored = [
        row for row in rows.values() if row.positive is not None and "error" not in judged[row.file]
    ]
    truth = np.array([row.positive for row in scored], np.bool_)
    scores = np.array([judged[row.file]["score"] for row in scored], np.float64)
    if not truth.any() or truth.all():
        raise BadReport("The evaluation needs pictures with a fracture and pictures without.")
    every = read_index(index)
    train = [row for row in every if row.more["split"] == "train"]
    return Found(
        card=card,
        metrics=told["metrics"],
        rows=scored,
        truth=truth,
        scores=scores,
        index=every,
        shortcut=shortcut(train, scored, truth, scores),
        strange=None if strange is None else _strange(strange, card),
    )


def _strange(path: Path, card: Card) -> Mapping[str, Any]:
    told = _json(path)
    _check_model(told, card)
    found: Mapping[str, Any] = told["metrics"]
    return found


def _check_model(told: Mapping[str, Any], card: Card) -> None:
    if told["model"]["digest"] != card.digest:
        raise BadReport(
            f"The evaluation is of the weights {told['model']['digest'][:12]}, and the card of "
            f"{card.digest[:12]}."
        )


def _json(path: Path) -> dict[str, Any]:
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadReport(f"{path} cannot be read: {error.strerror}.") from None
    except ValueError as error:
        raise BadReport(f"{path} is no JSON: {error}") from None
    if not isinstance(told, dict) or {"model", "images", "metrics"} - set(told):
        raise BadReport(f"{path} is not what `dicom-node models eval` writes.")
    return told


def with_figures(found: Found) -> Card:
    """The card with the figures on it, in few digits."""
    figures = {name: value for name, value in found.metrics.items() if name != "threshold"}
    if found.shortcut is not None:
        figures["shortcut"] = found.shortcut.to_dict()
    told = {**found.card.metrics, SPLIT: _rounded(figures)}
    if found.strange is not None:
        told["strange"] = _rounded({"refused": found.strange["refused"]})
    return made({**found.card.to_dict(), "metrics": told})


def _rounded(value: Any) -> Any:
    """The same in few digits; what is not known is left out."""
    if isinstance(value, float):
        return round(value, DIGITS)
    if isinstance(value, Mapping):
        return {name: _rounded(one) for name, one in value.items() if one is not None}
    return value


def write(found: Found, card: Path, docs: Path) -> None:
    """Write pictures, page and card, each whole or not at all."""
    page = docs / PAGE
    before = page.read_text(encoding="utf-8") if page.exists() else ""
    drawn = pictures.draw(found.card, found.metrics, found.truth, found.scores)
    for name, svg in drawn.items():
        _replace(docs / "pictures" / f"fracture-{name}.svg", svg)
    _replace(page, render(found, before))
    told = with_figures(found).to_dict()
    _replace(card, json.dumps(told, indent=2, ensure_ascii=False) + "\n")


def _replace(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        beside.write_text(text, encoding="utf-8")
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """Make them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--eval", type=Path, required=True, metavar="JSON", dest="told")
    parser.add_argument("--index", type=Path, required=True, metavar="CSV")
    parser.add_argument("--docs", type=Path, required=True, metavar="DIR")
    parser.add_argument("--card", type=Path, default=SHIPPED_CARD, help="the shipped one")
    parser.add_argument(
        "--strange", type=Path, metavar="JSON", help="an evaluation on pictures of other kinds"
    )
    chosen = parser.parse_args(arguments)
    try:
        card = read(chosen.card)
        found = gathered(card, _json(chosen.told), chosen.index, chosen.strange)
        write(found, chosen.card, chosen.docs)
    except (BadReport, BadSet, RegistryError) as error:
        print(error, file=sys.stderr)
        return 1
    print(f"Written: {chosen.docs / PAGE}, its pictures, and the figures in {chosen.card}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
