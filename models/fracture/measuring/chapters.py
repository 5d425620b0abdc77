"""The chapters of the model's page that are figures, each beside what was wanted of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from models.curves import at
from models.fracture.data import REGIONS
from models.fracture.measuring.found import Found
from models.fracture.measuring.plots import WANTED_AUROC
from models.metrics import Estimate, told
from models.pages import against, table

WANTED = (
    ("auroc", "image AUROC", "published FracAtlas classifiers: low", WANTED_AUROC, True),
    (
        "sensitivity_at_specificity_0.95",
        "sensitivity at specificity 0.95, at the threshold that is best here",
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
STRANGE = ("out-of-domain inputs refused", "none", 0.95, True)
CHARTS = (
    ("roc", "ROC curve with its operating points"),
    ("pr", "precision and recall"),
    ("reliability", "reliability: probabilities and what became of them"),
    ("regions", "AUROC by region and size"),
)
WEAK = "Weaker than on the whole"
"""How the limit begins that names regions."""


def figures(found: Found) -> Iterator[str]:
    """The figures that were to be reached."""
    metrics = found.metrics
    yield (
        f"On {metrics['scored']} pictures of the split `val`, {metrics['positive']} of them "
        "fractured, which neither training nor calibration nor any limit was fitted on; when it "
        "was looked at stands below, under what was tried. In brackets: intervals of 95 %.\n"
    )
    rows = [
        against(metrics.get(name), called, anchor, bound, at_least)
        for name, called, anchor, bound, at_least in WANTED
    ]
    strange = found.strange or {}
    by_kind = (strange.get("kinds") or {}).get("mean_refused")
    of_both = {"all of them": strange.get("refused"), "mean of the kinds": by_kind}
    called, anchor, bound, at_least = STRANGE
    rows += [
        against(one, f"{called}, {which}", anchor, bound, at_least)
        for which, one in of_both.items()
    ]
    yield table(["figure", "anchor", "to reach", "found", ""], rows)
    yield (
        "From how much strangeness on a picture is refused is chosen of training pictures alone, "
        "by a rule: of those that were held out in turn, 985 of 1000 are less strange. But how "
        "many of `val` are refused had been seen when 0.985 was chosen, so that neither of the "
        "figures of what is refused is an independent one.\n"
    )
    more = {name: told(metrics[name]) for name in ("average_precision", "brier")}
    yield (
        f"Average precision {more['average_precision']}, Brier score {more['brier']}. How long a "
        "radiograph takes is told [with the pipeline](../fracture.md#how-fast), what each figure "
        "is in [models](../models.md#how-good-it-is).\n"
    )
    yield _studies(metrics["studies"])
    yield "".join(f"![{about}](../pictures/fracture-{name}.svg)\n" for name, about in CHARTS)


def _studies(studies: Mapping[str, Any] | None) -> str:
    if studies is None:
        return (
            "All figures are of single pictures: the data do not say which were taken together. "
            "Where an index has a column `study`, `models eval` gives figures of studies too.\n"
        )
    return (
        f"Of {studies['count']} whole studies, {studies['several_pictures']} of several pictures: "
        f"AUROC {told(studies['auroc'])}, calibration error {told(studies['calibration_error'])}, "
        f"sensitivity {told(studies['sensitivity'])} and specificity "
        f"{told(studies['specificity'])} at the card's threshold.\n"
    )


def delivered(found: Found) -> str:
    """What becomes of fractured and of healthy pictures."""
    metrics, labels = found.metrics, found.metrics["by_label"]
    calls = [
        ["by the probability alone", told(metrics["sensitivity"]), told(metrics["specificity"])],
        [
            "as it is delivered",
            told(metrics["delivered_sensitivity"]),
            told(metrics["delivered_specificity"]),
        ],
    ]
    unanswered = [
        [called, *(told(labels[label][name]) for label in ("positive", "negative"))]
        for called, name in (
            ("indeterminate for any reason", "indeterminate"),
            ("refused as strange", "refused"),
        )
    ]
    return (
        "A picture that is refused as strange, or in which metal is suspected, is neither called "
        "present nor absent: it is *indeterminate*, and somebody has to look. So fewer fractures "
        "are delivered as present than the probability alone would call, and that is the figure "
        f"to reckon with. At the card's threshold ({found.card.threshold:g}):\n\n"
        + table(["", "sensitivity", "specificity"], calls)
        + "\n"
        + table(["share that is", "of fractured pictures", "of healthy ones"], unanswered)
        + "\nThe pipeline has doubts of its own on top: a patient whose age is not known, a poor "
        "exposure, an image that could not be read. They are not in these figures; of real "
        "radiographs such as these hardly any is found poorly exposed.\n"
    )


def strata(found: Found) -> str:
    """The parts of the set."""
    names = ("auroc", "sensitivity", "specificity", "localisation", "indeterminate")
    rows = [
        [name, one["count"], one["positive"], *(told(one[figure]) for figure in names)]
        for name, one in found.metrics["strata"].items()
    ]
    header = ["stratum", "pictures", "fractured", "AUROC", "sensitivity", "specificity"]
    return table([*header, "best region hits", "indeterminate"], rows) + (
        "\nSensitivity and specificity are at the card's threshold, by the probability alone. A "
        "picture counts in each region that it shows. Sizes are those in which the pictures were "
        "published, either way up. What the hospital changes beside size is not known: the data "
        "do not say which picture is whose.\n"
    )


def weak(found: Found) -> str:
    """The limit that names the regions on which it falls short; empty: there is none."""
    groups = {n: one for n, one in found.metrics["strata"].items() if n in REGIONS}
    said = [
        f"{'several regions at once' if name == 'mixed' else name} (AUROC {auroc['value']:.2f}, "
        f"95 % {auroc['low']:.2f} to {auroc['high']:.2f}, {one['positive']} fractured)"
        for name, one in groups.items()
        if (auroc := one["auroc"]) is not None and auroc["value"] < WANTED_AUROC
    ]
    return f"{WEAK}, on pictures it was not trained on: {'; '.join(said)}." if said else ""


def shortcuts(found: Found) -> Iterator[str]:
    """What blind models reach, and whether ours is one of them."""
    check, parts = found.shortcut, found.metrics["strata"]
    if check is None:
        yield "The index does not say in which sizes the pictures were published.\n"
        return
    called = {"size": "the picture's size", "hardware": "whether there is hardware"}
    rows = [
        [f"a model given only {called.get(fact, 'the part of the body')}", told(one.to_dict())]
        for fact, one in check.alone.items()
    ]
    rows.append(["ours", told(check.ours.to_dict())])
    rows += [
        [f"ours within {name}", told(one["auroc"])]
        for name, one in parts.items()
        if "size" in name or name == "no hardware"
    ]
    yield (
        "Sizes differ by hospital, and so does how many pictures are fractured; nearly all with "
        "plates or screws are. A blind model says how often pictures of which that is true are "
        "fractured in the training split; among pictures that are equal in it, it can tell nothing "
        "apart (0.5).\n"
    )
    yield table(["AUROC on `val`", ""], rows)
    yield (
        f"Size explains {check.score_explained:.1%} of the variance of our score (its logit, "
        f"{check.sizes} sizes), and {check.truth_explained:.1%} of that of the truth itself. "
        f"{_concluded(check.beyond)}\n"
    )
    yield from _hardware(parts)


def _concluded(beyond: Estimate) -> str:
    told_so = f"{beyond.value:+.3f}, 95 % from {beyond.low:+.3f} to {beyond.high:+.3f}"
    if beyond.low > 0:
        return f"The score goes by size more than the truth does ({told_so})."
    if beyond.high < 0:
        return f"The score goes by size less than the truth does ({told_so})."
    return (
        f"The difference ({told_so}) may be none: as far as {beyond.count} pictures tell, the "
        "score goes by size no more than the truth does."
    )


def _hardware(parts: Mapping[str, Any]) -> Iterator[str]:
    if "hardware" not in parts or "no hardware" not in parts:
        return
    those, others = parts["hardware"], parts["no hardware"]
    wanted = next(bound for name, _, _, bound, _ in WANTED if name.startswith("sensitivity_at"))
    best = others["sensitivity_at_specificity_0.95"]
    yield (
        f"**Hardware.** {those['positive']} of {those['count']} pictures with it are fractured, so "
        "that these pictures cannot tell a model that sees the fracture from one that sees the "
        "plate: a healed fracture with a plate may be called present. Indeterminate are "
        f"{told(those['indeterminate'])} of pictures with hardware and "
        f"{told(others['indeterminate'])} of the others. Without those with hardware: AUROC "
        f"{told(others['auroc'])}, sensitivity {told(others['sensitivity'])} and specificity "
        f"{told(others['specificity'])} at the card's threshold, and sensitivity {told(best)} at "
        f"specificity 0.95 (wanted of all: {wanted:g}).\n"
    )


def strangers(found: Found) -> str:
    """Pictures of other kinds, by kind."""
    kinds = (found.strange or {}).get("kinds")
    if kinds is None:
        return "Not measured by kind.\n"
    rows = [[kind, one["count"], told(one)] for kind, one in kinds["refused"].items()]
    rows.append(["**mean of the kinds**", "", told(kinds["mean_refused"])])
    few = [
        f"{one['count']} of {kind}" for kind, one in kinds["refused"].items() if one["count"] < 5
    ]
    return (
        "Pictures that are no X-rays of extremities, without a header that would tell. Kinds count "
        "the same in the mean, however many pictures there are of each.\n\n"
        + table(["kind", "pictures", "refused"], rows)
        + "\nX-rays of other parts of the body are what is most easily taken for an extremity, and "
        "what there is least of"
        + (f" ({', '.join(few)})" if few else "")
        + ": one figure for all kinds says little about them. The skull X-rays also served to "
        "choose at which size textures are looked at. Computed X-rays are of one head, the "
        "ultrasound is of one machine, so that these pictures are not independent.\n"
    )


def steadiness(found: Found) -> str:
    """What becomes of a judgement when nothing of the bones changes."""
    if found.steady is None:
        return "Not measured.\n"
    rows = [
        [
            name,
            f"{one['median']:.3f}",
            f"{one['p95']:.3f}",
            told(one["verdicts"]),
            one["to_indeterminate"],
        ]
        for name, one in found.steady["changes"].items()
    ]
    return (
        f"On {found.steady['pictures']} pictures of `val`, the model alone: by how much the "
        "probability moves (median and 95th percentile), and how often the verdict changes.\n\n"
        + table(["change", "median", "95 %", "other verdict", "of these indeterminate"], rows)
    )


def points(found: Found) -> str:
    """What each threshold of the card gives."""
    rows = []
    for name, threshold in sorted(found.card.thresholds.items(), key=lambda one: one[1]):
        both = (told(one.to_dict()) for one in at(threshold, found.truth, found.scores))
        called = f"**{name}**" if name == found.card.operating_point else name
        rows.append([called, f"{threshold:g}", *both])
    return (
        "Chosen on held-out parts of the training split; a site chooses another, or a threshold of "
        "its own, in `[pipelines.fracture.options]`. What they give on `val`, by the probability "
        "alone:\n\n" + table(["operating point", "threshold", "sensitivity", "specificity"], rows)
    )
