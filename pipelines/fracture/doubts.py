"""What makes a judgement unsafe before any network is asked: 'indeterminate, because'."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from pipelines.bodyparts import REGIONS, regions_of
from pipelines.radiographs import Radiograph, exposure

EXTREMITIES = frozenset(
    {"UPPERLIMB", "LOWERLIMB", "EXTREMITY", "SHOULDER", "HIP", "PELVIS", "CLAVICLE", "SCAPULA"}
)
"""The parts of the body that the models are made for; a hip is often called pelvis."""
LEAST_CONTRAST = 0.1
MOST_WHITE = 0.5
MOST_BLACK = 0.97
LEAST_VISIBLE = 0.05
AGE = "The patient's age is not known, and the model does not tell children from adults."


def is_extremity(body_part: str) -> bool:
    """Whether a part of the body is an arm, a leg, a shoulder or a hip, or lies in one."""
    return bool(EXTREMITIES & {body_part, *regions_of(body_part)})


def elsewhere(body_parts: tuple[str, ...]) -> str:
    """Why a picture of these is nothing for the model; empty where one fits or nobody says."""
    if not body_parts or any(map(is_extremity, body_parts)):
        return ""
    # What is no region of ours is free text, and that may be anything, a name too.
    known = [part for part in body_parts if part in REGIONS]
    if not known:
        return "its header names a part of the body that is not known to be an extremity"
    return f"its header says that it shows {' and '.join(known)}, which is no extremity"


def doubts(radiograph: Radiograph, unknown_age: Literal["indeterminate", "note"]) -> Iterator[str]:
    """Sentences why a judgement on this picture is not to be trusted."""
    if not radiograph.for_presentation:
        yield "The image is stored for processing, not as a radiologist would see it."
    if radiograph.age is None and unknown_age == "indeterminate":
        yield AGE
    yield from _exposure(radiograph)


def _exposure(radiograph: Radiograph) -> Iterator[str]:
    measured = exposure(radiograph)
    if measured.visible < LEAST_VISIBLE:
        yield "Shutters or collimation leave hardly anything of the image."
    elif measured.black > MOST_BLACK or measured.white > MOST_WHITE:
        yield "The image is poorly exposed: most of it is plain black or white."
    elif measured.contrast < LEAST_CONTRAST:
        yield "The image is poorly exposed: it has hardly any contrast."
