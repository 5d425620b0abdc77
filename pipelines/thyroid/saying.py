"""What is said of the nodules: judgements, regions, sizes, heat maps, and what is read first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from models.registry.card import Card
from pipelines.asking import NOT_A_DEVICE, algorithm
from pipelines.contract import (
    Classification,
    Findings,
    HeatMap,
    Mask,
    Measurement,
    Presence,
    Raster,
    Reference,
    Refusal,
    Region,
    Site,
    percent,
)
from pipelines.thyroid.judging import Judged, Nodule
from pipelines.thyroid.notes import notes
from pipelines.thyroid.options import Rules
from pipelines.thyroid.words import (
    AREA,
    BENIGN,
    FEATURES,
    LONG,
    NODULE,
    RATIO,
    RISKS,
    SHORT,
    SUSPICIOUS,
    THYROID,
    Level,
    level,
)

if TYPE_CHECKING:
    from pipelines.thyroid.looking import Looked


def findings(
    card: Card,
    rules: Rules,
    judged: Judged,
    looked: Sequence[Looked],
    refusals: Sequence[Refusal],
    sources: Sequence[Reference],
    heat: tuple[str, str] = ("Grad-CAM", ""),
) -> Findings:
    """Everything the pipeline has to say about a study; heat maps have a method and a layer."""
    risk = _risk(judged, rules)
    texts = rules.recommendations
    return Findings(
        algorithm=algorithm(card, rules),
        summary=summary(judged, risk),
        alert=alert(judged, rules.alert_from),
        recommendation=getattr(texts, risk) if texts and risk else "",
        risk=RISKS[risk] if risk else None,
        sources=tuple(sources),
        limits=" ".join(dict.fromkeys([NOT_A_DEVICE, *card.limits])),
        notes=tuple(notes(judged, looked)),
        refusals=tuple(refusals),
        classifications=tuple(_judgements(card, judged)),
        regions=tuple(map(_region, judged.outlined)),
        measurements=tuple(one for nodule in judged.outlined for one in _measurements(nodule)),
        heatmaps=tuple(_heatmaps(card, judged, heat)),
    )


def summary(judged: Judged, risk: Level | None) -> str:
    """The sentence a person reads first."""
    lead = judged.lead
    presence, because = judged.verdict
    chance = f"probability {percent(lead.probability)}"
    if presence is Presence.INDETERMINATE:
        return f"Thyroid nodule: indeterminate ({chance}), because: {because}"
    called = "suspicious" if presence is Presence.PRESENT else "not suspicious"
    site = _site(judged)
    where = f" in the {site.says}" if site and site.laterality else ""
    of = f", the gravest of {len(judged.nodules)}" if len(judged.outlined) > 1 else ""
    size = f", {lead.sized[1].says}" if lead.sized else ""
    told = f", {RISKS[risk].meaning.lower()}" if risk else ""
    return f"Thyroid nodule: {called}{where} ({chance}{told}){size}{of}."


def alert(judged: Judged, alert_from: float | None) -> str:
    """Why somebody should look now; a doubt does not silence it."""
    likely = [nodule for nodule in judged.nodules if nodule.suspected]
    first = max(likely, key=lambda nodule: nodule.probability, default=None)
    if alert_from is None or first is None or first.probability < alert_from:
        return ""
    said = f"A suspicious thyroid nodule is likely: probability {percent(first.probability)}."
    return f"{said} The judgement is in doubt: {first.because}" if first.doubts else said


def _risk(judged: Judged, rules: Rules) -> Level | None:
    """None where there is no judgement that a risk could follow from."""
    presence, _ = judged.verdict
    if presence is Presence.INDETERMINATE:
        return None
    return level(judged.lead.probability, presence, rules.levels)


def _judgements(card: Card, judged: Judged) -> Iterator[Classification]:
    """One for the study, by its gravest nodule, and one for each nodule."""
    presence, because = judged.verdict
    calibrated = card.calibration is not None
    yield Classification(
        name=SUSPICIOUS,
        value=presence,
        tracking="thyroid",
        probability=judged.lead.probability,
        calibrated=calibrated and judged.single,
        threshold=judged.lead.threshold,
        because=because,
        references=tuple(dict.fromkeys(view.reference for view in judged.choice.views)),
        site=_site(judged),
    )
    cuts = _cuts(card.settings)
    for nodule in judged.outlined:
        yield Classification(
            name=SUSPICIOUS,
            value=nodule.presence,
            tracking=_tracking(nodule),
            probability=nodule.probability,
            calibrated=calibrated and len(nodule.judged) == 1,
            threshold=nodule.threshold,
            because=nodule.because,
            region=_tracking(nodule),
        )
        yield from _features(nodule, cuts)


def _cuts(settings: Mapping[str, Any]) -> dict[str, float]:
    """From where on the model's card calls a feature present; one without a cut is not told."""
    told = settings.get("features")
    pairs = told.items() if isinstance(told, Mapping) else ()
    return {
        name: float(cut)
        for name, cut in pairs
        if name in FEATURES and isinstance(cut, int | float) and 0 <= cut <= 1
    }


def _features(nodule: Nodule, cuts: Mapping[str, float]) -> Iterator[Classification]:
    seen = nodule.features
    for name in (one for one in FEATURES if one in cuts and one in seen):
        there = seen[name] >= cuts[name]
        yield Classification(
            name=FEATURES[name],
            value=Presence.PRESENT if there else Presence.ABSENT,
            tracking=f"{_tracking(nodule)}-{name}",
            probability=seen[name],
            threshold=cuts[name],
            notable=False,  # the nodule is, and its outline is marked already
            region=_tracking(nodule),
        )


def _region(nodule: Nodule) -> Region:
    shapes = tuple(
        Mask(on=one.view.reference, raster=one.outline.raster)
        for one in nodule.sightings
        if one.outline
    )
    return Region(
        tracking=_tracking(nodule),
        type=NODULE,
        shapes=shapes,
        label=f"Nodule {nodule.number} {percent(nodule.probability)}",
        site=Site(anatomy=THYROID, laterality=nodule.laterality),
    )


def _measurements(nodule: Nodule) -> Iterator[Measurement]:
    """On the frame where it is largest."""
    if nodule.sized is None:
        return
    sighting, size = nodule.sized
    for concept, value, unit in (
        (LONG, size.long, size.unit),
        (SHORT, size.short, size.unit),
        (AREA, size.area, size.area_unit),
        (RATIO, size.ratio, "1"),
    ):
        yield Measurement(
            name=concept.meaning,
            value=value,
            unit=unit,
            concept=concept,
            references=(sighting.view.reference,),
            region=_tracking(nodule),
        )


def _heatmaps(card: Card, judged: Judged, heat: tuple[str, str]) -> Iterator[HeatMap]:
    """Of the leading frame of each nodule, what spoke for what the model calls it there.

    The model knows its card's threshold only, whatever the site's is.
    """
    done: set[Reference] = set()
    for nodule in judged.nodules:
        leading, view = nodule.leading, nodule.leading.view
        if view.activation is None or view.reference in done:
            continue
        done.add(view.reference)
        yield HeatMap(
            on=view.reference,
            raster=Raster.of(view.activation),
            explains=SUSPICIOUS if leading.probability >= card.threshold else BENIGN,
            method=heat[0],
            layer=heat[1],
        )


def _site(judged: Judged) -> Site:
    """The gravest nodule's side; an absence holds where all nodules are of one."""
    presence, _ = judged.verdict
    sides = {nodule.laterality for nodule in judged.nodules}
    sure = presence is not Presence.ABSENT or len(sides) == 1
    return Site(anatomy=THYROID, laterality=judged.lead.laterality if sure else None)


def _tracking(nodule: Nodule) -> str:
    return f"nodule-{nodule.number}"
