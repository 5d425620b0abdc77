"""What a reader has to know besides: which frames were not judged, and what is not known."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from pipelines.asking import NO_GATE
from pipelines.contract import Note, Reference, Severity, percent, refer
from pipelines.thyroid.judging import Judged
from pipelines.thyroid.tracking import Track

if TYPE_CHECKING:
    from pipelines.thyroid.looking import Looked

APART = (
    "Nodules of different images, or of pictures side by side, are counted apart: which of them "
    "are the same one is not known."
)
NO_SCALE = "Sizes are in pixels: the image does not say how large a pixel is."
NO_NODULE = "No nodule is outlined on the frames that are judged."
NO_OUTLINES = "Whole pictures are judged: the model outlines nothing."
_BEST = (
    "those with the most nodule in the best picture, and one of each other nodule that seems "
    "suspicious"
)
_MOST_REFERENCES = 10


def notes(judged: Judged, looked: Sequence[Looked]) -> Iterator[Note]:
    """Every note on a study, those on the judgement first."""
    yield from _frames(judged)
    yield from _nodules(judged)
    yield from _heat_maps(judged)
    for loop in looked:
        yield from _loop(loop)


def _note(
    code: str, text: str, on: Sequence[Reference] = (), severity: Severity = Severity.INFO
) -> Note:
    references = tuple(dict.fromkeys(on))[:_MOST_REFERENCES]
    return Note(code=code, severity=severity, text=text, references=references)


def _frames(judged: Judged) -> Iterator[Note]:
    kept = judged.choice.views
    on = [view.reference for view in kept]
    if judged.looked > len(kept):
        by = _BEST if _outlines(judged) else "the best pictures"
        text = f"{len(kept)} of the {judged.looked} pictures that were looked at are judged: {by}."
        yield _note("frames-chosen", text, on)
    strange = [view.reference for view in kept if not view.gated]
    if strange:
        yield _note("no-gate", NO_GATE, strange, Severity.WARNING)


def _outlines(judged: Judged) -> bool:
    """A model that outlines nodules doubts a picture on which it outlines none."""
    return bool(judged.outlined) or any(view.doubts for view in judged.choice.views)


def _nodules(judged: Judged) -> Iterator[Note]:
    nodules = judged.outlined
    places = {nodule.leading.view.place.key[:2] for nodule in nodules}
    sizes = [nodule.sized for nodule in nodules if nodule.sized]
    unscaled = [one.view.reference for one, size in sizes if size.unit != "mm"]
    if not nodules:
        text = NO_NODULE if _outlines(judged) else NO_OUTLINES
        yield _note("no-nodule", text, [view.reference for view in judged.choice.views])
    if len(places) > 1:
        yield _note("not-matched", APART)
    if unscaled:
        yield _note("no-scale", NO_SCALE, unscaled)
    yield from _left_aside(judged, judged.choice.once, "seen-once", "on one frame of its loop only")
    yield from _left_aside(judged, judged.choice.beside, "beside", "on no frame that is judged")


def _left_aside(judged: Judged, tracks: Sequence[Track], code: str, where: str) -> Iterator[Note]:
    """How many outlines do not count, and how likely the likeliest of them is suspicious."""
    if not tracks:
        return
    highest = max((one for track in tracks for one in track), key=lambda one: one.probability)
    likely = highest.probability >= judged.lead.threshold
    said = "An outline is" if len(tracks) == 1 else f"{len(tracks)} outlines are each"
    chance = percent(highest.probability)
    text = f"{said} {where} and not counted; the highest probability is {chance}."
    severity = Severity.WARNING if likely else Severity.INFO
    yield _note(code, text, [highest.view.reference], severity)


def _heat_maps(judged: Judged) -> Iterator[Note]:
    for nodule in judged.nodules:
        view = nodule.leading.view
        if view.activation is None:
            why = view.why_no_activation or "The model gave no heat map."
            yield _note("no-heat-map", why, [view.reference])


def _loop(looked: Looked) -> Iterator[Note]:
    """What is to be said of a loop some of whose frames were judged."""
    if not looked.views:
        return
    on = [refer(looked.loop.instance)]
    for reason, count in looked.left_out.items():
        text = f"{count} of {looked.asked} frames were left out: {reason.rstrip('.')}."
        yield _note("frames-left-out", text, on)
    if looked.unread:
        text = f"{looked.unread} of {looked.asked} frames could not be read: {looked.why_unread}"
        yield _note("frames-unread", text, on, Severity.WARNING)
    for remark in looked.remarks:
        yield _note("reading", remark, on)
