"""Makes the model's page, its pictures and the figures on its card of an evaluation.

    dicom-node models eval fracture --index CSV --images DIR --split val --json OUT.json
    python -m models.fracture.measuring.report --eval OUT.json --index CSV --docs docs

`--strange` takes an evaluation of what `strangers` beside it writes, and `--steady` what `steady`
writes. What people wrote between the marks of the page is kept; the same measurements write the
same files.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from models.evaluation import BadSet
from models.files import write_whole
from models.fracture.measuring import plots
from models.fracture.measuring.found import SPLIT, Found, gathered
from models.fracture.measuring.page import limits, render
from models.pages import BadReport, measured, rounded
from models.registry.card import CARD, Card, made, read
from models.registry.errors import RegistryError

SHIPPED_CARD = Path(__file__).parents[1] / "shipped" / CARD
PAGE = Path("models") / "fracture.md"


def _evaluation(path: Path) -> dict[str, Any]:
    told = measured(path, "dicom-node models eval", "model", "images", "metrics")
    if lacking := {"by_label", "kinds", "delivered_sensitivity"} - set(told["metrics"]):
        named = ", ".join(sorted(lacking))
        raise BadReport(f"{path} was written by an earlier version, without {named}.")
    return told


def with_figures(found: Found) -> Card:
    """The card with the figures on it, in few digits."""
    figures = {name: value for name, value in found.metrics.items() if name != "threshold"}
    if found.shortcut is not None:
        figures["shortcut"] = found.shortcut.to_dict()
    told = {**found.card.metrics, SPLIT: rounded(figures)}
    if found.strange is not None:
        told["strange"] = rounded({name: found.strange[name] for name in ("refused", "kinds")})
    if found.steady is not None:
        told["steady"] = rounded({name: found.steady[name] for name in ("pictures", "changes")})
    return made({**found.card.to_dict(), "metrics": told, "limits": limits(found)})


def write(found: Found, card: Path, docs: Path) -> None:
    """Write pictures, page and card, each whole or not at all."""
    page = docs / PAGE
    before = page.read_text(encoding="utf-8") if page.exists() else ""
    page.parent.mkdir(parents=True, exist_ok=True)
    (docs / "pictures").mkdir(exist_ok=True)
    drawn = plots.draw(found.card, found.metrics, found.truth, found.scores)
    for name, svg in drawn.items():
        write_whole(docs / "pictures" / f"fracture-{name}.svg", svg)
    write_whole(page, render(found, before))
    told = with_figures(found).to_dict()
    write_whole(card, json.dumps(told, indent=2, ensure_ascii=False) + "\n")


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
    parser.add_argument("--steady", type=Path, metavar="JSON", help="what `steady` has measured")
    chosen = parser.parse_args(arguments)
    try:
        card = read(chosen.card)
        told = _evaluation(chosen.told)
        strange = _evaluation(chosen.strange) if chosen.strange else None
        steady = chosen.steady and measured(chosen.steady, "measuring.steady", "model", "changes")
        found = gathered(card, told, chosen.index, strange, steady)
        write(found, chosen.card, chosen.docs)
    except (BadReport, BadSet, RegistryError) as error:
        print(error, file=sys.stderr)
        return 1
    print(f"Written: {chosen.docs / PAGE}, its pictures, and the figures in {chosen.card}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
