"""Which images of a study are radiographs that can be read, and why the others are not."""

from __future__ import annotations

from collections.abc import Sequence

from pydicom.uid import DigitalXRayImageStorageForProcessing

from pipelines.contract import Instance, Refusal, Rejected, Study
from pipelines.intake_check.scope import why_not
from pipelines.radiographs.kinds import why_not_by_kind
from pipelines.radiographs.limits import why_not_by_size
from pipelines.router.evidence import body_parts as stated
from pipelines.stored import (
    Read,
    check_packing,
    line,
    many,
    quiet,
    refusals,
    refused,
    values,
    whole,
)

Chosen = list[tuple[Instance, int | None]]

_TWIN = "it is stored for processing, and the same image is there for viewing"
_MOMENT = ("AcquisitionDate", "AcquisitionTime")
_SUBJECT = ("BodyPartExamined", "ViewPosition", "ImageLaterality")


def chosen(study: Study) -> tuple[Chosen, list[Refusal]]:
    """The images to read, each frame of several by its number, and what is refused and why."""
    with quiet():
        reasons = {item.SOPInstanceUID: _why_not(item) for item in study.instances}
        readable = [item for item in study.instances if reasons[item.SOPInstanceUID] is None]
        raw = [item for item in readable if _is_raw(item)]
        viewed = [item for item in readable if not _is_raw(item)]
        for item in raw:
            if any(_are_twins(item, other) for other in viewed):
                reasons[item.SOPInstanceUID] = _TWIN
        taken: Chosen = []
        for item in readable:
            if reasons[item.SOPInstanceUID] is None:
                taken += [(item, frame) for frame in _frames(item)]
        return taken, [one for series in study.series for one in refusals(series, reasons)]


def body_parts(instance: Instance, frame: int | None = None) -> tuple[str, ...]:
    """What an image shows, by its header alone; empty where nothing is said."""
    with quiet():
        return stated(many(values(instance, frame)))[0]


def _why_not(instance: Instance) -> str | None:
    try:
        check_packing(instance)
        with refused():
            reason = why_not(instance)
        read = values(instance)
        return reason or why_not_by_kind(instance.SOPClassUID, read) or why_not_by_size(read)
    except Rejected as because:
        return str(because)


def _is_raw(instance: Instance) -> bool:
    intent = line(values(instance)("PresentationIntentType")).upper()
    return (
        instance.SOPClassUID == DigitalXRayImageStorageForProcessing or intent == "FOR PROCESSING"
    )


def _are_twins(raw: Instance, viewed: Instance) -> bool:
    """Whether one exposure gave both: by reference, event, or moment; else by what they show."""
    one, other = values(raw), values(viewed)
    sources = many(other)("SourceImageSequence")
    if any(item.get("ReferencedSOPInstanceUID") == raw.SOPInstanceUID for item in sources):
        return True
    for keywords in (("IrradiationEventUID",), _MOMENT):
        told = _told(one, keywords), _told(other, keywords)
        if all(all(values) for values in told):
            return told[0] == told[1]
    return _told(one, _SUBJECT) == _told(other, _SUBJECT)


def _told(read: Read, keywords: Sequence[str]) -> list[str]:
    return [line(read(keyword)) for keyword in keywords]


def _frames(instance: Instance) -> list[int | None]:
    count = whole(values(instance)("NumberOfFrames")) or 1
    return [None] if count <= 1 else list(range(1, count + 1))
