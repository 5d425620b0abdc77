"""What is said of the views: judgements, regions, heat maps, and the sentence read first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from models.registry.card import Card
from pipelines.bodyparts import concept
from pipelines.contract import (
    Algorithm,
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
)
from pipelines.fracture.doubts import AGE
from pipelines.fracture.viewing import View
from pipelines.radiographs import Radiograph

FRACTURE = Concept(value="125605004", scheme="SCT", meaning="Fracture of bone")
SHAPE = Concept(value="72704001", scheme="SCT", meaning="Fracture")
LAYER = "the map that all heads read, an eighth of the picture's resolution"
NOT_A_DEVICE = "Not a medical device: for research, never for a diagnosis."
ADULT = 18
CHILD = "The patient is a child: how good the model is on children was never measured."
SIDES = {"L": "left", "R": "right", "B": "both sides"}


def findings(
    card: Card,
    views: Sequence[View],
    refusals: Sequence[Refusal],
    sources: Sequence[Reference],
    alert_from: float | None,
    unread: int = 0,
) -> Findings:
    """Everything the pipeline has to say about a study, of which so many images are not read."""
    return Findings(
        algorithm=_algorithm(card, views[0].threshold),
        summary=summary(views, unread),
        alert=alert(views, alert_from),
        sources=tuple(sources),
        limits=" ".join([NOT_A_DEVICE, *(one for one in card.limits if "device" not in one)]),
        notes=tuple(note for view in views for note in _notes(view)),
        refusals=tuple(refusals),
        classifications=tuple(_judgements(views, unread, card.calibration is not None)),
        regions=tuple(region for view in views for region in _regions(view)),
        heatmaps=tuple(heatmap for view in views for heatmap in _heatmaps(view)),
    )


def leading(views: Sequence[View]) -> View:
    """The view that decides for the study: sure ones first, then the likeliest."""
    order = {Presence.PRESENT: 0, Presence.INDETERMINATE: 1, Presence.ABSENT: 2}
    return min(views, key=lambda view: (order[view.presence], -view.opinion.probability))


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
    chance = f"probability {lead.opinion.probability:.0%}"
    if presence is Presence.INDETERMINATE:
        return f"Fracture: indeterminate{where} ({chance}), because: {because}"
    agree = f" on {sum(v.presence is presence for v in views)} of {len(views)} images"
    on = agree if len(views) > 1 else ""
    if presence is Presence.PRESENT:
        return f"Fracture: present{where}{on} ({chance})."
    if len(views) > 1:
        return f"Fracture: absent{on} (highest {chance})."
    return f"Fracture: absent{where} ({chance})."


def alert(views: Sequence[View], alert_from: float | None) -> str:
    """Why somebody should look now. A doubt does not silence it, a strange picture does."""
    likely = [v.opinion.probability for v in views if v.suspected]
    if alert_from is None or max(likely, default=0.0) < alert_from:
        return ""
    return f"A fracture is likely: probability {max(likely):.0%}."


def shown(radiograph: Radiograph) -> str:
    """What a radiograph shows, as the end of a clause: ' in left wrist joint, PA'."""
    where = site(radiograph)
    named = [" and ".join(radiograph.body_parts), SIDES.get(radiograph.laterality, "")]
    said = [where.says] if where else named
    told = ", ".join(word for word in (*said, radiograph.view) if word)
    return f" in {told}" if told else ""


def _algorithm(card: Card, threshold: float) -> Algorithm:
    return Algorithm(
        name=card.name,
        version=card.version,
        digest=card.digest,
        parameters={"architecture": card.architecture, "threshold": f"{threshold:.4f}"},
    )


def _judgements(views: Sequence[View], unread: int, calibrated: bool) -> Iterator[Classification]:
    """One for the study, by its leading view, and one for each view where there are several.

    Only those of single views are calibrated: the highest of several is higher than that.
    """
    alone = len(views) == 1 and not unread
    lead, (presence, because) = leading(views), overall(views, unread)
    study = _judgement(lead, views, "fracture", calibrated and alone)
    yield replace(study, value=presence, because=because)
    for view in () if alone else views:
        yield _judgement(view, [view], f"fracture-{view.number}", calibrated)


def _judgement(
    lead: View, views: Sequence[View], tracking: str, calibrated: bool
) -> Classification:
    return Classification(
        name=FRACTURE,
        value=lead.presence,
        tracking=tracking,
        probability=lead.opinion.probability,
        calibrated=calibrated,
        threshold=lead.threshold,
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
            label=f"Fracture? {score:.0%}",
            score=score,
            site=site(view.radiograph),
        )


def site(radiograph: Radiograph) -> Site | None:
    """The part of the body and its side; of two parts nobody knows which one is meant."""
    anatomy = concept(radiograph.body_parts[0]) if len(radiograph.body_parts) == 1 else None
    side = Side(radiograph.laterality) if radiograph.laterality else None
    return Site(anatomy=anatomy, laterality=side) if anatomy else None


def _site(lead: View, views: Sequence[View]) -> Site | None:
    """Where a judgement holds: at its leading view's site; an absence at the one of all views."""
    sites = {site(view.radiograph) for view in views}
    everywhere = lead.presence is not Presence.ABSENT or len(sites) == 1
    return site(lead.radiograph) if everywhere else None


def _heatmaps(view: View) -> Iterator[HeatMap]:
    """Only where a fracture is suspected: a map is scaled to its own hottest place, and would
    show one on healthy bones too."""
    if view.suspected and view.opinion.activation is not None:
        yield HeatMap(
            on=view.radiograph.reference,
            raster=Raster.of(view.opinion.activation),
            explains=FRACTURE,
            layer=LAYER,
        )


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
