"""Writes the shipped model: the weights of all its parts, and a card that says what it is."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save

from models.domain import Domain
from models.files import write_whole
from models.registry.card import CARD, Calibration, made
from models.thyroid.model import CONTRACT, DOMAIN, LABELS
from models.thyroid.storing import stored

VERSION = "1.0.0"
USUAL = "specificity-0.50"
LIMITS = (
    "Not a medical device. Made for research and for testing the way to the PACS.",
    "Labels are TI-RADS categories written by radiologists, not pathology: what is called "
    "suspicious is what they would have called so.",
    "One source of data, one centre, few cases: 41 frames of benign nodules. Other scanners, "
    "settings and people were never tried.",
    "In the data most nodules are suspicious, and probabilities are right for such a mixture only.",
)
"""Of any model that learns from these data."""


def about(settings: dict[str, Any], points: dict[str, float], worth: Calibration) -> dict[str, Any]:
    """What the card says besides figures that are measured later."""
    return {
        "name": "thyroid",
        "version": VERSION,
        "task": "thyroid",
        "framework": "keras",
        "architecture": "thyroid-ensemble",
        "licence": "Research only: the terms of the training data are not stated.",
        "data": (
            "DDTI (Pedraza et al. 2015, doi 10.1117/12.2073532, 'open access', terms not stated): "
            "353 ultrasound frames of 291 cases from one centre in Colombia, nodules outlined by "
            "radiologists, labels by TI-RADS category (2 and 3 against 4a to 5), which are "
            "proxies: no pathology is among the data. "
            "Started from MobileNetV2 trained on ImageNet (google-coral/test_data, Apache-2.0)."
        ),
        "input": asdict(CONTRACT),
        "labels": list(LABELS),
        "positive": LABELS[1],
        "thresholds": points,
        "operating_point": USUAL,
        "calibration": asdict(worth),
        "limits": [
            *LIMITS,
            "Every frame of the data shows a nodule: how often one is outlined where there is none "
            "was never measured.",
            "Pictures unlike all of the data are refused. Ultrasound of other parts of the body "
            "was not there to try that on: it may well be judged.",
            "Words and calipers over the echoes are filled up from around, and may still move the "
            "probability: by 0.01 on average, rarely by more than 0.1.",
        ],
        "settings": settings,
    }


def ship(networks: dict[str, Any], domain: Domain, fields: dict[str, Any], out: Path) -> None:
    """Write weights and card."""
    out.mkdir(parents=True, exist_ok=True)
    digests = {name: stored(network, out / name) for name, network in networks.items()}
    cloud = save({name: value.astype(np.float16) for name, value in domain.arrays().items()})
    (out / DOMAIN).write_bytes(cloud)
    digests[DOMAIN] = hashlib.sha256(cloud).hexdigest()
    files = [{"name": name, "sha256": digest} for name, digest in digests.items()]
    card = made({**fields, "files": files})
    write_whole(out / CARD, json.dumps(card.to_dict(), indent=2, ensure_ascii=False) + "\n")
