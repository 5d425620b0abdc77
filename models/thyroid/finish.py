"""Makes the shipped model of trained members: what judges nodules, calibration, points, card.

    python -m models.thyroid.finish --data DIR --backbone FILE [--members DIR] [--out DIR]
        [--crossed JSON]

What judges the nodules is learnt on the outlines of radiologists, and on these a little wider and
narrower: taught on those of our networks it does worse. It is measured on ours: every frame is
outlined by the two members that never saw its case. The rows of `--crossed` are cross-validated:
each fold is judged by what was learnt on the others. Only the calibration, two numbers, is that of
all, so that the thresholds of the card mean the same here. As much hangs on which cases are learnt
from, the AUROC is told of other divisions too.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray
from safetensors.numpy import load_file
from scipy import ndimage

from models import metrics
from models.domain import Domain
from models.files import write_whole
from models.fitting import calibrated
from models.registry.card import Calibration
from models.thyroid.data import FEATURES, FOLDS, Frame, frames
from models.thyroid.gate import Textures, eyes, seeing
from models.thyroid.head import Head, learnt
from models.thyroid.measuring.evaluate import dice
from models.thyroid.model import (
    EYES,
    JUDGING,
    MEMBERS,
    OUTLINE,
)
from models.thyroid.nodules import ROWS, Grey, Mask, Nodule, nodules
from models.thyroid.outlining import Outliners, found
from models.thyroid.shipping import USUAL, about, ship
from models.thyroid.storing import rounded
from models.thyroid.texture import FARTHEST, KNOWN, judging, knowing, known_of
from models.thyroid.views import disturbed, shown

SHIPPED = Path(__file__).with_name("shipped")
SENSITIVITIES = {"sensitivity-0.95": 0.05, "sensitivity-0.90": 0.10}
"""By the share of suspicious frames below the threshold."""
SPECIFICITIES = {"specificity-0.50": 0.50, "specificity-0.80": 0.80}
REFUSED_AT_HOME = 0.005
"""The share of held-out frames, as they are and disturbed, that may look strange."""
DISTURBED = 2
WIDER = 4
"""By how many pixels others outline nodules wider or narrower, of a picture with `ROWS` rows."""
GAMMAS = (0.83, 1.2)
"""How others set greys."""
DIVISIONS = 20
"""Other ways to divide cases into folds that are tried."""
GOOD_FEATURE = 0.7
"""A feature is told of where its cross-validated AUROC is at least this."""
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Looked:
    """A frame with the nodules that members outlined who never saw its case."""

    frame: Frame
    outlined: Mask
    known: list[NDArray[np.float32]]
    """What is known of each of its nodules, a row for each look that sees it."""
    areas: NDArray[np.float64]
    taught: NDArray[np.float32]
    """What is known of those that a radiologist outlined, and of the same a little otherwise."""

    @property
    def truth(self) -> Floats:
        """What is to be learnt; NaN where nobody knows."""
        told = (self.frame.case.suspicious, *self.frame.case.features)
        return np.array([np.nan if one is None else float(one) for one in told])


def looked(members: Sequence[Any], known: Sequence[Frame]) -> list[Looked]:
    """Each frame by the members of its fold."""
    knows = tf.function(knowing(), autograph=False, reduce_retracing=True)
    outliners = [Outliners(of_fold(members, fold)) for fold in range(FOLDS)]
    seen = []
    for frame in known:
        grey = frame.sight.grey
        some, sure = found(grey, outliners[frame.case.fold].looks(grey))
        masks = [one.nodule.mask for one in some]
        inside = np.logical_or.reduce(masks) if sure else np.zeros(grey.shape, np.bool_)
        areas = np.array([mask.sum() for mask in masks], np.float64)
        true = [] if frame.inside is None else list(otherwise(grey, frame.inside > 0))
        told = [known_of(knows, one.nodule) for one in some]
        taught = [np.zeros((0, KNOWN), np.float32), *(known_of(knows, one) for one in true)]
        seen.append(Looked(frame, inside, told, areas, np.concatenate(taught)))
    return seen


def of_fold(members: Sequence[Any], fold: int) -> list[Sequence[Any]]:
    """The two that never saw a fold, in groups: each of them looks in two ways."""
    one, other = members[fold], members[fold + FOLDS]
    return [[one], [one], [other], [other]]


def otherwise(grey: Grey, inside: Mask) -> Iterator[Nodule]:
    """Nodules as they are, as others outline them, and with the picture's greys set otherwise."""
    yield from nodules(grey, inside)
    wider = max(1, round(WIDER * grey.shape[0] / ROWS))
    for grown in (ndimage.binary_dilation, ndimage.binary_erosion):
        yield from nodules(grey, grown(inside, iterations=wider))
    for gamma in GAMMAS:
        other = 255 * (grey / 255) ** gamma
        yield from nodules(other.astype(np.uint8), inside)


def taught(known: Sequence[Looked]) -> Head:
    """What the nodules of these frames teach."""
    rows = np.concatenate([one.taught for one in known]).astype(np.float64)
    truth = np.concatenate([np.tile(one.truth, (len(one.taught), 1)) for one in known])
    return learnt(rows, truth, FARTHEST)


def logits(head: Head, known: Sequence[Looked]) -> NDArray[np.float64]:
    """What a head says of each frame: the mean over its nodules, the larger ones counting more."""
    said = []
    for one in known:
        of_each = [head.logits(rows, FARTHEST).mean(axis=0) for rows in one.known]
        said.append(np.average(of_each, axis=0, weights=one.areas))
    return np.stack(said).astype(np.float64)


def crossed(known: Sequence[Looked], folds: NDArray[np.int64] | None = None) -> Floats:
    """The logits of each frame by what was learnt on the other folds."""
    if folds is None:
        folds = np.array([one.frame.case.fold for one in known])
    found = np.zeros((len(known), 1 + len(FEATURES)))
    for fold in range(FOLDS):
        others = [one for one, its in zip(known, folds, strict=True) if its != fold]
        here = np.flatnonzero(folds == fold).tolist()
        found[here] = logits(taught(others), [known[at] for at in here])
    return found


def divided(known: Sequence[Looked], seed: int) -> NDArray[np.int64]:
    """The fold of each frame in another division of the cases."""
    cases, its = np.unique([one.frame.case.case for one in known], return_inverse=True)
    return np.asarray(np.random.default_rng(seed).permutation(len(cases))[its] % FOLDS)


def calibration(found: Floats, known: Sequence[Looked]) -> Calibration:
    """What a frame's logit is worth."""
    truth = np.array([one.truth[0] for one in known])
    told = np.isfinite(truth)
    temperature, bias = calibrated(found[told, 0], truth[told] > 0.5)
    return Calibration(temperature=temperature, bias=bias)


def operating_points(chances: Floats, suspicious: NDArray[np.bool_]) -> dict[str, float]:
    """Thresholds by name."""
    points = {name: np.quantile(chances[~suspicious], at) for name, at in SPECIFICITIES.items()}
    points |= {name: np.quantile(chances[suspicious], at) for name, at in SENSITIVITIES.items()}
    return {name: round(float(value), 4) for name, value in points.items()}


def surroundings(textures: Textures, known: Sequence[Frame]) -> tuple[Domain, Floats]:
    """The domain of the frames, and how strange each is to the other folds.

    They are shown as they are and disturbed: frames as others might have made them belong
    to it, as there is one centre in the data.
    """
    rng = np.random.default_rng(0)
    views = [[shown(one.sight.grey), *_others(one, rng)] for one in known]
    seen = np.concatenate([textures(some) for some in views])
    folds = np.repeat([one.case.fold for one in known], len(views[0]))
    strange = [
        Domain.around(seen[folds != fold]).strangeness(seen[folds == fold]) for fold in range(FOLDS)
    ]
    domain = Domain.around(seen)
    small = {name: value.astype(np.float16) for name, value in domain.arrays().items()}
    return Domain.of(small), np.concatenate(strange).astype(np.float64)


def _others(one: Frame, rng: np.random.Generator) -> list[NDArray[np.float32]]:
    nothing = np.zeros_like(one.sight.grey)
    return [disturbed(one.sight.grey, nothing, rng)[0] for _ in range(DISTURBED)]


def auroc(scores: Floats, truth: Floats) -> float:
    """How often the one of two is higher that should be; what nobody knows is left out."""
    known = np.isfinite(truth)
    return metrics.auroc(truth[known] == 1, scores[known])


def rows(known: Sequence[Looked], found: Floats, chances: Floats) -> list[dict[str, Any]]:
    """The frames as `models eval` tells of them."""
    told = []
    for one, said, chance in zip(known, found, chances, strict=True):
        case, inside = one.frame.case, one.frame.inside
        label = None if case.suspicious is None else int(case.suspicious)
        features = dict(zip(FEATURES, (1 / (1 + np.exp(-said[1:]))).tolist(), strict=True))
        told.append(
            {
                "file": case.file,
                "case": case.case,
                "fold": case.fold,
                "label": label,
                "score": float(chance),
                "features": features,
                "dice": None if inside is None else dice(one.outlined, inside > 0),
            }
        )
    return told


def main() -> None:
    """Make the shipped model."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--backbone", type=Path, required=True)
    parser.add_argument("--members", type=Path, default=Path("build/thyroid"))
    parser.add_argument("--out", type=Path, default=SHIPPED)
    parser.add_argument("--crossed", type=Path)
    chosen = parser.parse_args()
    members = [
        rounded(keras.saving.load_model(chosen.members / OUTLINE.format(number), compile=False))
        for number in range(MEMBERS)
    ]
    seeing_eyes = rounded(eyes(load_file(chosen.backbone)))
    shown_to = frames(chosen.data)
    domain, strange = surroundings(seeing(seeing_eyes), shown_to)
    known = looked(members, shown_to)
    found = crossed(known)
    truth = np.stack([one.truth for one in known])
    told = np.isfinite(truth[:, 0])
    worth = calibration(found, known)
    chances = np.array([worth.probability(float(one)) for one in found[:, 0]])
    points = operating_points(chances[told], truth[told, 0] > 0.5)
    seen = {
        name: auroc(found[:, at], truth[:, at]) for at, name in enumerate(("", *FEATURES)) if name
    }
    settings = {
        "strange": round(float(np.quantile(strange, 1 - REFUSED_AT_HOME)), 4),
        "usual": round(float(np.median(found[told, 0])), 4),
        "prevalence": round(float(truth[told, 0].mean()), 4),
        "features": {name: 0.5 for name, value in seen.items() if value >= GOOD_FEATURE},
    }
    networks = {OUTLINE.format(number): member for number, member in enumerate(members)}
    networks |= {JUDGING: judging(taught(known)), EYES: seeing_eyes}
    ship(networks, domain, about(settings, points, worth), chosen.out)
    if chosen.crossed:
        images = rows(known, found, chances)
        others = [
            auroc(crossed(known, divided(known, seed))[:, 0], truth[:, 0])
            for seed in range(DIVISIONS)
        ]
        told_of = {"threshold": points[USUAL], "images": images, "other_divisions": others}
        write_whole(chosen.crossed, json.dumps(told_of, indent=1) + "\n")
    print(f"AUROC {auroc(found[:, 0], truth[:, 0]):.3f}, features {seen}")


if __name__ == "__main__":
    main()
