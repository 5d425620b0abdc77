"""An ultrasound of another part of the body is nothing for a judgement on necks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pipelines.ultrasound import why_not_neck
from tests.unit.ultrasound.stored import cine, loop

_SAYING = (
    *("BodyPartExamined", "AnatomicRegionSequence", "SeriesDescription", "StudyDescription"),
    *("ProtocolName", "PerformedProcedureStepDescription", "RequestedProcedureDescription"),
)
NOTHING_SAID: dict[str, Any] = dict.fromkeys(_SAYING)


@pytest.mark.parametrize(
    "said",
    [
        *({"BodyPartExamined": part} for part in ("THYROID", "NECK", "HEADNECK", "PARATHYROID")),
        {"BodyPartExamined": "SMALL PARTS"},
        {"BodyPartExamined": "TIROIDES"},
        {"StudyDescription": "Ecografía cervical"},
        {"StudyDescription": "Sono Hals und Abdomen"},
        {"ImageType": ["ORIGINAL", "PRIMARY", "SMALL PARTS", "0001"]},
        {},
    ],
)
def test_necks_and_what_says_nothing_are_taken(said: dict[str, Any], tmp_path: Path) -> None:
    """'Cervical' is a neck too, in ultrasound; and a word among several is enough."""
    assert why_not_neck(loop(cine(1, **{**NOTHING_SAID, **said}), tmp_path)) == ""


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"BodyPartExamined": "ABDOMEN"}, "that it shows ABDOMEN, which is not the neck"),
        ({"BodyPartExamined": "MAMMA LINKS"}, "that it shows BREAST, which is not the neck"),
        ({"StudyDescription": "US renal"}, "that it shows KIDNEY, which is not the neck"),
        ({"BodyPartExamined": "MUELLER"}, "a part of the body that is not known to be the neck"),
        (
            {"ImageType": ["ORIGINAL", "PRIMARY", "FETAL HEART", "0001"]},
            "that the scanner was set for an unborn child, not a neck",
        ),
    ],
)
def test_other_parts_are_not_processed_because(
    said: dict[str, Any], why: str, tmp_path: Path
) -> None:
    """What is no region of ours is not repeated: it may be a name."""
    found = why_not_neck(loop(cine(1, **{**NOTHING_SAID, **said}), tmp_path))
    assert found.startswith("its header ")
    assert found.endswith(why)
