"""The attributes that conditions name: how they are spelt, what kind of values they have."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import get_close_matches
from enum import Enum

from pydicom.datadict import (
    dictionary_keyword,
    dictionary_VR,
    keyword_dict,
    tag_for_keyword,
)
from pydicom.tag import BaseTag, Tag

from pipelines.router.errors import Wrong

BODY_PART = "BodyPartExamined"

_NUMBER = re.compile(r"\(?([0-9A-Fa-f]{4}),? ?([0-9A-Fa-f]{4})\)?")
_HARMLESS = frozenset({"PatientAge", "PatientSex", "PatientSize", "PatientWeight"})
_IDENTIFIERS = frozenset(
    {
        "AccessionNumber",
        "AdmissionID",
        "CurrentPatientLocation",
        "PatientInstitutionResidence",
        "PersonAddress",
        "PersonTelecomInformation",
        "PersonTelephoneNumbers",
        "ServiceEpisodeID",
        "StudyID",
    }
)


class Kind(Enum):
    """How values are compared; the words are those of explanations."""

    TEXT = "text"
    UID = "a UID"
    NUMBER = "a number"
    DATE = "a date"
    TIME = "a time"
    DATETIME = "a date and time"
    AGE = "an age"
    BODY_PART = "a body part"
    SEQUENCE = "a sequence"
    BYTES = "binary data"
    ANY = "a value of a kind that only the file knows"

    @property
    def ordered(self) -> bool:
        """Whether values have a smaller and a larger."""
        return self in (Kind.NUMBER, Kind.DATE, Kind.TIME, Kind.DATETIME, Kind.AGE, Kind.ANY)


_KINDS = {"DA": Kind.DATE, "TM": Kind.TIME, "DT": Kind.DATETIME, "AS": Kind.AGE}
_KINDS |= {"SQ": Kind.SEQUENCE, "UI": Kind.UID}
_KINDS |= dict.fromkeys(("OB", "OW", "OF", "OD", "OL", "OV", "UN"), Kind.BYTES)
_KINDS |= dict.fromkeys(("IS", "DS", "FL", "FD", "US", "UL", "SS", "SL", "SV", "UV"), Kind.NUMBER)


@dataclass(frozen=True, kw_only=True)
class Attribute:
    """An attribute that a condition looks at, nested ones by the path to them."""

    path: tuple[str, ...]
    """Keywords, or eight hexadecimal digits where the standard has no keyword."""
    kind: Kind
    identifying: bool
    """Its values identify the patient, so no explanation ever shows them."""

    def __str__(self) -> str:
        return ".".join(self.path)

    @property
    def keywords(self) -> frozenset[str]:
        """What the index should keep so that the file need not be read for it."""
        return frozenset({self.path[0]} if tag_for_keyword(self.path[0]) is not None else ())


def parse(text: str) -> Attribute:
    """The attribute that a condition names, or an error that suggests what was meant."""
    tags = [_tag(part) for part in text.split(".")]
    for part, tag in zip(text.split(".")[:-1], tags[:-1], strict=True):
        if not tag.is_private and _kind(tag) is not Kind.SEQUENCE:
            raise Wrong(
                f"names something inside {part}, which is no sequence",
                "a dot after a sequence only, as in ProcedureCodeSequence.CodeValue",
            )
    path = tuple(_name(tag) for tag in tags)
    kind = Kind.BODY_PART if path == (BODY_PART,) else _kind(tags[-1])
    return Attribute(path=path, kind=kind, identifying=any(map(_identifies, tags)))


def _tag(part: str) -> BaseTag:
    number = _NUMBER.fullmatch(part.strip())
    if number is not None:
        return Tag(int(number[1], 16), int(number[2], 16))
    tag = tag_for_keyword(part)
    if tag is None:
        raise Wrong(f"names no attribute of the standard{_meant(part)}", _SPELLING)
    return Tag(tag)


_SPELLING = (
    "a keyword of the DICOM data dictionary, or a number such as (0019,100C) "
    "for a private attribute"
)


def _meant(part: str) -> str:
    squeezed = re.sub(r"[^a-z0-9]", "", part.casefold())
    folded = {keyword.casefold(): keyword for keyword in keyword_dict}
    near = get_close_matches(squeezed, folded, n=1, cutoff=0.75)
    return f" (did you mean {folded[near[0]]}?)" if near else ""


def _name(tag: BaseTag) -> str:
    try:
        return dictionary_keyword(tag) or f"{tag:08X}"
    except KeyError:
        return f"{tag:08X}"


def _kind(tag: BaseTag) -> Kind:
    try:
        vr = dictionary_VR(tag)
    except KeyError:
        return Kind.ANY
    return _KINDS.get(vr[:2], Kind.TEXT)  # "US or SS" goes by its first


def _identifies(tag: BaseTag) -> bool:
    """Whether values may say who the patient is; what nobody can know is taken to."""
    keyword = _name(tag)
    if keyword in _HARMLESS:
        return False
    try:
        vr = dictionary_VR(tag)
    except KeyError:
        vr = ""  # private: the reading decides, by what the value is
    return vr == "PN" or tag.group == 0x0010 or keyword in _IDENTIFIERS
