"""Findings drawn over the frame that they lie on, for people who see nothing but pictures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from pipelines.contract import (
    Classification,
    Concept,
    HeatMap,
    Presence,
    Reference,
    Region,
    Shape,
    percent,
)
from results.context import Making
from results.drawing.blocks import Block, Line, block, letter_size, stamp
from results.drawing.colours import RGB, heat, of_region, opacity
from results.drawing.frame import shown
from results.drawing.placing import REGION, TEXT, Bounds, Room
from results.drawing.strokes import Stroke, paint, stroke
from results.text import NOTICE

if TYPE_CHECKING:
    from numpy.typing import NDArray

_SHORT = "AI"
"""What a picture says that is too small for the notice."""
_MOST_NOTICE = 0.25
"""How much of a picture the notice may take."""
_MOST_LABELS = 20
"""Regions of one frame that have a label; the others, of lower scores, have their line alone."""
_SHARES = (1.0, 0.6, 0.4)
"""How much of the picture's width a text may take: it is wrapped where that is in the way."""
_CORNER: Bounds = (0, 0, 0, 0)
_Drawn = tuple[Region, list[Stroke]]
_Looks = dict[str, tuple[RGB, bool]]


def drawn(making: Making, on: Reference) -> NDArray[np.uint8]:
    """The frame with heat map, outlines, labels and legend over it: rows, columns, 3.

    No patient's name is ever drawn. Raises `NotMade` where the frame cannot be shown.
    """
    picture = shown(making.source, on)
    draw_over(picture, making, on)
    return picture


def draw_over(picture: NDArray[np.uint8], making: Making, on: Reference) -> None:
    """Draw into a picture of the frame what was found on it."""
    rows, columns = picture.shape[:2]
    size = letter_size(rows, columns)
    room = Room(rows, columns, max(2, size // 3))
    room.prefer_background(picture)
    heatmap, others = chosen_heat(making, on)
    if heatmap:
        _lay_heat(picture, heatmap, room)
    found = list(_regions(making, on, rows, columns))
    looks = {region.tracking: of_region(n) for n, region in enumerate(making.findings.regions)}
    _paint(picture, found, looks)
    for line in (line for _, strokes in found for line in strokes):
        room.occupy_pixels(line.top, line.left, line.covered, REGION)
        room.occupy_pixels(line.top, line.left, line.casing, TEXT)
    if not _write_notice(picture, room, making):
        _paint(picture, found, looks)
    lines = _legend(making, on, heatmap, others)
    if lines:
        ways = [block(lines, size, (rows // 2, round(share * columns))) for share in _SHARES]
        _write(picture, room, [made for made in ways if not made.cut] or ways, _CORNER)
    for region, strokes in found[:_MOST_LABELS]:
        _write_label(picture, room, region, strokes, looks[region.tracking][0])


def _paint(picture: NDArray[np.uint8], found: Sequence[_Drawn], looks: _Looks) -> None:
    """Draw the lines of regions, those of the surest over others."""
    for region, strokes in reversed(found):
        colour, dashed = looks[region.tracking]
        for line in strokes:
            paint(picture, line, colour, dashed=dashed)


def same_frame(one: Reference, on: Reference) -> bool:
    """Whether something lies on a frame; what is about a whole image is about all its frames."""
    frames = (one.frame, on.frame)
    return one.SOPInstanceUID == on.SOPInstanceUID and (None in frames or frames[0] == frames[1])


def judgements(making: Making, on: Reference) -> list[Classification]:
    """What is judged of a frame: things present first, the more probable ones before others."""
    here = {region.tracking for region in making.findings.regions if _shapes_on(region, on)}
    found = [
        item
        for item in making.findings.classifications
        if item.region in here
        or any(same_frame(one, on) for one in item.references)
        or not (item.region or item.references)
    ]
    return sorted(
        found, key=lambda item: (item.value is Presence.ABSENT, -(item.probability or 0.0))
    )


def chosen_heat(making: Making, on: Reference) -> tuple[HeatMap | None, int]:
    """The heat map of the most probable class on a frame, and how many others there are.

    Two laid over one another would be read as one.
    """
    maps = [heatmap for heatmap in making.findings.heatmaps if same_frame(heatmap.on, on)]
    said = judgements(making, on)
    best = max(maps, key=lambda heatmap: _explained(heatmap.explains, said), default=None)
    return best, max(0, len(maps) - 1)


def _explained(concept: Concept, said: Sequence[Classification]) -> float:
    """The probability of the class that a heat map explains."""
    return max(
        (
            item.probability or 0.0
            for item in said
            for word in (item.name, item.value)
            if isinstance(word, Concept)
            and (word.value, word.scheme) == (concept.value, concept.scheme)
        ),
        default=0.0,
    )


def _lay_heat(picture: NDArray[np.uint8], heatmap: HeatMap, room: Room) -> None:
    """Lay a map over the picture, the more of it the higher it is, and nothing where it is 0."""
    rows, columns = picture.shape[:2]
    coarse = Image.fromarray(np.rint(heatmap.raster.array * 255).astype(np.uint8))
    down, across = room.cells
    room.warm(np.asarray(coarse.resize((across, down), Image.Resampling.BILINEAR)))
    # A coarse pixel covers its share of the frame: Pillow stretches edge to edge.
    wide = coarse.resize((columns, rows), Image.Resampling.BILINEAR)
    box = wide.getbbox()
    if box is None:
        return
    left, top, right, bottom = box
    part = picture[top:bottom, left:right]
    level = wide.crop(box)
    colours = level.copy()
    colours.putpalette(heat().tobytes())
    alpha = level.point(opacity().tolist())
    part[:] = np.asarray(Image.composite(colours.convert("RGB"), Image.fromarray(part), alpha))


def _regions(making: Making, on: Reference, rows: int, columns: int) -> Iterator[_Drawn]:
    """The regions of a frame with their lines, the surest first."""
    half = max(1, round(min(rows, columns) / 700))
    regions = sorted(making.findings.regions, key=lambda region: -(region.score or 0.0))
    for region in regions:
        lines = [stroke(shape, rows, columns, half) for shape in _shapes_on(region, on)]
        there = [line for line in lines if line is not None]
        if there:
            yield region, there


def _shapes_on(region: Region, on: Reference) -> list[Shape]:
    return [shape for shape in region.shapes if same_frame(shape.on, on)]


def _around(strokes: Sequence[Stroke]) -> Bounds:
    tops, lefts, bottoms, rights = zip(*(line.bounds for line in strokes), strict=True)
    return min(tops), min(lefts), max(bottoms), max(rights)


def _write(picture: NDArray[np.uint8], room: Room, ways: Sequence[Block], near: Bounds) -> bool:
    """Write a text in the first of its forms that covers no region, or that covers the least.

    What could only be over an outline or another text is not written; returns whether it was.
    """
    places = []
    for made in ways:
        places.append((*room.place(made.height, made.width, near), made))
        if places[-1][0] < REGION:
            break
    best = places[-1:] if places and places[-1][0] < REGION else places
    if not best or min(map(_cost, best)) >= TEXT:
        return False
    _, top, left, made = min(best, key=_cost)
    stamp(picture, made, top, left)
    room.occupy((top, left, top + made.height, left + made.width), TEXT)
    return True


def _write_notice(picture: NDArray[np.uint8], room: Room, making: Making) -> bool:
    """Write the notice, or less of it if the picture is small; returns whether lines are clear."""
    rows, columns = picture.shape[:2]
    size = letter_size(rows, columns)
    for lines in _notices(making):
        ways = [block(lines, size, (rows, round(share * columns))) for share in _SHARES]
        most = _MOST_NOTICE * rows * columns
        fitting = [made for made in ways if not made.cut and made.height * made.width <= most]
        if _write(picture, room, fitting, _CORNER):
            return True
    short = block([Line(_SHORT, bold=True)], size, (rows, columns))
    if _write(picture, room, [short], _CORNER):
        return True
    stamp(picture, short, 0, 0)
    room.occupy((0, 0, short.height, short.width), TEXT)
    return False


def _write_label(
    picture: NDArray[np.uint8], room: Room, region: Region, strokes: Sequence[Stroke], colour: RGB
) -> None:
    rows, columns = picture.shape[:2]
    size = letter_size(rows, columns)
    ways = [
        block([Line(text)], size, (rows, round(share * columns)), colour)
        for text in _labels(region)
        for share in _SHARES
    ]
    _write(picture, room, ways, _around(strokes))


def _cost(place: tuple[float, int, int, Block]) -> float:
    return place[0]


def _labels(region: Region) -> list[str]:
    """What a region is called, and for want of room only how sure it is."""
    if region.score is None:
        return [region.label]
    sure = percent(region.score)
    return [f"{region.label} {sure}", sure]


def _notices(making: Making) -> Iterator[list[Line]]:
    """What it is and by whom, and for want of room only what it is."""
    algorithm = making.findings.algorithm
    what = Line(NOTICE, bold=True)
    yield [what, Line(f"{algorithm.name} {algorithm.version}")]
    yield [what]


def _legend(making: Making, on: Reference, heatmap: HeatMap | None, others: int) -> list[Line]:
    """What was judged and how sure that is, and what the colours mean."""
    labels = {region.tracking: region.label for region in making.findings.regions}
    said = judgements(making, on)
    lines = [Line(_judged(item, labels)) for item in said]
    if any(map(_unsure, said)):
        lines.append(Line("* not calibrated"))
    if heatmap:
        more = f" (1 of {others + 1} maps)" if others else ""
        lines += [Line(f"{heatmap.method}: {heatmap.explains.meaning}{more}, 0 to 1"), Line("")]
    return lines


def _judged(item: Classification, labels: dict[str, str]) -> str:
    of = f"{labels[item.region]}: " if item.region else ""
    if item.probability is None:
        return f"{of}{item.says}"
    return f"{of}{item.says}, {percent(item.probability)}{'*' if _unsure(item) else ''}"


def _unsure(item: Classification) -> bool:
    """Whether its probability is no more than a score."""
    return item.probability is not None and not item.calibrated
