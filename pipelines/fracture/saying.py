"""What is said of the views: judgements, regions, heat maps, and the sentence read first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from models.registry.card import Calibration, Card
from pipelines.asking import NO_GATE, NOT_A_DEVICE, algorithm
from pipelines.bodyparts import concept
from pipelines.contract import (
    Classification,
    Concept,
    Findings,
    HeatMap,
    Note,
    Presence,
    Raster,
    Reference,
    Refusal,
    Region,
    Severity,
    Side,
    Site,
    percent,
)
from pipelines.fracture.doubts import AGE
from pipelines.fracture.options import Rules
from pipelines.fracture.viewing import View
from pipelines.radiographs import Radiograph, over_frame

FRACTURE = Concept(value="125605004", scheme="SCT", meaning="Fracture of bone")
SHAPE = Concept(value="72704001", scheme="SCT", meaning="Fracture")
OURS = "fracture-ensemble"
LAYER = "the map that all heads read, an eighth of the network's input"
"""Of that architecture. What a site's own model looks at, its card does not say."""
ADULT = 18
CHILD = "The patient is a child: how good the model is on children was never measured."


def findings(
    card: Card,
    rules: Rules,
    views: Sequence[View],
    refusals: Sequence[Refusal],
    sources: Sequence[Reference],
    unread: int = 0,
) -> Findings:
    """Everything the pipeline has to say about a study, of which so many images are not read."""
    return Findings(
        algorithm=algorithm(card, rules),
        summary=summary(views, unread),
        alert=alert(views, rules.alert_from),
        sources=tuple(sources),
        limits=" ".join(dict.fromkeys([NOT_A_DEVICE, *card.limits])),
        notes=(*_gate(views), *(note for view in views for note in _notes(view))),
        refusals=tuple(refusals),
        classifications=tuple(_judgements(card.calibration, views, unread)),
        regions=tuple(region for view in views for region in _regions(view)),
        heatmaps=tuple(one for view in views for one in _heatmaps(view, card.architecture)),
    )


def leading(views: Sequence[View]) -> View:
    """The view that decides for the study: a fracture, then a doubt, then an absence.

    Of several such the likeliest; one whose probability means nothing comes after them.
    """
    order = {Presence.PRESENT: 0, Presence.INDETERMINATE: 1, Presence.ABSENT: 2}

    def key(view: View) -> tuple[int, float]:
        return order[view.presence], 1.0 if view.probability is None else -view.probability

    return min(views, key=key)


def overall(views: Sequence[View], unread: int) -> tuple[Presence, str]:
    """The judgement on the study and why; what was not seen cannot be called absent."""
    lead = leading(views)
    if lead.presence is Presence.ABSENT and unread:
        said = f"{unread} of {len(views) + unread} images could not be read."
        return Presence.INDETERMINATE, said
    return lead.presence, lead.because


def summary(views: Sequence[View], unread: int = 0) -> str:
    """The sentence a person reads first."""
    lead = leading(views)
    presence, because = overall(views, unread)
    where = shown(lead.radiograph)
    chance = "" if lead.probability is None else f"probability {percent(lead.probability)}"
    if presence is Presence.INDETERMINATE:
        told = f" ({chance})" if chance else ""
        return f"Fracture: indeterminate{where}{told}, because: {because}"
    agree = f" on {sum(v.presence is presence for v in views)} of {len(views)} images"
    on = agree if len(views) > 1 else ""
    if presence is Presence.PRESENT:
        return f"Fracture: present{where}{on} ({chance})."
    if len(views) > 1:
        return f"Fracture: absent{on} (highest {chance})."
    return f"Fracture: absent{where} ({chance})."


def alert(views: Sequence[View], alert_from: float | None) -> str:
    """Why somebody should look now. A doubt does not silence it, a strange picture does."""
    likely = [(v.probability or 0.0, v) for v in views if v.suspected]
    chance, view = max(likely, key=lambda one: one[0], default=(0.0, None))
    if alert_from is None or view is None or chance < alert_from:
        return ""
    said = f"A fracture is likely: probability {percent(chance)}."
    return f"{said} The judgement is in doubt: {view.because}" if view.doubts else said


def shown(radiograph: Radiograph) -> str:
    """What a radiograph shows, as the end of a clause: ' in left wrist joint, PA'.

    In words of ours only: what else a header says may be anything, a name too.
    """
    said = " and ".join(where.says for where in _sites(radiograph))
    told = ", ".join(word for word in (said, radiograph.view) if word)
    return f" in {told}" if said else ""


def _judgements(
    calibration: Calibration | None, views: Sequence[View], unread: int
) -> Iterator[Classification]:
    """One for the study, by its leading view, and one for each view where there are several."""
    alone = len(views) == 1
    if not alone or unread:
        presence, because = overall(views, unread)
        chance, calibrated = study_chance(calibration, views)
        yield replace(
            _judgement(leading(views), views, "fracture", calibrated and not unread),
            value=presence,
            because=because,
            probability=chance,
            # It is the one of single views: against the chance of several it is not held.
            threshold=views[0].threshold if alone and chance is not None else None,
        )
    for view in views:
        tracking = "fracture" if alone and not unread else f"fracture-{view.number}"
        yield _judgement(view, [view], tracking, calibration is not None)


def study_chance(
    calibration: Calibration | None, views: Sequence[View]
) -> tuple[float | None, bool]:
    """How likely there is a fracture in any of the views, and whether that is calibrated.

    The highest of several is too high for all of them, more so the more there are. Where the card
    does not know by how much, it is told as it is, and not called calibrated.
    """
    judged = [view for view in views if view.probability is not None]
    if not judged:
        return None, False
    highest = max(judged, key=lambda view: view.opinion.probability)
    if len(views) == 1:
        return highest.probability, calibration is not None
    logit = highest.opinion.logit
    if calibration is None or calibration.views == 0 or logit is None:
        return highest.probability, False
    chance = round(calibration.probability(logit, len(judged)), 4)
    return chance, len(judged) == len(views)


def _judgement(
    lead: View, views: Sequence[View], tracking: str, calibrated: bool
) -> Classification:
    known = lead.probability is not None
    return Classification(
        name=FRACTURE,
        value=lead.presence,
        tracking=tracking,
        probability=lead.probability,
        calibrated=calibrated and known,
        threshold=lead.threshold if known else None,
        because=lead.because,
        references=tuple(view.radiograph.reference for view in views),
        site=_site(lead, views),
    )


def _regions(view: View) -> Iterator[Region]:
    for number, (box, score) in enumerate(view.boxes(), start=1):
        yield Region(
            tracking=f"fracture-{view.number}-{number}",
            type=SHAPE,
            shapes=(box,),
            label=f"Fracture? {percent(score)}",
            score=score,
            site=site(view.radiograph),
        )


def site(radiograph: Radiograph) -> Site | None:
    """The part of the body and its side; of two parts nobody knows which one is meant."""
    return next(_sites(radiograph), None) if len(radiograph.body_parts) == 1 else None


def _sites(radiograph: Radiograph) -> Iterator[Site]:
    """Each part of the body that the header names and we know, with the side."""
    side = Side(radiograph.laterality) if radiograph.laterality else None
    for anatomy in map(concept, radiograph.body_parts):
        if anatomy:
            yield Site(anatomy=anatomy, laterality=side)


def _site(lead: View, views: Sequence[View]) -> Site | None:
    """Where a judgement holds: at its leading view's site; an absence at the one of all views."""
    sites = {site(view.radiograph) for view in views}
    everywhere = lead.presence is not Presence.ABSENT or len(sites) == 1
    return site(lead.radiograph) if everywhere else None


def _heatmaps(view: View, architecture: str) -> Iterator[HeatMap]:
    """Only where a fracture is suspected: a map is scaled to its own hottest place, and would
    show one on healthy bones too."""
    if view.suspected and view.opinion.activation is not None:
        yield HeatMap(
            on=view.radiograph.reference,
            raster=Raster.of(over_frame(view.radiograph, view.opinion.activation)),
            explains=FRACTURE,
            layer=LAYER if architecture == OURS else "",
        )


def _gate(views: Sequence[View]) -> Iterator[Note]:
    """A warning where nothing but the header says that the pictures are the model's."""
    on = tuple(v.radiograph.reference for v in views if v.opinion.strangeness is None)
    if on:
        yield Note(code="no-gate", severity=Severity.WARNING, text=NO_GATE, references=on)


def _notes(view: View) -> Iterator[Note]:
    on = (view.radiograph.reference,)

    def note(code: str, text: str, severity: Severity = Severity.INFO) -> Note:
        return Note(code=code, severity=severity, text=text, references=on)

    for remark in view.radiograph.remarks:
        yield note("reading", remark)
    if view.suspected and view.opinion.activation is None:
        yield note("no-heat-map", view.opinion.why_no_activation)
    age = view.radiograph.age
    if age is None and AGE not in view.doubts:
        yield note("age-unknown", "The patient's age is not known.")
    if age is not None and age < ADULT:
        yield note("child", CHILD, Severity.WARNING)
