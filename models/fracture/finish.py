"""Makes the shipped model of trained members: weights, calibration, domain, operating points, card.

    python -m models.fracture.finish --data DIR --backbone FILE [--members DIR] [--out DIR]

Everything is fitted on what no member saw of the training split: the fold that is held out. The
split called `val` is not read here; `dicom-node models eval` measures on it.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file, save_file

from models.domain import Domain
from models.evaluation import read_picture
from models.fracture.calibration import fitted
from models.fracture.data import FOLDS, HELD_OUT, REGIONS, Case, read
from models.fracture.model import Raw, seen_by, texture
from models.fracture.network import Backbone, FractureNet, channels_last, start_from
from models.fracture.picture import CONTRACT, prepare
from models.registry.card import CARD, made

SHIPPED = Path(__file__).with_name("shipped")
WEIGHTS = "weights.safetensors"
VERSION = "1.1.0"
REFUSED_AT_HOME = 0.015
"""The share of held-out training pictures that may look strange."""
METAL_SPECIFICITY = 0.98
"""The share of pictures without hardware in which none may seem to be: fewer doubts would miss more
of the hardware, beside which nearly everything in the training data is fractured."""
OPERATING_POINTS = {"sensitivity-0.90": 0.10, "sensitivity-0.80": 0.20}
"""By the share of fractured pictures below the threshold."""
SPECIFICITIES = {"specificity-0.90": 0.90, "specificity-0.95": 0.95, "specificity-0.99": 0.99}
USUAL = "specificity-0.95"


@dataclass(frozen=True)
class Looked:
    """What the members say together of a case that none of them was trained on."""

    case: Case
    raw: Raw


def held_out(
    members: Sequence[FractureNet], cases: Sequence[Case], images: Path
) -> Iterator[Looked]:
    """The members on the fold that was kept from all of them."""
    for case in cases:
        if case.split == "train" and case.fold == HELD_OUT:
            yield Looked(case, seen_by(members, prepare(read_picture(images / case.file))))


def members_in(folder: Path) -> list[FractureNet]:
    """The trained members, rounded as they will be stored."""
    found = []
    for path in sorted(folder.glob("member*.safetensors")):
        net = FractureNet().eval()
        net.load_state_dict({n: v.half().float() for n, v in load_file(path).items()})
        found.append(channels_last(net, "cpu"))
    return found


def operating_points(probabilities: np.ndarray, fractured: np.ndarray) -> dict[str, float]:
    """Thresholds by name, each on the probabilities of cases that were held out."""
    healthy, broken = probabilities[~fractured], probabilities[fractured]
    points = {name: float(np.quantile(healthy, at)) for name, at in SPECIFICITIES.items()}
    points |= {name: float(np.quantile(broken, at)) for name, at in OPERATING_POINTS.items()}
    return {name: round(value, 4) for name, value in points.items()}


def eyes_from(path: Path) -> Backbone:
    """The backbone that knows ImageNet only, rounded as it will be stored."""
    eyes = Backbone().eval()
    start_from(eyes, load_file(path))
    eyes.load_state_dict({name: value.half().float() for name, value in eyes.state_dict().items()})
    return channels_last(eyes, "cpu")


def surroundings(eyes: Backbone, cases: Sequence[Case], images: Path) -> tuple[Domain, list[float]]:
    """The domain of the training pictures, and how strange each is to the other folds."""
    known = [case for case in cases if case.split == "train"]
    seen = np.concatenate([texture(eyes, read_picture(images / case.file)) for case in known])
    folds = np.array([case.fold for case in known])
    strange = [
        Domain.around(seen[folds != fold]).strangeness(seen[folds == fold]) for fold in range(FOLDS)
    ]
    domain = Domain.around(seen)
    rounded = Domain.of({n: value.astype(np.float16) for n, value in domain.arrays().items()})
    return rounded, np.concatenate(strange).tolist()


def ship(
    members: Sequence[FractureNet],
    eyes: Backbone,
    domain: Domain,
    fields: dict[str, Any],
    out: Path,
) -> None:
    """Write weights and card."""
    out.mkdir(parents=True, exist_ok=True)
    tensors = {f"domain.{name}": torch.from_numpy(v) for name, v in domain.arrays().items()}
    tensors |= {f"eyes.{name}": value for name, value in eyes.state_dict().items()}
    for number, member in enumerate(members):
        tensors |= {f"member{number}.{name}": v for name, v in member.state_dict().items()}
    save_file({name: value.half().contiguous() for name, value in tensors.items()}, out / WEIGHTS)
    (out / WEIGHTS).chmod(0o644)  # it is written for its owner only
    digest = hashlib.sha256((out / WEIGHTS).read_bytes()).hexdigest()
    card = made({**fields, "files": [{"name": WEIGHTS, "sha256": digest}]})
    (out / CARD).write_text(json.dumps(card.to_dict(), indent=2, ensure_ascii=False) + "\n")


def about(
    settings: Mapping[str, Any], points: Mapping[str, float], seen: Mapping[str, Any]
) -> dict[str, Any]:
    """What the card says besides figures that are measured later."""
    return {
        "name": "fracture",
        "version": VERSION,
        "task": "fracture",
        "framework": "torch",
        "architecture": "fracture-ensemble",
        "licence": "CC-BY-4.0",
        "data": (
            "FracAtlas (Abedeen et al. 2023, CC BY 4.0): X-rays of hands, legs, hips and shoulders "
            "from three hospitals in Bangladesh, the training split of this project, ambiguous "
            "ones dropped, near-duplicates kept together. Started from MobileNetV2 trained on "
            "ImageNet (google-coral/test_data, Apache-2.0)."
        ),
        "input": asdict(CONTRACT),
        "labels": ["fracture"],
        "positive": "fracture",
        "thresholds": dict(points),
        "operating_point": USUAL,
        "metrics": {"held_out": dict(seen)},
        "limits": [
            "Not a medical device. Made for research and for testing the way to the PACS.",
            "One source of data, three hospitals, no ages: children and adults are mixed and were "
            "never told apart.",
            "Hardly any pictures with metal, none of the spine, the ribs, the skull or the teeth.",
            "Trained on pictures of 8 bits and mostly 373 x 454 pixels: fine fissures that only "
            "full resolution shows are missed.",
        ],
        "settings": dict(settings),
    }


def main() -> None:
    """Make the shipped model."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--backbone", type=Path, required=True)
    parser.add_argument("--members", type=Path, default=Path("build/fracture"))
    parser.add_argument("--out", type=Path, default=SHIPPED)
    chosen = parser.parse_args()
    cases, images = read(chosen.data), chosen.data / "images"
    members = members_in(chosen.members)
    looked = list(held_out(members, cases, images))
    fractured = np.array([one.case.fractured for one in looked])
    logits = np.array([one.raw.logit for one in looked])
    calibration = fitted(logits, fractured, [one.case.regions for one in looked])
    probabilities = np.array([calibration.probability(float(logit)) for logit in logits])
    metal = np.array([float(one.raw.scene.sigmoid()[len(REGIONS)]) for one in looked])
    hardware = np.array([one.case.hardware for one in looked])
    eyes = eyes_from(chosen.backbone)
    domain, strange = surroundings(eyes, cases, images)
    settings = {
        "members": len(members),
        "strange": round(float(np.quantile(strange, 1 - REFUSED_AT_HOME)), 4),
        "metal": round(float(np.quantile(metal[~hardware], METAL_SPECIFICITY)), 4),
    }
    found = int((metal[hardware] > settings["metal"]).sum())
    seen = {
        "pictures": len(looked),
        "fractured": int(fractured.sum()),
        "hardware": int(hardware.sum()),
        "hardware_found": found,
    }
    points = operating_points(probabilities, fractured)
    fields = about(settings, points, seen) | {"calibration": asdict(calibration)}
    ship(members, eyes, domain, fields, chosen.out)


if __name__ == "__main__":
    main()
