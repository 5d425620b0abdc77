"""Which images of a study are ultrasound that can be read, and why the others are not."""

from __future__ import annotations

from pydicom import Dataset
from pydicom.pixels.decoders.base import get_decoder
from pydicom.uid import UID

from pipelines.contract import Instance, Refusal, Rejected, Side, Study
from pipelines.display import described
from pipelines.router.evidence import KEYWORDS as BODY_PART_KEYWORDS
from pipelines.router.evidence import body_parts
from pipelines.stored import Frames, many, opened, quiet, refusals, side, sides
from pipelines.ultrasound.kinds import exam, why_not_by_kind
from pipelines.ultrasound.limits import why_not_by_size
from pipelines.ultrasound.picture import Loop
from pipelines.ultrasound.regions import REGIONS

_KEYWORDS = (
    *("Modality", "ConversionType", "ImageType", REGIONS),
    *("Rows", "Columns", "NumberOfFrames", "BitsAllocated", "SamplesPerPixel"),
    *sides.KEYWORDS,
    *sorted(BODY_PART_KEYWORDS - set(sides.KEYWORDS)),
)


def chosen(study: Study) -> tuple[list[Loop], list[Refusal]]:
    """The images to read, single pictures too, and what is refused and why; by headers alone."""
    loops: list[Loop] = []
    reasons: dict[str, str | None] = {}
    for instance in study.instances:
        try:
            loops.append(_loop(instance))
            reasons[instance.SOPInstanceUID] = None
        except Rejected as because:
            reasons[instance.SOPInstanceUID] = str(because)
    return loops, [one for series in study.series for one in refusals(series, reasons)]


def _loop(instance: Instance) -> Loop:
    """What can be read; `Rejected` says why an image can't."""
    with opened(instance, _KEYWORDS) as frames, quiet():
        said = described(frames.header, 1, _KEYWORDS)
        reason = why_not_by_kind(instance, said.get) or why_not_by_size(said.get)
        reason = reason or _why_not_unpacked(frames)
        if reason:
            raise Rejected(reason)
        return Loop(
            instance=instance,
            count=frames.count,
            body_parts=body_parts(many(said.get))[0],
            laterality=_laterality(said),
            exam=exam(said.get),
        )


def _laterality(said: Dataset) -> Side | None:
    letter, _ = side(said)
    return Side(letter) if letter else None


def _why_not_unpacked(frames: Frames) -> str | None:
    if not frames.has_pixels:
        return "it has no pixels"
    syntax = UID(str(frames.header.file_meta.TransferSyntaxUID))
    try:
        return None if get_decoder(syntax).is_available else _VIDEO
    except NotImplementedError:
        return _VIDEO


_VIDEO = "it is stored as a video, or in another way that cannot be taken apart into frames here"
