"""What a presentation state draws: outlines and texts, each on its own layer, image and frame.

Points are in PIXEL units, of which (0, 0) is the upper left corner of the first pixel (PS3.3
C.10.5.1.2), as it is in the contract.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from highdicom.color import CIELabColor
from highdicom.pr import GraphicLayer, GraphicObject, TextObject
from pydicom import Dataset

from pipelines.contract import Classification, Reference, Region, Shape, percent
from results.context import Making
from results.found import Frames, is_somewhere, judged_on, present
from results.shapes import Outline, outlines
from results.text import NOTICE, line, shortened

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Points = NDArray[np.float32]

CONTOURS = GraphicLayer(
    layer_name="AI CONTOURS",
    order=1,
    description="Outlines of what was found by an algorithm",
    display_color=CIELabColor(97.0, -21.0, 94.0),  # yellow
)
TEXT = GraphicLayer(
    layer_name="AI TEXT",
    order=2,
    description="What an algorithm says of the image",
    display_color=CIELabColor(91.0, -48.0, -14.0),  # cyan
)
for layer in (CONTOURS, TEXT):
    layer.GraphicLayerRecommendedDisplayGrayscaleValue = 0xFFFF

_MOST_POINTS = 8_000
"""In one line: its numbers are to fit in the 65,534 bytes that an FL element has room for."""
_LONGEST_TEXT = 1024
_LONGEST_SUMMARY = 400
_LONGEST_LABEL = 64
_CORNER = (0.01, 0.01, 0.6, 0.2)
"""Left, top, right and bottom of the summary, in parts of the displayed area."""
_LINES_IN_A_FRAME = 40
"""How many lines of text a frame has room for: decides how large a label is."""

Members = Mapping[str, Frames]
"""The images of one presentation state, and their frames where it is not for all of them."""


@dataclass(frozen=True, kw_only=True)
class Frame:
    """A frame of an image to draw on."""

    on: Reference
    rows: int
    columns: int


def drawings(making: Making, members: Members, rows: int, columns: int) -> list[Dataset]:
    """The items of a Graphic Annotation Sequence for these images, in their order."""
    made: list[Dataset] = []
    for on, shapes in _drawn(making, members).items():
        frame = Frame(on=on, rows=rows, columns=columns)
        drawn: list[GraphicObject] = []
        labels: list[TextObject] = []
        for region, shape in shapes:
            traced = [_points(outline, frame) for outline in outlines(shape)]
            drawn += (one for points in traced for one in _lines(making, region, points))
            labels.append(_label(making, region, np.concatenate(traced), frame))
        place = reference(on.SOPClassUID, on.SOPInstanceUID, (on.frame,) if on.frame else None)
        made.append(_annotation(CONTOURS, [place], GraphicObjectSequence=drawn))
        made.append(_annotation(TEXT, [place], TextObjectSequence=labels))
    for text, places in _summaries(making, members).items():
        written = [TextObject(text, "DISPLAY", bounding_box=_CORNER, text_justification="LEFT")]
        made.append(_annotation(TEXT, places, TextObjectSequence=written))
    return made


def reference(SOPClassUID: str, SOPInstanceUID: str, frames: Frames) -> Dataset:
    """An item of a Referenced Image Sequence; without frames it is about all of them."""
    item = Dataset()
    item.ReferencedSOPClassUID = SOPClassUID
    item.ReferencedSOPInstanceUID = SOPInstanceUID
    if frames is not None:
        item.ReferencedFrameNumber = list(frames)
    return item


def _annotation(
    on_layer: GraphicLayer, places: list[Dataset], **drawn: Sequence[Dataset]
) -> Dataset:
    item = Dataset()
    item.ReferencedImageSequence = places
    item.GraphicLayer = on_layer.GraphicLayer
    for keyword, objects in drawn.items():
        setattr(item, keyword, list(objects))
    return item


def _drawn(making: Making, members: Members) -> dict[Reference, list[tuple[Region, Shape]]]:
    """What is to be drawn on each frame, images in their order and frames in theirs."""
    found: dict[Reference, list[tuple[Region, Shape]]] = {}
    for region in present(making.findings):
        for shape in region.shapes:
            on, frames = _exact(making, shape.on), members.get(shape.on.SOPInstanceUID, ())
            if (frames is None or (on.frame or 1) in frames) and is_somewhere(shape):
                found.setdefault(on, []).append((region, shape))
    order = {uid: number for number, uid in enumerate(members)}
    places = sorted(found, key=lambda on: (order[on.SOPInstanceUID], on.frame or 0))
    return {on: found[on] for on in places}


def _exact(making: Making, on: Reference) -> Reference:
    """The same place; an image of one frame has no frame numbers."""
    if making.source.frames(on.SOPInstanceUID) > 1:
        return on
    return Reference(SOPClassUID=on.SOPClassUID, SOPInstanceUID=on.SOPInstanceUID)


def _lines(making: Making, region: Region, points: Points) -> Iterator[GraphicObject]:
    """A line in as many pieces as it needs."""
    for begin in range(0, len(points) - 1, _MOST_POINTS - 1):
        piece = points[begin : begin + _MOST_POINTS]
        made = GraphicObject(
            "POLYLINE",
            piece,
            "PIXEL",
            tracking_id=line(making.fits(region.tracking), 64),
            tracking_uid=making.tracking_uid(region.tracking),
        )
        if not np.array_equal(piece[0], piece[-1]):
            # Only what is closed can be filled or not (PS3.3 C.10.5).
            del made.GraphicFilled
        yield made


def _points(outline: Outline, frame: Frame) -> Points:
    """All points within the frame, as single floats; a closed line names its first point twice."""
    points = [*outline.points, outline.points[0]] if outline.closed else list(outline.points)
    return np.clip(np.asarray(points, np.float32), 0, (frame.columns, frame.rows))


def _label(making: Making, region: Region, points: Points, frame: Frame) -> TextObject:
    """The region's label and score above its outline, or below where there is no room."""
    sure = "" if region.score is None else f" {percent(region.score)}"
    text = line(making.fits(region.label), _LONGEST_LABEL) + sure
    anchor = points[np.lexsort((points[:, 0], points[:, 1]))[0]]
    return TextObject(
        text,
        "PIXEL",
        bounding_box=_box(text, points, frame),
        anchor_point=(float(anchor[0]), float(anchor[1])),
        anchor_point_visible=False,
        text_justification="LEFT",
        tracking_id=line(making.fits(region.tracking), 64),
        tracking_uid=making.tracking_uid(region.tracking),
    )


def _box(text: str, points: Points, frame: Frame) -> tuple[float, float, float, float]:
    (left, top), (_, bottom) = points.min(axis=0), points.max(axis=0)
    height = max(frame.rows / _LINES_IN_A_FRAME, min(frame.rows, 1.0))
    width = min(float(frame.columns), 0.6 * height * len(text))
    x = min(float(left), frame.columns - width)
    y = float(top) - height if top >= height else min(float(bottom), frame.rows - height)
    return x, y, x + width, y + height


def _summaries(making: Making, members: Members) -> dict[str, list[Dataset]]:
    """The text of each image; images with the same text are named together."""
    found: dict[str, list[Dataset]] = {}
    for uid, frames in members.items():
        image = making.source.image(uid)
        place = reference(str(image.SOPClassUID), uid, frames)
        found.setdefault(_summary(making, uid), []).append(place)
    return found


def _summary(making: Making, SOPInstanceUID: str) -> str:
    """What is said of an image, under a line that says what not to make of it."""
    findings = making.findings
    lines = [NOTICE, f"{findings.algorithm.name} {findings.algorithm.version}"]
    lines.append(line(findings.summary, _LONGEST_SUMMARY))
    for judgement in findings.classifications:
        places = judged_on(findings, judgement)
        here = [on.frame for on in places if on.SOPInstanceUID == SOPInstanceUID]
        if here or not places:
            lines.append(_judgement(making, judgement, here, SOPInstanceUID))
    texts = (making.fits(one) for one in lines)
    return shortened("\r\n".join(text for text in texts if text), _LONGEST_TEXT)


def _judgement(
    making: Making, judgement: Classification, frames: Sequence[int | None], SOPInstanceUID: str
) -> str:
    """'Fracture: present 87 %', with the frames where it is not about the whole image."""
    sure = "" if judgement.probability is None else f" {percent(judgement.probability)}"
    where = ""
    if frames and None not in frames and making.source.frames(SOPInstanceUID) > 1:
        where = f" (frame {_listed(number for number in frames if number is not None)})"
    return f"{judgement.says}{sure}{where}"


def _listed(numbers: Iterable[int]) -> str:
    ordered = sorted(set(numbers))
    more = f" and {len(ordered) - 5} more" if len(ordered) > 5 else ""
    return ", ".join(map(str, ordered[:5])) + more
