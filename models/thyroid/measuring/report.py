"""Makes the page of the thyroid models, its pictures and the figures on the card.

    python -m models.thyroid.measuring.report --crossed build/crossed.json \\
        --words build/words.json --docs docs

The page itself says which command writes which file. A chapter whose file is not given is left out,
and says so. What people wrote between the marks of the page is kept; the same measurements write
the same files.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from models.files import write_whole
from models.pages import BadReport, rounded
from models.registry.card import CARD, Card, made
from models.registry.errors import RegistryError
from models.thyroid.measuring.found import Found, gathered
from models.thyroid.measuring.page import render
from models.thyroid.measuring.plots import draw

SHIPPED_CARD = Path(__file__).parents[1] / "shipped" / CARD
PAGE = Path("models") / "thyroid.md"
MEASURED = {
    "crossed": "what `measuring.crossed` writes",
    "published": "an evaluation of the seed's published weights",
    "words": "what `measuring.words` writes",
    "strange": "an evaluation on pictures of other kinds",
    "bench": "what `models bench` prints",
}


def with_figures(card: Card, found: Found) -> Card:
    """The card with the figures on it, in few digits."""
    told: dict[str, Any] = dict(card.metrics)
    if found.crossed is not None:
        told["crossed"] = rounded(
            {
                "networks": {
                    name: one["metrics"] for name, one in found.crossed["networks"].items()
                },
                "auroc_differences": found.crossed["auroc_differences"],
            }
        )
    if found.words is not None:
        told["words"] = rounded({name: found.words[name] for name in ("pictures", "changes")})
    return made({**card.to_dict(), "metrics": told})


def write(found: Found, card: Path, docs: Path) -> None:
    """Write pictures, page and card, each whole or not at all."""
    page = docs / PAGE
    before = page.read_text(encoding="utf-8") if page.exists() else ""
    page.parent.mkdir(parents=True, exist_ok=True)
    (docs / "pictures").mkdir(exist_ok=True)
    charts = draw(found)
    for name, svg in charts.items():
        write_whole(docs / "pictures" / f"thyroid-{name}.svg", svg)
    write_whole(page, render(found, charts, before))
    if found.card is not None:
        told = with_figures(found.card, found).to_dict()
        write_whole(card, json.dumps(told, indent=2, ensure_ascii=False) + "\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Make them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--docs", type=Path, required=True, metavar="DIR")
    parser.add_argument("--card", type=Path, default=SHIPPED_CARD, help="the shipped one")
    for name, about in MEASURED.items():
        parser.add_argument(f"--{name}", type=Path, metavar="JSON", help=about)
    chosen = parser.parse_args(arguments)
    try:
        files = {name: getattr(chosen, name) for name in MEASURED}
        found = gathered(card=chosen.card if chosen.card.exists() else None, **files)
        write(found, chosen.card, chosen.docs)
    except (BadReport, RegistryError) as error:
        print(error, file=sys.stderr)
        return 1
    print(f"Written: {chosen.docs / PAGE}, its pictures, and the figures on the card.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
