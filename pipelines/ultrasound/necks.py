"""Whether an ultrasound image shows a neck, by its header alone."""

from __future__ import annotations

from pipelines.bodyparts import REGIONS, regions_of
from pipelines.ultrasound.picture import Loop

_NECK = frozenset({"NECK", "CSPINE"})
"""'Cervical' is read as the spine, and in ultrasound means the neck."""
_WORDS = ("PARATHYROID", "SMALLPART")
"""How words begin that are no region of ours and may well mean a neck."""
_SET_FOR = {
    "ABDOMINAL": "the abdomen",
    "BREAST": "the breast",
    "CHEST": "the chest",
    "ENDOCAVITARY": "a cavity of the body",
    "ENDORECTAL": "the rectum",
    "ENDOVAGINAL": "the pelvis",
    "EPICARDIAL": "the heart",
    "FETALHEART": "an unborn child",
    "GYNECOLOGY": "the pelvis",
    "INTRACARDIAC": "the heart",
    "INTRAVASCULAR": "the inside of vessels",
    "NEONATALHEAD": "the head",
    "OBSTETRICAL": "an unborn child",
    "OPHTHALMIC": "the eye",
    "PELVIC": "the pelvis",
    "RETROPERITONEAL": "the retroperitoneum",
    "SCROTAL": "the scrotum",
    "TEE": "the heart",
    "TRANSCRANIAL": "the head",
    "TTE": "the heart",
}
"""What exams of the standard are of, where that is no neck."""


def why_not_neck(loop: Loop) -> str:
    """Why a loop is nothing for a judgement on necks; empty where it is one or nobody says."""
    if not loop.body_parts:
        other = _SET_FOR.get(loop.exam)
        return f"its header says that the scanner was set for {other}, not a neck" if other else ""
    if any(map(_may_be_neck, loop.body_parts)):
        return ""
    # What is no region of ours is free text, and that may be anything, a name too.
    known = [part for part in loop.body_parts if part in REGIONS]
    if not known:
        return "its header names a part of the body that is not known to be the neck"
    return f"its header says that it shows {' and '.join(known)}, which is not the neck"


def _may_be_neck(body_part: str) -> bool:
    return bool(_NECK & {body_part, *regions_of(body_part)}) or body_part.startswith(_WORDS)
