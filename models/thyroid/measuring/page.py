"""The page of the thyroid models in Markdown: what they are, how good they are, their limits."""

from __future__ import annotations

from collections.abc import Mapping

from models.pages import kept, marked, table
from models.thyroid.measuring.chapters import (
    burned_in,
    compared,
    features,
    figures,
    outlines,
    steps,
    strangers,
)
from models.thyroid.measuring.found import Found

CREDIT = (
    "Pedraza, L., Vargas, C., Narváez, F., Durán, O., Muñoz, E. & Romero, E.: An open access "
    "thyroid ultrasound image database. Proc. SPIE 9287, 92870W (2015), "
    "<https://doi.org/10.1117/12.2073532>. Called open access; under which terms is not stated."
)
PLAINLY = f"""**Not a medical device. For research only.** What these models say is worth no more
than this:

- **The labels are proxies.** What is called suspicious is TI-RADS 4a or more, as somebody graded
  the picture; what is called benign is TI-RADS 2 and 3. No pathology is among the data: its authors
  write that malignant lesions were confirmed by biopsy, and nothing says which. So no figure here
  says how well cancer is told from what is none.
- **One centre, and small.** DDTI: 353 frames of 291 cases, of which only 41 frames have the
  label benign. Intervals are wide, and what another scanner changes is not known.
- **Terms of use are not stated** by those who published the pictures: {CREDIT}
"""
COMMANDS = """Each figure comes from one of these; DIR holds `index.csv`, `images` and `masks`, and
ROWS are what training wrote of the folds that it held out. SHARED is the folder that holds pictures
of other kinds, and SEED the name of a model with the seed's published weights.

    python -m models.thyroid.measuring.crossed --index DIR/index.csv --rows ours=ROWS \\
        --rows seed=ROWS --json build/crossed.json
    dicom-node models eval SEED --index DIR/index.csv --json build/published.json
    python -m models.thyroid.measuring.words --data DIR --model thyroid --json build/words.json
    python -m models.fracture.measuring.strangers --shared SHARED --out build/strange
    dicom-node models eval thyroid --index build/strange/index.csv --images build/strange \\
        --json build/strange.json
    dicom-node models bench thyroid --threads 2 --json > build/bench.json
    python -m models.thyroid.measuring.report --crossed build/crossed.json \\
        --published build/published.json --words build/words.json --strange build/strange.json \\
        --bench build/bench.json --docs docs

What is kept elsewhere is measured with the same `models eval`.
"""


def render(found: Found, charts: Mapping[str, str], before: str) -> str:
    """The whole page; `before` is the one there was, of which what people wrote is kept."""
    passages = kept(before)
    parts = [
        "# The thyroid models\n",
        "Says of an ultrasound frame of the neck where nodules are, how far they reach and how "
        "suspicious they look.\n",
        PLAINLY,
        _about(found),
        "## How good it is\n",
        *figures(found, charts),
        "## Beside the seed's network\n",
        *compared(found),
        "## Outlines\n",
        outlines(found),
        "## Risk levels and TI-RADS\n",
        *steps(found),
        "## Features\n",
        features(found),
        "## Words in the picture\n",
        burned_in(found),
        "## Pictures of other kinds\n",
        strangers(found),
        "## Where the figures come from\n",
        COMMANDS,
        "## How it was trained\n",
        marked("training", passages),
        "## What was tried\n",
        marked("tried", passages),
        "## Limits\n",
        _limits(found),
    ]
    return "\n".join(parts)


def _about(found: Found) -> str:
    written = (
        "Written by `python -m models.thyroid.measuring.report`: only what stands between marks "
        "called `kept` is written by hand.\n\n"
    )
    card = found.card
    if card is None:
        return f"{written}Left out: what the model is, as there was no card.\n"
    rows = [
        ["version", card.version],
        ["digest", f"`{card.digest}`"],
        ["architecture", f"{card.architecture} ({card.framework})"],
        ["output", f"the calibrated probability of: {card.positive}"],
        ["operating point", f"{card.operating_point}: present from {card.threshold:g}"],
        ["licence", card.licence],
        ["trained on", card.data],
    ]
    return written + table([card.name, ""], rows)


def _limits(found: Found) -> str:
    if found.card is None:
        return "Left out: there was no card.\n"
    return "".join(f"- {limit}\n" for limit in found.card.limits)
