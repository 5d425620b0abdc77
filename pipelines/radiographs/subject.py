"""What a header says of whom and what a radiograph shows: view and age."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Any

from pydicom import Dataset

from pipelines.display import first, value
from pipelines.stored import line

KEYWORDS = (
    "ViewPosition",
    "ViewCodeSequence",
    "PatientAge",
    "PatientBirthDate",
    "StudyDate",
    "SeriesDate",
    "AcquisitionDate",
    "ContentDate",
)
"""All that is looked at here."""

_POSITIONS = frozenset(
    {
        *("AP", "PA", "LL", "RL", "LLD", "RLD", "LLO", "RLO", "LAO", "RAO", "LPO", "RPO"),
        *("LAT", "LATERAL", "OBL", "OBLIQUE", "AXIAL"),
    }
)
"""What ViewPosition says where it says what it is meant to."""
_AGE = re.compile(r"(\d{1,3})([YMWD])")
_YEARS = {"Y": 1.0, "M": 1 / 12, "W": 7 / 365.25, "D": 1 / 365.25}
_OLDEST = 130


def view(said: Dataset) -> str:
    """The direction of the rays, in a word that is known: what others write may be anything."""
    position = line(said.get("ViewPosition")).upper()
    if position in _POSITIONS:
        return position
    from pydicom.sr.codedict import codes

    code = line(value(first(said.get("ViewCodeSequence")), "CodeValue"))
    known = (one.meaning for one in codes.CID4010.concepts.values() if one.value == code)
    return next(known, "")


def age(said: Dataset) -> float | None:
    """Years of age, as stated or from birth to the study; None where that makes no sense."""
    stated = _AGE.fullmatch(line(said.get("PatientAge")).upper())
    if stated:
        years = int(stated[1]) * _YEARS[stated[2]]
    else:
        born = _date(said.get("PatientBirthDate"))
        when = ("StudyDate", "SeriesDate", "AcquisitionDate", "ContentDate")
        known = (day for day in (_date(said.get(keyword)) for keyword in when) if day)
        taken = next(known, None)
        if born is None or taken is None:
            return None
        years = (taken - born).days / 365.25
    return years if 0 <= years <= _OLDEST else None


def _date(stated: Any) -> date | None:
    try:
        return datetime.strptime(line(stated).replace(".", ""), "%Y%m%d").replace(tzinfo=UTC).date()
    except ValueError:
        return None


def pair(said: Dataset, keyword: str) -> tuple[float, float] | None:
    """Two lengths above 0; None where there are none."""
    stated = said.get(keyword)
    if isinstance(stated, str):
        return None
    try:
        high, wide = (float(length) for length in stated)
    except (TypeError, ValueError):
        return None
    return (high, wide) if 0 < high < float("inf") and 0 < wide < float("inf") else None
