"""Trains the network that this system replaces on the same frames, to hold ours against it.

    python -m models.thyroid.train_fibonacci --data DIR [--out DIR] [--folds build/thyroid]

As a fair chance it is shown the echoes only, as ours is, and both classes count alike. The rows in
`seed.json` are of five trainings, each without a fold; what is written is a sixth, with all frames.
It goes on where it was stopped.
"""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from models import metrics
from models.files import write_whole
from models.fitting import calibrated
from models.registry.card import CARD, Calibration, made
from models.thyroid.data import FOLDS, Frame, frames
from models.thyroid.fibonacci import INPUT, SIDE, network
from models.thyroid.shipping import LIMITS
from models.thyroid.storing import rounded, stored

OUT = Path(__file__).with_name("shipped-fibonacci")
FILE = "fibonacci.keras"
EPOCHS, BATCH, RATE = 40, 16, 1e-3
Floats = NDArray[np.float32]


def shown(grey: NDArray[np.uint8]) -> Floats:
    """Echoes as its published weights know pictures: stretched to a square, 0 to 1."""
    square = Image.fromarray(grey).resize((SIDE, SIDE), Image.Resampling.LANCZOS)
    return np.asarray(np.asarray(square) / 255, np.float32)


def disturbed(view: Floats, rng: np.random.Generator) -> Floats:
    """A view as another examiner might have made it."""
    turned, scale = rng.normal(0, 0.1), math.exp(rng.uniform(-0.2, 0.2))
    matrix = scale * np.array(
        [[math.cos(turned), -math.sin(turned)], [math.sin(turned), math.cos(turned)]]
    )
    middle = np.full(2, SIDE / 2)
    offset = middle - matrix @ (middle + rng.uniform(-0.08, 0.08, 2) * SIDE)
    view = ndimage.affine_transform(view, matrix, offset, order=1)
    if rng.random() < 0.5:
        view = view[:, ::-1]
    view = view * math.exp(rng.normal(0, 0.15)) + rng.normal(0, 0.04)
    return np.asarray(np.clip(view, 0, 1), np.float32)


def train(known: Sequence[Frame], seed: int, epochs: int = EPOCHS) -> Any:
    """The network, trained on frames with labels."""
    keras.utils.set_random_seed(seed)
    rng = np.random.default_rng(seed)
    found = network()
    views = [shown(one.sight.grey) for one in known]
    truth = np.array([float(bool(one.case.suspicious)) for one in known])
    share = np.where(truth > 0, 0.5 / truth.mean(), 0.5 / (1 - truth.mean()))
    steps = epochs * (len(known) // BATCH)
    found.compile(
        keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(RATE, steps)),
        keras.losses.BinaryCrossentropy(),
    )
    for _ in range(epochs):
        for group in _groups(len(known), rng):
            pixels = np.stack([disturbed(views[at], rng) for at in group])
            found.train_on_batch(_coloured(pixels), truth[group, None], share[group])
    return found


def _groups(count: int, rng: np.random.Generator) -> Iterator[NDArray[np.int64]]:
    order = rng.permutation(count)
    for start in range(0, count - BATCH + 1, BATCH):
        yield order[start : start + BATCH]


def _coloured(views: Floats) -> Floats:
    return np.repeat(views[..., None], 3, axis=-1)


def said(found: Any, known: Sequence[Frame]) -> NDArray[np.float64]:
    """Its probabilities, as it left the training."""
    views = _coloured(np.stack([shown(one.sight.grey) for one in known]))
    return np.asarray(found.predict(views, verbose=0), np.float64)[:, 0]


def judged(known: Sequence[Frame], fold: int) -> list[dict[str, Any]]:
    """The frames of a fold by a training without it."""
    here = [one for one in known if one.case.fold == fold]
    found = train([one for one in known if one.case.fold != fold], fold)
    return [
        {
            "file": one.case.file,
            "case": one.case.case,
            "fold": fold,
            "label": int(bool(one.case.suspicious)),
            "score": float(score),
        }
        for one, score in zip(here, said(found, here), strict=True)
    ]


def crossed(known: Sequence[Frame], folder: Path) -> list[dict[str, Any]]:
    """Each labelled frame by a training without its fold; what is there already is kept."""
    folder.mkdir(parents=True, exist_ok=True)
    told: list[dict[str, Any]] = []
    for fold in range(FOLDS):
        path = folder / f"seed-{fold}.json"
        if not path.exists():
            write_whole(path, json.dumps(judged(known, fold), indent=1) + "\n")
        told += json.loads(path.read_text())
    return told


def in_use(told: Sequence[dict[str, Any]], worth: dict[str, float] | None) -> list[dict[str, Any]]:
    """The rows with the probabilities that the shipped model gives for such scores."""
    if worth is None:
        return list(told)
    calibration = Calibration(**worth)
    logits = metrics.logits(np.array([one["score"] for one in told])).tolist()
    return [
        {**one, "score": calibration.probability(logit)}
        for one, logit in zip(told, logits, strict=True)
    ]


def about(told: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """What its card says."""
    scores = np.array([one["score"] for one in told])
    truth = np.array([one["label"] == 1 for one in told])
    try:
        temperature, bias = calibrated(metrics.logits(scores), truth)
        worth = {"temperature": temperature, "bias": bias}
    except ValueError:  # it says less than nothing
        worth = None
    return {
        "name": "thyroid-fibonacci",
        "version": "1.0.0",
        "task": "thyroid",
        "framework": "keras",
        "architecture": "fibonacci",
        "licence": "Research only: the terms of the training data are not stated.",
        "data": (
            "DDTI (Pedraza et al. 2015, 'open access', terms not stated): the frames with a "
            "TI-RADS category, 2 and 3 against 4a to 5, which are proxies and no pathology."
        ),
        "input": asdict(INPUT),
        "output": "probabilities",
        "labels": ["suspicious"],
        "positive": "suspicious",
        "thresholds": {"half": 0.5},
        "operating_point": "half",
        "calibration": worth,
        "limits": [
            *LIMITS,
            "The network of an older system, trained anew to be compared with: the other model of "
            "this task is better in cross-validation. It outlines nothing.",
            "The AUROC of the weights that its authors published is 0.53 on these data: chance.",
        ],
    }


def main() -> None:
    """Train it, and write it with its card."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=OUT)
    parser.add_argument("--folds", type=Path, default=Path("build/thyroid"))
    chosen = parser.parse_args()
    known = [one for one in frames(chosen.data) if one.case.suspicious is not None]
    told = crossed(known, chosen.folds)
    fields = about(told)
    rows = json.dumps({"images": in_use(told, fields["calibration"])}, indent=1)
    write_whole(chosen.folds / "seed.json", rows + "\n")
    chosen.out.mkdir(parents=True, exist_ok=True)
    digest = stored(rounded(train(known, FOLDS)), chosen.out / FILE)
    card = made({**fields, "files": [{"name": FILE, "sha256": digest}]})
    write_whole(chosen.out / CARD, json.dumps(card.to_dict(), indent=2) + "\n")


if __name__ == "__main__":
    main()
