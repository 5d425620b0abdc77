"""The chapters of the page that are figures, each beside what was wanted of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from models.metrics import told
from models.pages import against, table
from models.thyroid.data import FEATURES
from models.thyroid.measuring.found import Found
from models.thyroid.measuring.plots import WANTED_DICE
from models.thyroid.measuring.words import BLACK, EVERY

WANTED = (
    ("auroc", "AUROC, suspicious or not", "the seed's published weights: 0.53", 0.78),
    ("dice_mean", "mean Dice", "0.84 on TN3K with 3,493 training images", WANTED_DICE),
    (
        "sensitivity_at_specificity_0.5",
        "sensitivity at specificity 0.5, at the threshold that is best here",
        "none",
        0.9,
    ),
)
SHIFT, SECONDS = 0.02, 0.3
"""By how much words may change a probability, and how long a frame may take."""
CHARTS = (
    ("roc", "ROC curve"),
    ("reliability", "reliability: probabilities and what became of them"),
    ("dice", "how well outlines agree"),
)
NOT_COMPARED = "Left out: networks were not compared (`measuring.crossed`).\n"


def figures(found: Found, charts: Mapping[str, str]) -> Iterator[str]:
    """The figures that were to be reached."""
    metrics = found.ours["metrics"] if found.ours else {}
    if metrics:
        yield (
            f"On {metrics['pictures']} frames, each judged by networks that saw no frame of its "
            f"case in training; {metrics['scored']} frames of {metrics['cases']} cases have a "
            f"label, {metrics['positive']} of them TI-RADS 4a or more. In brackets: intervals of "
            "95 %; those of AUROC, Dice and sensitivity at specificity 0.5 draw whole cases. "
            "Networks and settings were chosen on these same cases, so that the figures flatter a "
            "little.\n"
        )
    else:
        yield NOT_COMPARED
    rows = [
        against(metrics.get(name), called, anchor, bound, True)
        for name, called, anchor, bound in WANTED
    ]
    yield table(["figure", "anchor", "to reach", "found", ""], [*rows, _shift(found), _time(found)])
    yield from _divisions(metrics.get("other_divisions"))
    yield "".join(
        f"![{about}](../pictures/thyroid-{name}.svg)\n" for name, about in CHARTS if name in charts
    )


def _divisions(aurocs: Sequence[float] | None) -> Iterator[str]:
    if aurocs:
        yield (
            "Another division of the cases is another figure: what judges nodules was learnt anew "
            f"on {len(aurocs)} others (outlines are those above, of networks that never saw the "
            f"case), with an AUROC of {np.mean(aurocs):.3f} on average, from {min(aurocs):.3f} to "
            f"{max(aurocs):.3f}.\n"
        )


def _shift(found: Found) -> list[str]:
    moved = None if found.words is None else found.words["changes"][EVERY]["max"]
    verdict = "" if moved is None else "reached" if moved <= SHIFT else "**missed**"
    return [
        "burned-in text changes the probability by, the most of all",
        "none",
        f"at most {SHIFT:g}",
        "-" if moved is None else f"{moved:.3f}",
        verdict or "not measured",
    ]


def _time(found: Found) -> list[str]:
    bench = found.bench
    verdict = "not measured"
    if bench is not None:
        verdict = "reached" if bench["median"] < SECONDS else "**missed**"
    return [
        "seconds for a frame, the model alone, median"
        + (f", {bench['threads']} threads" if bench else ""),
        "seed: 1 to 3",
        f"under {SECONDS:g}",
        f"{bench['median']:.3f}" if bench else "-",
        verdict,
    ]


def compared(found: Found) -> Iterator[str]:
    """Our network beside others that were trained on the same frames, and the seed's weights."""
    yield _published(found)
    if found.crossed is None:
        yield NOT_COMPARED
        return
    names = ("auroc", "sensitivity_at_specificity_0.5", "dice_mean", "calibration_error", "brier")
    rows = [
        [f"**{name}**" if name == found.crossed["first"] else name]
        + [told(one["metrics"][figure]) for figure in names]
        for name, one in found.crossed["networks"].items()
    ]
    header = ["network", "AUROC", "sensitivity at specificity 0.5", "Dice", "ECE", "Brier"]
    yield "Trained here on the same folds, and judged on the cases left out:\n"
    yield table(header, rows)
    for name, one in found.crossed["auroc_differences"].items():
        yield f"AUROC of {found.crossed['first']} less that of {name}: {_difference(one)}\n"


def _published(found: Found) -> str:
    begins = "The weights that the seed's authors published tell nothing apart here: "
    if found.published is None:
        return f"{begins}AUROC 0.53, which is chance (not measured again for this page).\n"
    auroc = found.published["metrics"]["auroc"]
    if auroc is None or auroc["low"] > 0.5:
        return f"The weights that the seed's authors published: AUROC {told(auroc)}.\n"
    return f"{begins}AUROC {told(auroc)}, which is chance.\n"


def _difference(one: Mapping[str, Any] | None) -> str:
    if one is None:
        return "not known."
    said = f"{one['value']:+.3f}, 95 % from {one['low']:+.3f} to {one['high']:+.3f}"
    if one["low"] > 0:
        return f"{said}: better."
    if one["high"] < 0:
        return f"{said}: **worse**."
    return f"{said}: as far as {one['count']} frames tell, there may be no difference."


def outlines(found: Found) -> str:
    """How well nodules are outlined."""
    if found.ours is None:
        return NOT_COMPARED
    metrics = found.ours["metrics"]
    if metrics["dice_mean"] is None:
        return "Left out: no outlines were compared.\n"
    return (
        f"On {metrics['dice_mean']['count']} frames, all outlines of a frame against all true "
        "ones, at the size of the original picture; nothing outlined counts as 0.\n\n"
        + table(
            ["mean Dice", "median", "share above 0.5"],
            [[told(metrics[f"dice_{name}"]) for name in ("mean", "median", "above_0.5")]],
        )
    )


def steps(found: Found) -> Iterator[str]:
    """Scores by TI-RADS category, and what becomes of the risk levels."""
    if found.ours is None:
        yield NOT_COMPARED
        return
    metrics = found.ours["metrics"]
    risks = [
        [name, one["count"], told(one["suspicious"])] for name, one in metrics["risks"].items()
    ]
    yield table(["risk", "frames", "TI-RADS 4a or more"], risks)
    if metrics["tirads"] is None:
        yield "The index names no TI-RADS categories.\n"
        return
    rows = [
        [name, one["count"], told(one["mean_score"])]
        for name, one in metrics["tirads"]["categories"].items()
    ]
    yield table(["TI-RADS", "frames", "mean probability"], rows)
    yield (
        f"Rank correlation of category and probability (Spearman): "
        f"{told(metrics['tirads']['spearman'])}.\n"
    )


def features(found: Found) -> str:
    """How well what is seen of a nodule is told apart."""
    if found.ours is None:
        return NOT_COMPARED
    every = found.ours["metrics"]["features"]
    rows = [
        [name, one["count"], one["positive"], told(one["auroc"])]
        for name in FEATURES
        if (one := every[name])["auroc"] is not None
    ]
    if not rows:
        return "Left out: the networks name no features.\n"
    return (
        "By what was written down of a nodule; where nobody wrote it, the frame does not count.\n\n"
        + table(["feature", "frames", "with it", "AUROC"], rows)
    )


def burned_in(found: Found) -> str:
    """What becomes of a judgement when words are written into the picture."""
    if found.words is None:
        return "Left out: it was not measured (`measuring.words`).\n"
    changes = found.words["changes"]
    first = [name for name in (BLACK, EVERY) if name in changes]
    rows = [
        [
            name,
            *(f"{changes[name][figure]:.3f}" for figure in ("max", "p95", "mean")),
            *(_signed(changes[name][figure]) for figure in ("dice_mean", "dice_worst")),
        ]
        for name in [*first, *(name for name in changes if name not in first)]
    ]
    header = ["change", "the most", "95 of 100 at most", "mean", "Dice, mean", "Dice, worst"]
    return (
        f"On {found.words['pictures']} frames: by how much the probability moves, and what becomes "
        "of the Dice with the true outline. Frames that were trained on are among them. Words "
        "over the nodule hide some of it.\n\n" + table(header, rows)
    )


def _signed(value: float | None) -> str:
    return "-" if value is None else f"{value:+.3f}"


def strangers(found: Found) -> str:
    """Pictures of other kinds, by kind."""
    kinds = found.strange["metrics"]["kinds"] if found.strange else None
    if kinds is None:
        return "Left out: it was not measured by kind.\n"
    rows = [[kind, one["count"], told(one)] for kind, one in kinds["refused"].items()]
    return (
        "Pictures without a header that would tell what they are. Ultrasound among them is of "
        "necks, and not to be refused.\n\n" + table(["kind", "pictures", "refused"], rows)
    )
