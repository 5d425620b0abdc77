"""The measurement groups of a report: the study's numbers, its judgements, and each region."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence

from highdicom.sr import (
    AlgorithmIdentification,
    CodeContentItem,
    CodedConcept,
    FindingSite,
    MeasurementsAndQualitativeEvaluations,
    RelationshipTypeValues,
    TrackingIdentifier,
)
from highdicom.sr import Measurement as Number
from pydicom import Dataset
from pydicom.sr.codedict import codes

from pipelines.contract import Classification, Concept, Measurement, Presence, Region
from results import codes as words
from results.context import Making
from results.sr.items import (
    CONTAINS,
    HAS_PROPERTIES,
    INFERRED_FROM,
    attach,
    pointers,
    text,
)
from results.sr.regions import ImageRegions

STUDY = "study"
"""What the numbers that belong to no region are followed by."""
JUDGEMENT = "judgement"
"""The space of the names that the study's judgements are followed by."""
NO_PIXELS = "The algorithm marked no pixel of the images for this."
TOO_MANY_PARTS = "This is in too many parts to be outlined here."
_MOST_EXACT = 1e15
"""Whole numbers below have at most the 16 characters of a decimal string."""
_MODIFIER = RelationshipTypeValues.HAS_CONCEPT_MOD


def study_group(
    making: Making, below: Iterable[Dataset] = ()
) -> MeasurementsAndQualitativeEvaluations:
    """The group of what is measured on the study as a whole (TID 1501)."""
    algorithm = making.findings.algorithm
    uid = making.tracking_uid(STUDY, STUDY)
    return _group(making, uid, f"{algorithm.name} {algorithm.version}", below)


def groups(making: Making) -> Iterator[Dataset]:
    """Every group, in the order in which a reader wants them: judgements, regions, numbers."""
    numbers: dict[str, list[Measurement]] = defaultdict(list)
    for number in making.findings.measurements:
        numbers[number.region].append(number)
    judgements: dict[str, list[Classification]] = defaultdict(list)
    for judgement in making.findings.classifications:
        judgements[judgement.region].append(judgement)
    names: set[str] = set()
    for judgement in judgements[""]:
        name = _unused(judgement.tracking or judgement.name.meaning, names)
        names.add(name)
        yield _judgement_group(making, judgement, name)
    regions = ImageRegions(making.source)
    for region in making.findings.regions:
        below = [
            *(_measured(making, number) for number in numbers[region.tracking]),
            *_judged_each(making, judgements[region.tracking]),
        ]
        yield _region_group(making, regions, region, below)
    if numbers[""]:
        yield study_group(making, (_measured(making, number) for number in numbers[""]))[0]


def algorithm_items(making: Making) -> AlgorithmIdentification:
    """Who says so (TID 4019); the weights' digest and the model card are told as parameters."""
    algorithm, fits = making.findings.algorithm, making.fits
    parameters = [f"{name}={value}" for name, value in sorted(algorithm.parameters.items())]
    if algorithm.card:
        parameters.insert(0, f"card={algorithm.card}")
    if algorithm.digest:
        parameters.insert(0, f"digest={algorithm.digest}")
    return AlgorithmIdentification(
        name=fits(algorithm.name),
        version=fits(algorithm.version),
        manufacturer=fits(algorithm.vendor) or None,
        parameters=[fits(parameter) for parameter in parameters] or None,
    )


def _group(
    making: Making,
    uid: str,
    shown: str,
    below: Iterable[Dataset],
    of: Region | Classification | None = None,
) -> MeasurementsAndQualitativeEvaluations:
    fits = making.fits
    region = of if isinstance(of, Region) else None
    site = of.site if of else None
    made = MeasurementsAndQualitativeEvaluations(
        tracking_identifier=TrackingIdentifier(uid=uid, identifier=fits(shown) or "?"),
        algorithm_id=algorithm_items(making),
        finding_category=words.coded(region.category, fits) if region else None,
        finding_type=words.coded(region.type, fits) if region else None,
        finding_sites=[FindingSite(words.coded(site.anatomy, fits), words.side(site))]
        if site
        else None,
    )
    attach(made[0], below)
    return made


def _unused(wanted: str, names: Collection[str]) -> str:
    """A name to follow something by: the one that is wanted, with a number where it is taken."""
    numbered = (f"{wanted} ({count})" for count in itertools.count(2))
    return next(name for name in itertools.chain([wanted], numbered) if name not in names)


def _judgement_group(making: Making, judgement: Classification, name: str) -> Dataset:
    """A judgement of the study; what is absent is no finding, so the group has no finding type."""
    purpose = words.SOURCE_OF_MEASUREMENT
    below = [
        *_judged(making, judgement),
        *pointers(making.source, judgement.references, CONTAINS, purpose),
    ]
    uid = making.tracking_uid(name, JUDGEMENT)
    made: Dataset = _group(making, uid, name, below, judgement)[0]
    return made


def _judged_each(making: Making, judgements: Iterable[Classification]) -> Iterator[Dataset]:
    """Judgements of a region, each with its own images, which are not those of the group."""
    for judgement in judgements:
        evaluation, *more = _judged(making, judgement)
        attach(evaluation, pointers(making.source, judgement.references, INFERRED_FROM))
        yield from (evaluation, *more)


def _judged(making: Making, judgement: Classification) -> list[Dataset]:
    """The evaluation and, where it is known, how sure it is."""
    fits = making.fits
    evaluation = CodeContentItem(
        words.coded(judgement.name, fits), words.judged(judgement.value, fits), CONTAINS
    )
    if because := fits(judgement.because):
        attach(evaluation, [text(codes.DCM.Comment, because, HAS_PROPERTIES)])
    if judgement.threshold is not None:
        threshold = _percent(words.THRESHOLD, judgement.threshold)
        threshold.RelationshipType = HAS_PROPERTIES.value
        attach(evaluation, [threshold])
    if judgement.probability is None:
        return [evaluation]
    return [evaluation, _sureness(making, judgement, judgement.probability)]


def _sureness(making: Making, judgement: Classification, probability: float) -> Dataset:
    """How sure the judgement is: of what is absent, how sure it is that it is absent."""
    fits = making.fits
    of = judgement.value if isinstance(judgement.value, Concept) else judgement.name
    name = words.probability(of, judgement.calibrated)
    said = CodeContentItem(codes.DCM.Finding, words.coded(of, fits), _MODIFIER)
    if judgement.value is Presence.ABSENT and name == words.CERTAINTY:
        absent = words.judged(judgement.value, fits)
        probability, said = 1 - probability, CodeContentItem(said.value, absent, _MODIFIER)
    number = _percent(name, probability)
    calibrated = words.yes_or_no(judgement.calibrated)
    attach(number, [said, CodeContentItem(words.CALIBRATED, calibrated, _MODIFIER)])
    return number


def _region_group(
    making: Making, regions: ImageRegions, region: Region, below: Sequence[Dataset]
) -> Dataset:
    """A region with its outlines: planar (TID 1410) if there is one, else volumetric (TID 1411)."""
    fits = making.fits
    outlines = regions.of(region)
    said = [region.label] if region.label not in (region.tracking, region.type.meaning) else []
    if not outlines:
        said.append(TOO_MANY_PARTS if outlines is None else NO_PIXELS)
    score = [] if region.score is None else [_percent(words.CERTAINTY, region.score)]
    comments = (text(codes.DCM.Comment, fits(line) or "?") for line in said)
    (group,) = _group(
        making,
        making.tracking_uid(region.tracking),
        region.tracking,
        [*score, *below, *comments],
        region,
    )
    if outlines:
        template = "1410" if len(outlines) == 1 else "1411"
        group.ContentTemplateSequence[0].TemplateIdentifier = template
        attach(group, outlines)
    else:
        on = [shape.on for shape in region.shapes]
        attach(group, pointers(making.source, on, CONTAINS, words.SOURCE_OF_MEASUREMENT))
    made: Dataset = group
    return made


def _measured(making: Making, number: Measurement) -> Dataset:
    """A number (TID 300); the name it was given is told where its concept says another."""
    fits = making.fits
    concept = number.concept
    name = words.coded(concept, fits) if concept else words.measure(number.name, fits)
    item = _number(name, number.value, words.unit(number.unit))
    if concept is not None and concept.meaning.lower() != number.name.lower():
        attach(item, [text(words.EQUIVALENT_NAME, fits(number.name) or "?", _MODIFIER)])
    purpose = words.SOURCE_OF_MEASUREMENT
    attach(item, pointers(making.source, number.references, INFERRED_FROM, purpose))
    return item


def _percent(name: CodedConcept, fraction: float) -> Dataset:
    return _number(name, round(100 * fraction, 10), words.PERCENT)


def _number(name: CodedConcept, value: float, unit: CodedConcept) -> Dataset:
    whole = float(value).is_integer() and abs(value) < _MOST_EXACT
    made: Dataset = Number(name=name, value=int(value) if whole else float(value), unit=unit)[0]
    return made
