"""The coded words of the thyroid pipeline, and the level of risk that a probability is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pipelines.contract import Concept, Presence
from pipelines.thyroid.options import Levels

OWN = "99DICOMNODE"
"""The node's own coding scheme, for what no standard has a word."""

NODULE = Concept(value="237495005", scheme="SCT", meaning="Thyroid nodule")
THYROID = Concept(value="69748006", scheme="SCT", meaning="Thyroid")
SUSPICIOUS = Concept(value="suspicious", scheme=OWN, meaning="Suspicious thyroid nodule")
"""By the looks of it in ultrasound; the standard's 'malignant' is a word of pathology."""
BENIGN = Concept(value="not-suspicious", scheme=OWN, meaning="Benign looking thyroid nodule")
LONG = Concept(value="103339001", scheme="SCT", meaning="Long axis")
SHORT = Concept(value="103340004", scheme="SCT", meaning="Short axis")
AREA = Concept(value="42798000", scheme="SCT", meaning="Area")
RATIO = Concept(value="height-to-width", scheme=OWN, meaning="Height to width")

FEATURES: Mapping[str, Concept] = {
    "solid": Concept(value="solid", scheme=OWN, meaning="Solid"),
    "hypoechoic": Concept(value="111364", scheme="DCM", meaning="Hypoechoic"),
    "irregular": Concept(value="irregular-margin", scheme=OWN, meaning="Irregular margins"),
    "calcified": Concept(value="calcified", scheme=OWN, meaning="Calcifications"),
    "microcalcified": Concept(value="microcalcified", scheme=OWN, meaning="Microcalcifications"),
}
"""What a model may see besides, by the name its card has for it."""

Level = Literal["high", "moderate", "borderline", "low"]
RISKS: Mapping[Level, Concept] = {
    "high": Concept(value="15508007", scheme="SCT", meaning="High risk"),
    "moderate": Concept(value="25594002", scheme="SCT", meaning="Moderate risk"),
    "borderline": Concept(
        value="429551001", scheme="SCT", meaning="Borderline (low to moderate) risk"
    ),
    "low": Concept(value="75976002", scheme="SCT", meaning="Low risk"),
}


def level(probability: float, presence: Presence, levels: Levels) -> Level:
    """The level of a probability, by which nothing contradicts the judgement.

    What is called suspicious is never of low risk, and what is not is never of high risk.
    """
    suspicious = presence is Presence.PRESENT
    if probability >= levels.high and suspicious:
        return "high"
    if probability >= levels.moderate:
        return "moderate"
    if probability >= levels.borderline or suspicious:
        return "borderline"
    return "low"
