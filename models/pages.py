"""What the page of a model is made of: files of measurements, tables, targets, kept passages."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from models.metrics import told
from models.registry.card import Card

_KEPT = re.compile(r"<!-- kept: (\w+) -->\n(.*?)<!-- end of \1 -->", re.DOTALL)
FIRST = {
    "training": "\nNot written yet: on what machine it was trained, and for how long.\n\n",
    "tried": "\n| what | what it gave |\n| --- | --- |\n| nothing is written down yet | |\n\n",
}
"""What stands between the marks before anybody has written there."""
DIGITS = 4


class BadReport(Exception):
    """Measurements that cannot be reported; says why."""


def measured(path: Path, writer: str, *needed: str) -> dict[str, Any]:
    """What another command has written; raises where it is not that."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadReport(f"{path} cannot be read: {error.strerror}.") from None
    except ValueError as error:
        raise BadReport(f"{path} is no JSON: {error}") from None
    if not isinstance(found, dict) or set(needed) - set(found):
        raise BadReport(f"{path} is not what `{writer}` writes.")
    return found


def check_model(found: Mapping[str, Any], card: Card) -> None:
    """Raise where a measurement is of other weights than the card's."""
    if found["model"]["digest"] != card.digest:
        raise BadReport(
            f"The evaluation is of the weights {found['model']['digest'][:12]}, and the card of "
            f"{card.digest[:12]}."
        )


def rounded(value: Any) -> Any:
    """The same in few digits; what is not known is left out."""
    if isinstance(value, float):
        return round(value, DIGITS)
    if isinstance(value, Mapping):
        return {name: rounded(one) for name, one in value.items() if one is not None}
    return value


def table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A table in Markdown."""
    lines = [header, ["---"] * len(header), *rows]
    return "".join(f"| {' | '.join(map(str, line))} |\n" for line in lines)


def against(
    estimate: Mapping[str, float] | None, called: str, anchor: str, bound: float, at_least: bool
) -> list[str]:
    """A row of a table of targets: figure, anchor, what was wanted, what was found, and whether."""
    wanted = f"at {'least' if at_least else 'most'} {bound:g}"
    verdict = "not measured" if estimate is None else _verdict(estimate, bound, at_least)
    return [called, anchor, wanted, told(estimate), verdict]


def _verdict(estimate: Mapping[str, float], bound: float, at_least: bool) -> str:
    """Whether the figure is good enough, and whether its whole interval is."""
    value, end = estimate["value"], estimate["low" if at_least else "high"]
    if value < bound if at_least else value > bound:
        return "**missed**"
    if end < bound if at_least else end > bound:
        return f"reached, but the interval goes {'down' if at_least else 'up'} to {end:.3f}"
    return "reached"


def kept(before: str) -> dict[str, str]:
    """What people wrote between the marks of a page, by the marks' names."""
    return {**FIRST, **dict(_KEPT.findall(before))}


def marked(name: str, passages: Mapping[str, str]) -> str:
    """A passage between its marks."""
    return f"<!-- kept: {name} -->\n{passages[name]}<!-- end of {name} -->\n"
