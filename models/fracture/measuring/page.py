"""The model's page in Markdown: what it is, how good it is, how it was made, and its limits."""

from __future__ import annotations

from collections.abc import Sequence

from models.evaluation import Row
from models.fracture.measuring.chapters import (
    WEAK,
    delivered,
    figures,
    points,
    shortcuts,
    steadiness,
    strangers,
    strata,
    weak,
)
from models.fracture.measuring.found import Found
from models.pages import kept, marked, table

CREDIT = (
    "Abedeen, I., Rahman, M. A., Prottyasha, F. Z., Ahmed, T., Chowdhury, T. M. & Shatabda, S.: "
    "FracAtlas: A Dataset for Fracture Classification, Localization and Segmentation of "
    "Musculoskeletal Radiographs. Scientific Data 10, 521 (2023), "
    "<https://doi.org/10.1038/s41597-023-02432-4>. CC BY 4.0, "
    "<https://creativecommons.org/licenses/by/4.0/>; changed: scaled to 640 pixels, split anew. "
    "The weights are made from it and under the same licence."
)


def render(found: Found, before: str) -> str:
    """The whole page; `before` is the one there was, of which what people wrote is kept."""
    passages = kept(before)
    parts = [
        "# The fracture model\n",
        _about(found),
        "## How good it is\n",
        *figures(found),
        "## What is delivered\n",
        delivered(found),
        "## By region and size\n",
        strata(found),
        "## Size and hardware as shortcuts\n",
        *shortcuts(found),
        "## Pictures of other kinds\n",
        strangers(found),
        "## How steady it is\n",
        steadiness(found),
        "## Operating points\n",
        points(found),
        "## The data\n",
        _data(found),
        "## How it was trained\n",
        _TRAINING,
        marked("training", passages),
        "## What was tried\n",
        marked("tried", passages),
        "## Limits\n",
        "".join(f"- {limit}\n" for limit in limits(found)),
    ]
    return "\n".join(parts)


_TRAINING = """One command trains all members, and goes on where it was stopped; a second one makes
weights, calibration, thresholds and card, fitted on what no member saw of the training split. DIR
holds `index.csv`, `boxes.csv` and `images`; FILE is MobileNetV2 trained on ImageNet.

    python -m models.fracture.train --data DIR --backbone FILE
    python -m models.fracture.finish --data DIR --backbone FILE

This page is made by these, where SHARED is the folder that holds pictures of other kinds too; what
is kept elsewhere is measured with the same `models eval`:

    dicom-node models eval fracture --index DIR/index.csv --images DIR/images --split val \\
        --json build/val.json
    python -m models.fracture.measuring.strangers --shared SHARED --out build/strange
    dicom-node models eval fracture --index build/strange/index.csv --images build/strange \\
        --json build/strange.json
    python -m models.fracture.measuring.steady --data DIR --split val --json build/steady.json
    python -m models.fracture.measuring.report --eval build/val.json --strange build/strange.json \\
        --steady build/steady.json --index DIR/index.csv --docs docs
"""


def limits(found: Found) -> list[str]:
    """Those of the card, and on what it falls short by these figures."""
    others = [one for one in found.card.limits if not one.startswith(WEAK)]
    return [*others, *filter(None, [weak(found)])]


def _about(found: Found) -> str:
    card = found.card
    fit = card.calibration
    how = f"temperature {fit.temperature:g}, bias {fit.bias:g}" if fit else "none"
    if fit and fit.views:
        how += f"; of several views the highest, its logit changed by {fit.views:+g} ln(views)"
    rows = [
        ["version", card.version],
        ["digest", f"`{card.digest}`"],
        ["architecture", f"{card.architecture} ({card.framework})"],
        ["input", _input(found)],
        ["output", f"the calibrated probability of: {card.positive}; {how}"],
        ["operating point", f"{card.operating_point}: present from {card.threshold:g}"],
        ["licence", card.licence],
    ]
    return (
        "Says of an X-ray of an arm, a leg, a hip or a shoulder how likely a fracture is, where it "
        "may be and what spoke for it. Not a medical device.\n\n"
        "Written by `python -m models.fracture.measuring.report`: only what stands between marks "
        "called `kept` is written by hand.\n\n" + table([card.name, ""], rows)
    )


def _input(found: Found) -> str:
    wanted = found.card.input
    size = f"{wanted.width} x {wanted.height}" if wanted.width else f"longer side {wanted.longest}"
    return f"grey, bones bright, aspect {wanted.aspect}, {size} pixels"


def _data(found: Found) -> str:
    rows = [
        [split, *_counts([row for row in found.index if row.more["split"] == split])]
        for split in sorted({row.more["split"] for row in found.index})
    ]
    return (
        f"{found.card.data}\n\n{CREDIT}\n\n"
        + table(["split", "pictures", "fractured", "groups", "left out"], rows)
        + "\nNear-duplicates are one group, and a group is in one split only. Left out are "
        "pictures whose label is ambiguous.\n"
    )


def _counts(rows: Sequence[Row]) -> list[int]:
    known = [row for row in rows if row.positive is not None]
    groups = {row.more.get("group", row.file) for row in known}
    return [
        len(known),
        sum(bool(row.positive) for row in known),
        len(groups),
        len(rows) - len(known),
    ]
