"""Presentation states: what was found, drawn over the images themselves, to be switched on and off.

One for each series and kind of image in it: a presentation state has a single modality step,
polarity and displayed area for all the images that it names.
"""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

from highdicom import PresentationLUTTransformation
from highdicom.pr import ColorSoftcopyPresentationState, GrayscaleSoftcopyPresentationState
from pydicom import Dataset
from pydicom.uid import SecondaryCaptureImageStorage

from pipelines.contract import is_image_class
from results.context import Making, NotMade
from results.finishing import REQUIRED, CopiedByUs, finished
from results.found import Frames, by_image, marked
from results.presentation.look import Look, as_text, full_range, look, modality, profile, voi
from results.presentation.marks import CONTOURS, TEXT, Members, drawings, reference
from results.text import line


class _Grey(CopiedByUs, GrayscaleSoftcopyPresentationState):
    """A grayscale presentation state whose patient and study are copied by us."""


class _Colour(CopiedByUs, ColorSoftcopyPresentationState):
    """A colour presentation state whose patient and study are copied by us."""


def build_presentation(making: Making) -> list[Dataset]:
    """Draw the findings over their images; the same arguments give the same bytes.

    Raises `NotMade` where there is nothing to draw, or nothing that it could be drawn over.
    """
    places = by_image(making.source, marked(making.findings))
    if not places:
        raise NotMade("nothing was found on any image")
    states: dict[Look, dict[str, Frames]] = {}
    for uid, frames in places.items():
        for seen, those in _looks(making, uid, frames):
            states.setdefault(seen, {})[uid] = those
    if not states:
        raise NotMade("what was found lies on images that no presentation state can be over")
    return [
        _state(making, seen, members, number)
        for number, (seen, members) in enumerate(states.items(), start=1)
    ]


def _looks(making: Making, SOPInstanceUID: str, shown: Frames) -> Iterator[tuple[Look, Frames]]:
    """The looks of an image's frames: mostly one for all, then the image is named as a whole."""
    header = making.source.header(SOPInstanceUID)
    if not _is_suitable(header):
        return
    found: dict[Look, list[int]] = {}
    for frame in _frames(making, SOPInstanceUID):
        found.setdefault(look(header, frame), []).append(frame)
    for seen, frames in found.items():
        if len(found) == 1:
            yield seen, None
        elif shown is None or set(shown) & set(frames):
            yield seen, tuple(frames)


def _is_suitable(header: Dataset) -> bool:
    """An image of whole numbers that is not the tile of a larger one, whose units are others."""
    return bool(
        is_image_class(header.SOPClassUID)
        and header.get("Rows")
        and header.get("Columns")
        and "TotalPixelMatrixRows" not in header
        and "FloatPixelData" not in header
        and "DoubleFloatPixelData" not in header
    )


def _frames(making: Making, SOPInstanceUID: str) -> range:
    """The frames that may look different: those of an enhanced image."""
    header = making.source.header(SOPInstanceUID)
    differ = bool(header.get("PerFrameFunctionalGroupsSequence"))
    return range(1, (making.source.frames(SOPInstanceUID) if differ else 1) + 1)


def _state(making: Making, seen: Look, members: Members, number: int) -> Dataset:
    made = _coloured(making, seen, members) if seen.colour else _grey(making, seen, members)
    _relate(made, making, seen, members)
    _display(made, seen)
    drawn = drawings(making, members, seen.rows, seen.columns)
    made.GraphicAnnotationSequence = drawn
    used = {item.GraphicLayer for item in drawn}
    made.GraphicLayerSequence = [
        deepcopy(layer) for layer in (CONTOURS, TEXT) if layer.GraphicLayer in used
    ]
    algorithm = making.findings.algorithm
    name = line(making.fits(f"{algorithm.name} {algorithm.version}"), 40)
    made.ContentDescription = f"{name}: not for diagnosis"
    made.ContentCreatorName = _creator(making)
    made.Laterality = _side(making, members)
    return finished(made, making, "presentation", number, on=next(iter(members)))


def _coloured(making: Making, seen: Look, members: Members) -> Dataset:
    header = making.source.header(next(iter(members)))
    made: Dataset = _Colour(icc_profile=profile(header), **_given(making, seen))
    return made


def _grey(making: Making, seen: Look, members: Members) -> Dataset:
    """The image's own steps to a screen, all of them, for a viewer takes none from the image."""
    sample, frames = next(iter(members.items()))
    shape = "INVERSE" if seen.inverse else "IDENTITY"
    made: Dataset = _Grey(
        presentation_lut_transformation=PresentationLUTTransformation(shape),
        **_given(making, seen),
    )
    made.update(modality(making.source.header(sample), frames[0] if frames else 1))
    windows = _windows(making, members)
    if windows:
        made.SoftcopyVOILUTSequence = windows
    return made


def _side(making: Making, members: Members) -> str:
    """The side that all the images are of; empty where they do not say, as for a type 2C."""
    headers = [making.source.header(uid) for uid in members]
    sides = {str(ds.get("Laterality") or ds.get("ImageLaterality") or "") for ds in headers}
    side = sides.pop() if len(sides) == 1 else ""
    return side if side in ("L", "R") else ""


def _creator(making: Making) -> str:
    """The node as a person's name: all of it is the family name, whatever is in it."""
    name = line(making.fits(making.device.name), 60)
    return name.translate(str.maketrans("^=", "  ")) + "^"


def _given(making: Making, seen: Look) -> dict[str, Any]:
    """What highdicom is told: of the images only that they are plain ones of this size.

    It would look up classes and functional groups that not every image has. What the images are is
    added by us, frames included.
    """
    light = Dataset()
    light.StudyInstanceUID = making.source.StudyInstanceUID
    light.SeriesInstanceUID = seen.SeriesInstanceUID
    light.SOPClassUID = SecondaryCaptureImageStorage
    light.SOPInstanceUID = making.uid("presentation")
    light.Rows, light.Columns = seen.rows, seen.columns
    light.SamplesPerPixel = 3 if seen.colour else 1
    for keyword in REQUIRED:
        setattr(light, keyword, "")
    device = making.device
    return {
        "referenced_images": [light],
        "series_instance_uid": making.series_uid("presentation"),
        "series_number": 1,
        "sop_instance_uid": making.uid("presentation"),
        "instance_number": 1,
        "manufacturer": device.manufacturer,
        "manufacturer_model_name": device.model,
        "software_versions": device.version or "1",
        "device_serial_number": device.serial_number,
        "content_label": "AI FINDINGS",
        "series_description": making.series_description("drawn"),
    }


def _relate(made: Dataset, making: Making, seen: Look, members: Members) -> None:
    """Name the images (PS3.3 C.11.11)."""
    item = Dataset()
    item.SeriesInstanceUID = seen.SeriesInstanceUID
    item.ReferencedImageSequence = [_named(making, uid, frames) for uid, frames in members.items()]
    made.ReferencedSeriesSequence = [item]


def _named(making: Making, SOPInstanceUID: str, frames: Frames) -> Dataset:
    return reference(str(making.source.image(SOPInstanceUID).SOPClassUID), SOPInstanceUID, frames)


def _display(made: Dataset, seen: Look) -> None:
    """All of the image, as large as fits, its pixels as high and wide as they are (C.10.4)."""
    (area,) = made.DisplayedAreaSelectionSequence
    # It tells tiles from the whole that they make up; these images are no tiles.
    del area.PixelOriginInterpretation
    if seen.spacing is not None:
        del area.PresentationPixelAspectRatio
        area.PresentationPixelSpacing = list(seen.spacing)
    else:
        area.PresentationPixelAspectRatio = list(seen.ratio)


def _windows(making: Making, members: Members) -> list[Dataset]:
    """The window or table of each image and frame; those with the same one are named together."""
    items: dict[str, Dataset] = {}
    places: dict[str, list[Dataset]] = {}
    whole = True
    for uid, frames in members.items():
        found: dict[str, list[int]] = {}
        for frame in frames or _frames(making, uid):
            item = voi(making.source.header(uid), frame)
            item = item or full_range(making.source.whole(uid), frame)
            if item is not None:
                found.setdefault(as_text(item), []).append(frame)
                items.setdefault(as_text(item), item)
        every = len(frames or _frames(making, uid))
        whole = whole and [len(numbers) for numbers in found.values()] == [every]
        for key, numbers in found.items():
            those = frames if len(numbers) == every else tuple(numbers)
            places.setdefault(key, []).append(_named(making, uid, those))
    if len(items) > 1 or not whole:
        for key, item in items.items():
            item.ReferencedImageSequence = places[key]
    return list(items.values())
