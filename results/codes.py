"""The coded words of our reports: the standard's where it has one, else our own scheme."""

from __future__ import annotations

from hashlib import sha256

from highdicom.coding_schemes import CodingSchemeIdentificationItem
from highdicom.sr import CodedConcept
from pydicom.sr.codedict import codes

from pipelines.contract import Concept, Findings, Presence, Rejected, Severity, Side, Site
from results.text import Encodable, line

PRIVATE_SCHEME = "99DICOMNODE"

QUALITATIVE_EVALUATIONS = CodedConcept("C0034375", "UMLS", "Qualitative Evaluations")
SOURCE = CodedConcept("260753009", "SCT", "Source")
SOURCE_OF_MEASUREMENT = CodedConcept("121112", "DCM", "Source of Measurement")
IMAGE_REGION = CodedConcept("111030", "DCM", "Image Region")
EQUIVALENT_NAME = CodedConcept("121050", "DCM", "Equivalent Meaning of Concept Name")
CERTAINTY = CodedConcept("111012", "DCM", "Certainty of Finding")
PROBABILITY_OF_CANCER = CodedConcept("111047", "DCM", "Probability of cancer")
PERCENT = CodedConcept("%", "UCUM", "Percent")
SEVERITY = CodedConcept("246112005", "SCT", "Severity")
NO_UNIT = CodedConcept("1", "UCUM", "no units")

NOTE_KIND = CodedConcept("note-kind", PRIVATE_SCHEME, "Kind of note")
NOT_PROCESSED = CodedConcept("not-processed", PRIVATE_SCHEME, "Not processed")
LIMITS = CodedConcept("limits", PRIVATE_SCHEME, "Limits of the result")
THRESHOLD = CodedConcept("threshold", PRIVATE_SCHEME, "Threshold of presence")
CALIBRATED = CodedConcept("calibrated", PRIVATE_SCHEME, "Calibrated probability")
HEAT_MAP = CodedConcept("heat-map", PRIVATE_SCHEME, "Heat map")
RISK = CodedConcept("risk", PRIVATE_SCHEME, "Risk")
FINDINGS_DRAWN = CodedConcept("findings-drawn", PRIVATE_SCHEME, "Findings drawn")

_SEVERITIES = {
    Severity.INFO: CodedConcept("severity-info", PRIVATE_SCHEME, "Information"),
    Severity.WARNING: CodedConcept("severity-warning", PRIVATE_SCHEME, "Warning"),
    Severity.ERROR: CodedConcept("severity-error", PRIVATE_SCHEME, "Error"),
}

OWN = (
    NOTE_KIND,
    NOT_PROCESSED,
    LIMITS,
    THRESHOLD,
    CALIBRATED,
    HEAT_MAP,
    RISK,
    FINDINGS_DRAWN,
    *_SEVERITIES.values(),
)
"""Every code of our own scheme that does not depend on what a pipeline says."""

_MEASURES = {
    "slice spacing": codes.DCM.SpacingBetweenSlices,
}

_UNITS = {
    "": NO_UNIT,
    "1": NO_UNIT,
    "mm": codes.UCUM.Millimeter,
    "cm": codes.UCUM.Centimeter,
    "mm2": codes.UCUM.SquareMillimeter,
    "{pixels}": CodedConcept("{pixels}", "UCUM", "pixels"),
    "%": PERCENT,
    "deg": codes.UCUM.Degree,
    "s": codes.UCUM.Second,
    "[hnsf'U]": codes.UCUM.HounsfieldUnit,
}

_PRESENCES = {
    Presence.PRESENT: CodedConcept("52101004", "SCT", "Present"),
    Presence.ABSENT: CodedConcept("272519000", "SCT", "Absent"),
    Presence.INDETERMINATE: CodedConcept("82334004", "SCT", "Indeterminate"),
}

_SIDES = {
    Side.LEFT: codes.cid244.Left,
    Side.RIGHT: codes.cid244.Right,
    Side.BOTH: codes.cid244.Bilateral,
}

_YES = CodedConcept("373066001", "SCT", "Yes")
_NO = CodedConcept("373067005", "SCT", "No")

_METHODS = {
    "gradcam": codes.DCM.GradientWeightedClassActivation,
    "saliency": codes.DCM.Saliency,
}

_CANCER = {
    ("SCT", "21594007"),  # malignant
    ("SCT", "86049000"),  # malignant neoplasm, primary
    ("SCT", "363346000"),  # malignant neoplastic disease
    ("SCT", "448216007"),  # malignant epithelial neoplasm of thyroid
    ("SCT", "93880001"),  # primary malignant neoplasm of lung
    ("SCT", "1162635006"),  # malignant melanoma
}


def scheme_items(findings: Findings) -> list[CodingSchemeIdentificationItem]:
    """Explain our own scheme, and the private ones of a pipeline (PS3.3 C.12.1.1.1)."""
    ours = CodingSchemeIdentificationItem(
        designator=PRIVATE_SCHEME,
        name="Codes of dicom-node",
        responsible_organization="dicom-node",
    )
    named = {concept.scheme.strip() for concept in _concepts(findings)}
    private = sorted(name for name in named if name.startswith("99") and name != PRIVATE_SCHEME)
    return [ours, *map(CodingSchemeIdentificationItem, private)]


def _concepts(findings: Findings) -> list[Concept]:
    found: list[Concept | Presence | None] = [findings.risk]
    found += [heatmap.explains for heatmap in findings.heatmaps]
    for judgement in findings.classifications:
        found += (judgement.name, judgement.value)
    for region in findings.regions:
        found += (region.type, region.category)
    sites = [judgement.site for judgement in findings.classifications]
    sites += [region.site for region in findings.regions]
    found += [site.anatomy for site in sites if site is not None]
    found += [number.concept for number in findings.measurements]
    return [concept for concept in found if isinstance(concept, Concept)]


def private(name: str, fits: Encodable = str) -> CodedConcept:
    """Make a concept of our own scheme from a name: the same name gives the same code."""
    return _own("-".join(name.lower().split()), name, fits)


def note_kind(code: str, fits: Encodable = str) -> CodedConcept:
    """The concept for a kind of note, from its short name that machines know."""
    return _own(code, code, fits)


def _own(slug: str, name: str, fits: Encodable) -> CodedConcept:
    plain = slug.isascii() and slug.isprintable() and "\\" not in slug
    if not plain or not 0 < len(slug) <= 16 or slug != slug.strip():
        slug = sha256(slug.encode(errors="replace")).hexdigest()[:16]
    return CodedConcept(slug, PRIVATE_SCHEME, line(fits(name), 64) or slug)


def coded(concept: Concept, fits: Encodable = str) -> CodedConcept:
    """A pipeline's concept as an item of a code sequence, its meaning made to fit.

    A code that has no place in the character set cannot be written: another means something else.
    """
    value, scheme = concept.value.strip(), concept.scheme.strip()
    if fits(value) != value or fits(scheme) != scheme:
        raise Rejected("A finding has a code that the images' character set has no place for.")
    return CodedConcept(value, scheme, line(fits(concept.meaning), 64) or value[:64])


def judged(value: Presence | Concept, fits: Encodable = str) -> CodedConcept:
    """A judgement's value as an item of a code sequence."""
    return coded(value, fits) if isinstance(value, Concept) else _PRESENCES[value]


def side(site: Site) -> CodedConcept | None:
    """The concept for the side of a site, where one is known (CID 244)."""
    return CodedConcept.from_code(_SIDES[site.laterality]) if site.laterality else None


def measure(name: str, fits: Encodable = str) -> CodedConcept:
    """The concept for what was measured."""
    known = _MEASURES.get(name.lower())
    return CodedConcept.from_code(known) if known else private(name, fits)


def unit(ucum: str) -> CodedConcept:
    """The concept for a UCUM unit."""
    known = _UNITS.get(ucum)
    if known is not None:
        return CodedConcept.from_code(known)
    return CodedConcept(ucum, "UCUM", ucum)


def severity(value: Severity) -> CodedConcept:
    """The concept for how much a note matters."""
    return _SEVERITIES[value]


def yes_or_no(value: bool) -> CodedConcept:
    """The concept for an answer."""
    return _YES if value else _NO


def method(name: str) -> CodedConcept:
    """The concept for how a heat map was made: Grad-CAM++ is of the kind of Grad-CAM.

    For a method that the standard does not know it is ours; the method's name is told beside it.
    """
    plain = "".join(letter for letter in name.lower() if letter.isalpha())
    known = (code for start, code in _METHODS.items() if plain.startswith(start))
    return CodedConcept.from_code(next(known, HEAT_MAP))


def probability(of: Concept, calibrated: bool) -> CodedConcept:
    """What a probability is called: that of cancer only where it is one (CID 6048).

    Both are given in percent, as in TID 4006.
    """
    is_one = calibrated and (of.scheme, of.value) in _CANCER
    return PROBABILITY_OF_CANCER if is_one else CERTAINTY
