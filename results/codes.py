"""The coded words of our reports: the standard's where it has one, else our own scheme."""

from __future__ import annotations

from hashlib import sha256

from highdicom.coding_schemes import CodingSchemeIdentificationItem
from highdicom.sr import CodedConcept
from pydicom.sr.codedict import codes

from pipelines.contract import Concept, Severity

PRIVATE_SCHEME = "99DICOMNODE"

QUALITATIVE_EVALUATIONS = CodedConcept("C0034375", "UMLS", "Qualitative Evaluations")
SOURCE = CodedConcept("260753009", "SCT", "Source")
SOURCE_OF_MEASUREMENT = CodedConcept("121112", "DCM", "Source of Measurement")
SEVERITY = CodedConcept("246112005", "SCT", "Severity")
NOTE_KIND = CodedConcept("note-kind", PRIVATE_SCHEME, "Kind of note")
NOT_PROCESSED = CodedConcept("not-processed", PRIVATE_SCHEME, "Not processed")
NO_UNIT = CodedConcept("1", "UCUM", "no units")

_SEVERITIES = {
    Severity.INFO: CodedConcept("severity-info", PRIVATE_SCHEME, "Information"),
    Severity.WARNING: CodedConcept("severity-warning", PRIVATE_SCHEME, "Warning"),
    Severity.ERROR: CodedConcept("severity-error", PRIVATE_SCHEME, "Error"),
}

_MEASURES = {
    "slice spacing": codes.DCM.SpacingBetweenSlices,
}

_UNITS = {
    "": NO_UNIT,
    "1": NO_UNIT,
    "mm": codes.UCUM.Millimeter,
    "cm": codes.UCUM.Centimeter,
    "%": codes.UCUM.Percent,
    "deg": codes.UCUM.Degree,
    "s": codes.UCUM.Second,
    "[hnsf'U]": codes.UCUM.HounsfieldUnit,
}


def scheme_item() -> CodingSchemeIdentificationItem:
    """Explain our own scheme, as PS3.3 C.12.1 asks of an object that uses one."""
    return CodingSchemeIdentificationItem(
        designator=PRIVATE_SCHEME,
        name="Codes of dicom-node",
        responsible_organization="dicom-node",
    )


def private(name: str) -> CodedConcept:
    """Make a concept of our own scheme from a name: the same name gives the same code."""
    slug = "-".join(name.lower().split())
    if not slug.isascii() or len(slug) > 16:
        slug = sha256(slug.encode()).hexdigest()[:16]
    return CodedConcept(slug, PRIVATE_SCHEME, shortened(name, 64))


def coded(concept: Concept) -> CodedConcept:
    """A pipeline's concept as an item of a code sequence."""
    return CodedConcept(concept.value, concept.scheme, concept.meaning)


def measure(name: str) -> CodedConcept:
    """The concept for what was measured."""
    known = _MEASURES.get(name.lower())
    return CodedConcept.from_code(known) if known else private(name)


def unit(ucum: str) -> CodedConcept:
    """The concept for a UCUM unit."""
    known = _UNITS.get(ucum)
    return CodedConcept.from_code(known) if known else CodedConcept(ucum, "UCUM", ucum)


def severity(value: Severity) -> CodedConcept:
    """The concept for how much a note matters."""
    return _SEVERITIES[value]


def note_kind(code: str) -> CodedConcept:
    """The concept for a kind of note, from its short name that machines know."""
    slug = code if len(code) <= 16 else sha256(code.encode()).hexdigest()[:16]
    return CodedConcept(slug, PRIVATE_SCHEME, shortened(code, 64))


def shortened(text: str, length: int) -> str:
    """The text, cut to a length with dots in place of the rest."""
    return text if len(text) <= length else text[: length - 3].rstrip() + "..."
