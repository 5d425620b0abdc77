"""The model's page in Markdown: its card, figures beside what was wanted, and what was tried."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from models.curves import at
from models.evaluation import Row
from models.fracture.pictures import WANTED_AUROC, told

if TYPE_CHECKING:
    from models.fracture.report import Found

_MARK = re.compile(r"<!-- kept: (\w+) -->\n(.*?)<!-- end of \1 -->", re.DOTALL)
_FIRST = {
    "training": "\nNot written yet: on what machine it was trained, and for how long.\n\n",
    "tried": "\n| what | what it gave |\n| --- | --- |\n| nothing is written down yet | |\n\n",
}
"""What stands between the marks before anybody has written there."""
CREDIT = (
    "Abedeen, I., Rahman, M. A., Prottyasha, F. Z., Ahmed, T., Chowdhury, T. M. & Shatabda, S.: "
    "FracAtlas: A Dataset for Fracture Classification, Localization and Segmentation of "
    "Musculoskeletal Radiographs. Scientific Data 10, 521 (2023), "
    "<https://doi.org/10.1038/s41597-023-02432-4>. CC BY 4.0, "
    "<https://creativecommons.org/licenses/by/4.0/>; changed: scaled to 640 pixels, split anew. "
    "The weights are made from it and under the same licence."
)
_WANTED = (
    ("auroc", "image AUROC", "published FracAtlas classifiers: low", WANTED_AUROC, True),
    (
        "sensitivity_at_specificity_0.95",
        "sensitivity at specificity 0.95",
        "YOLOv8m on FracAtlas alone: 0.56 at 0.988; with three more data sets 0.67 to 0.71",
        0.75,
        True,
    ),
    (
        "localisation",
        "localisation: the best region hits a true box (IoU 0.3, or centre inside)",
        "mAP50 0.46",
        0.65,
        True,
    ),
    ("calibration_error", "calibration error (ECE, 15 bins)", "none published", 0.05, False),
    ("refused", "extremity X-rays refused", "none", 0.02, False),
)
_STRANGE = ("refused", "out-of-domain inputs refused", "none", 0.95, True)
_PICTURES = (
    ("roc", "ROC curve with its operating points"),
    ("pr", "precision and recall"),
    ("reliability", "reliability: probabilities and what became of them"),
    ("regions", "AUROC by region and size"),
)


def render(found: Found, before: str) -> str:
    """The whole page; `before` is the one there was, of which what people wrote is kept."""
    kept = {**_FIRST, **dict(_MARK.findall(before))}
    parts = [
        "# The fracture model\n",
        _about(found),
        "## How good it is\n",
        *_figures(found),
        "## By region and size\n",
        _strata(found),
        "## The size as a shortcut\n",
        _shortcut(found),
        "## Operating points\n",
        _points(found),
        "## The data\n",
        _data(found),
        "## How it was trained\n",
        _TRAINING,
        _marked("training", kept),
        "## What was tried\n",
        _marked("tried", kept),
        "## Limits\n",
        "".join(f"- {limit}\n" for limit in found.card.limits),
    ]
    return "\n".join(parts)


_TRAINING = """One command trains all members, and goes on where it was stopped; a second one makes
weights, calibration, thresholds and card of what each member did not see of the training split. DIR
holds `index.csv`, `boxes.csv` and `images`; FILE is MobileNetV2 trained on ImageNet.

    python -m models.fracture.train --data DIR --backbone FILE
    python -m models.fracture.finish --data DIR --backbone FILE

This page is made by:

    dicom-node models eval fracture --index DIR/index.csv --images DIR/images --split val \\
        --json OUT.json
    python -m models.fracture.report --eval OUT.json --index DIR/index.csv --docs docs

Pictures of other kinds are evaluated in the same way and given to the report with `--strange`; the
images kept elsewhere are measured with the same `models eval`.
"""


def _marked(name: str, kept: Mapping[str, str]) -> str:
    return f"<!-- kept: {name} -->\n{kept[name]}<!-- end of {name} -->\n"


def _table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "".join(f"| {' | '.join(map(str, line))} |\n" for line in lines)


def _about(found: Found) -> str:
    card = found.card
    fit = card.calibration
    how = f"temperature {fit.temperature:g}, bias {fit.bias:g}" if fit else "none"
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
        "Written by `python -m models.fracture.report`: only what stands between marks called "
        "`kept` is written by hand.\n\n" + _table([card.name, ""], rows)
    )


def _input(found: Found) -> str:
    wanted = found.card.input
    size = f"{wanted.width} x {wanted.height}" if wanted.width else f"longer side {wanted.longest}"
    return f"grey, bones bright, aspect {wanted.aspect}, {size} pixels"


def _figures(found: Found) -> Iterator[str]:
    metrics = found.metrics
    yield (
        f"On {metrics['scored']} pictures of the split `val`, {metrics['positive']} of them "
        "fractured, which neither training nor calibration has seen; when it was looked at stands "
        "below, under what was tried. In brackets: intervals of 95 %.\n"
    )
    rows = [_against(metrics, *wanted) for wanted in _WANTED]
    rows.append(_against(found.strange or {}, *_STRANGE))
    yield _table(["figure", "anchor", "to reach", "found", ""], rows)
    more = {name: told(metrics[name]) for name in ("average_precision", "brier")}
    yield (
        f"Average precision {more['average_precision']}, Brier score {more['brier']}. How long a "
        "radiograph takes stands in the [benchmarks](../benchmarks.md), what each figure is in "
        "[models](../models.md#how-good-it-is).\n"
    )
    yield "".join(f"![{about}](../pictures/fracture-{name}.svg)\n" for name, about in _PICTURES)


def _against(
    metrics: Mapping[str, Any], name: str, called: str, anchor: str, bound: float, at_least: bool
) -> list[str]:
    """A row of the table of targets."""
    estimate = metrics.get(name)
    verdict = "not measured"
    if estimate is not None:
        value = estimate["value"]
        verdict = "reached" if (value >= bound if at_least else value <= bound) else "**missed**"
    wanted = f"at {'least' if at_least else 'most'} {bound:g}"
    return [called, anchor, wanted, told(estimate), verdict]


def _strata(found: Found) -> str:
    rows = [
        [name, one["count"], one["positive"], told(one["auroc"])]
        for name, one in found.metrics["strata"].items()
    ]
    return _table(["stratum", "pictures", "fractured", "AUROC"], rows) + (
        "\nA picture counts in each region that it shows. Sizes are those in which the pictures "
        "were published, either way up.\n"
    )


def _shortcut(found: Found) -> str:
    check = found.shortcut
    if check is None:
        return "The index does not say in which sizes the pictures were published.\n"
    rows = [
        ["a model given only the picture's size", told(check.size_only.to_dict())],
        ["ours", told(check.ours.to_dict())],
        *(
            [f"ours within {name}", told(one["auroc"])]
            for name, one in found.metrics["strata"].items()
            if "size" in name
        ),
    ]
    return (
        "Sizes differ by hospital, and so does how many pictures are fractured. The model given "
        "only the size says how often pictures of that size are fractured in the training split; "
        "within one size it can tell nothing apart (0.5).\n\n"
        + _table(["AUROC on `val`", ""], rows)
        + f"\nSize explains {check.score_explained:.1%} of the variance of our score (its logit, "
        f"{check.sizes} sizes), and {check.truth_explained:.1%} of that of the truth itself.\n"
    )


def _points(found: Found) -> str:
    rows = []
    for name, threshold in sorted(found.card.thresholds.items(), key=lambda one: one[1]):
        both = (told(one.to_dict()) for one in at(threshold, found.truth, found.scores))
        called = f"**{name}**" if name == found.card.operating_point else name
        rows.append([called, f"{threshold:g}", *both])
    return (
        "Chosen on held-out parts of the training split; a site chooses another, or a threshold of "
        "its own, in `[pipelines.fracture.options]`. What they give on `val`:\n\n"
        + _table(["operating point", "threshold", "sensitivity", "specificity"], rows)
    )


def _data(found: Found) -> str:
    rows = [
        [split, *_counts([row for row in found.index if row.more["split"] == split])]
        for split in sorted({row.more["split"] for row in found.index})
    ]
    return (
        f"{found.card.data}\n\n{CREDIT}\n\n"
        + _table(["split", "pictures", "fractured", "groups", "left out"], rows)
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
