"""From a stored image to a `Radiograph`, or the reason why it cannot be read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import numpy as np
from pydicom import Dataset
from pydicom.uid import DigitalXRayImageStorageForProcessing

from pipelines.contract import Instance, Rejected, refer
from pipelines.display import NotShown, described, grey_and_padding, shown
from pipelines.malformed import MALFORMED
from pipelines.radiographs import shutters, subject
from pipelines.radiographs.limits import why_not_by_size
from pipelines.radiographs.radiograph import Radiograph
from pipelines.router.evidence import KEYWORDS as BODY_PART_KEYWORDS
from pipelines.router.evidence import body_parts
from pipelines.stored import dataset, line, many, quiet, side, sides

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Seen = tuple[NDArray[np.uint8], NDArray[np.bool_] | None]

_SPACINGS = ("PixelSpacing", "ImagerPixelSpacing", "NominalScannedPixelSpacing")
"""In the patient, at the detector, on a film: the first that is there."""
_MOST_ASPECT = 10.0
_KEYWORDS = (
    "Rows",
    "Columns",
    "NumberOfFrames",
    "BitsAllocated",
    "SamplesPerPixel",
    "PhotometricInterpretation",
    "PresentationIntentType",
    "PresentationLUTShape",
    "PixelIntensityRelationshipSign",
    "PixelAspectRatio",
    *_SPACINGS,
    *sides.KEYWORDS,
    *subject.KEYWORDS,
    *shutters.KEYWORDS,
    *sorted(BODY_PART_KEYWORDS - {*sides.KEYWORDS, *subject.KEYWORDS}),
)
_TINT = 24
"""Red, green and blue of a grey differ by no more than this, lossy compression included."""
_MOST_TINTED = 0.01
"""A coloured marker or frame around a capture takes less of it than this."""


def read(instance: Instance, frame: int | None = None) -> Radiograph:
    """The radiograph that an image, or a frame of it, is; `Rejected` says why it is none."""
    with quiet():
        ds = dataset(instance)
        said = described(ds, frame or 1, _KEYWORDS)
        reason = why_not_by_size(said.get)
        if reason:
            raise Rejected(reason)
        return _radiograph(instance, frame, said, _seen(ds, frame or 1))


def _radiograph(instance: Instance, frame: int | None, said: Dataset, seen: Seen) -> Radiograph:
    grey, padding = seen
    for_presentation = _for_presentation(instance, said)
    if not for_presentation and _bones_are_dark(said):
        grey = 255 - grey
    spacing = next(filter(None, (subject.pair(said, keyword) for keyword in _SPACINGS)), None)
    aspect = _aspect(said, spacing)
    visible, ignored = shutters.visible(said, grey.shape[0], grey.shape[1], aspect)
    if padding is not None and not padding.all():
        visible &= ~padding
    grey[~visible] = 0
    names, _ = body_parts(many(said.get))
    laterality, contradicted = side(said)
    return Radiograph(
        reference=refer(instance, frame),
        grey=grey,
        visible=visible,
        aspect=aspect,
        body_parts=names,
        laterality=laterality,
        view=subject.view(said),
        age=subject.age(said),
        for_presentation=for_presentation,
        remarks=tuple(_remarks(ignored, contradicted, for_presentation)),
    )


def _remarks(ignored: Iterable[str], contradicted: bool, for_presentation: bool) -> Iterator[str]:
    for what in ignored:
        yield f"{what.capitalize()} would hide all of it and is ignored."
    if contradicted:
        yield "Its attributes name both left and right, so the side is not known."
    if not for_presentation:
        yield "It is stored for processing and not for viewing: its greys are estimated."


def _seen(ds: Dataset, frame: int) -> Seen:
    """The frame in grey as it is displayed, and its padding."""
    try:
        if str(ds.get("PhotometricInterpretation", "")).startswith("MONOCHROME"):
            return grey_and_padding(ds, frame)
        return _without_colour(shown(ds, frame)), None
    except NotShown as reason:
        raise Rejected(str(reason)) from reason
    except MALFORMED as error:
        raise Rejected("its pixels are described in a way that cannot be followed") from error


def _without_colour(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The greys of a picture in colours that has none to speak of."""
    red, green, blue = (picture[..., channel].astype(np.uint16) for channel in range(3))
    tint = picture.max(axis=-1) - picture.min(axis=-1)
    if np.count_nonzero(tint > _TINT) > _MOST_TINTED * tint.size:
        raise Rejected("the picture is in colour, a radiograph is not")
    # Whole numbers of 16 bits, so that equal colours stay exactly what they are (ITU-R BT.601).
    grey: NDArray[np.uint8] = ((77 * red + 150 * green + 29 * blue + 128) >> 8).astype(np.uint8)
    return grey


def _for_presentation(instance: Instance, said: Dataset) -> bool:
    intent = line(said.get("PresentationIntentType")).upper()
    return (
        instance.SOPClassUID != DigitalXRayImageStorageForProcessing and intent != "FOR PROCESSING"
    )


def _bones_are_dark(said: Dataset) -> bool:
    """Whether more rays are shown brighter. Nobody has decided yet how raw data is to be shown."""
    inverse = (
        line(said.get("PhotometricInterpretation")) == "MONOCHROME1"
        or line(said.get("PresentationLUTShape")) == "INVERSE"
    )
    sign = said.get("PixelIntensityRelationshipSign")
    return sign in (1, -1) and (sign == 1) != inverse


def _aspect(said: Dataset, spacing: tuple[float, float] | None) -> float:
    high, wide = spacing or subject.pair(said, "PixelAspectRatio") or (1.0, 1.0)
    if not 1 / _MOST_ASPECT <= high / wide <= _MOST_ASPECT:
        raise Rejected("its pixels are stated to be far from square, so its shape is not known")
    return high / wide
