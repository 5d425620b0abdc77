"""The overlay: pictures of the frames with findings drawn over them, for any viewer at all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from pydicom import Dataset

from pipelines.contract import Classification, Mask, Reference, Shape, is_image_class
from results.captures.capture import capture
from results.captures.sidebyside import side_by_side
from results.context import Making, NotMade
from results.drawing import chosen_heat, draw_over
from results.drawing.frame import shown
from results.extent import pixel
from results.finishing import finished
from results.found import judged_on, positive
from results.shapes import inside
from results.text import NOTICE

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MOST_FRAMES = 32
"""So many frames are drawn, those with the highest scores."""
MOST_BYTES = 256 << 20
"""So large are the pictures of one overlay together; there is one in any case."""
KIND = "overlay"


def build_overlay(making: Making) -> list[Dataset]:
    """Pictures of the frames with findings, in the source's order, and a page for the foremost.

    The same arguments give the same bytes. Raises `NotMade` where no frame can be shown.
    """
    return overlaid(making)[0]


def overlaid(making: Making) -> tuple[list[Dataset], list[str]]:
    """The overlay, and in sentences what it leaves out."""
    found = making.findings
    if not (found.regions or found.heatmaps or found.classifications):
        raise NotMade("nothing was found that could be drawn")
    ranked = frames_to_draw(making)
    if not ranked:
        raise NotMade("the study has no images to draw on")
    chosen = _within_limits(making, ranked)
    left_out = []
    if len(chosen) < len(ranked):
        left_out.append(
            f"The overlay shows {len(chosen)} of {len(ranked)} images with findings: "
            "those with the highest scores."
        )
    pictures, failures = _drawn(making, chosen)
    if not pictures:
        raise NotMade(failures[0])
    left_out += [
        f"The overlay leaves out an image with findings: {reason}." for reason in sorted(failures)
    ]
    made: list[Dataset] = []
    for on, picture in pictures.items():
        remark = "" if len(chosen) == len(ranked) else left_out[0]
        made.append(_overlay(making, on, picture, len(made) + 1, remark))
    foremost = next(on for on in chosen if on in pictures)
    made.append(_page(making, foremost, pictures[foremost], len(made) + 1))
    return made, left_out


def frames_to_draw(making: Making) -> list[Reference]:
    """Every frame that a finding names, the foremost first; else the first frame there is.

    Frames with regions come before those with heat maps alone, and these before others.
    """
    weights: dict[Reference, float] = {}
    for on, weight in _named(making):
        if is_image_class(on.SOPClassUID) and making.source.header(on.SOPInstanceUID).get("Rows"):
            frame = _one_frame(making, on)
            weights[frame] = max(weight, weights.get(frame, 0.0))
    if not weights:
        return _any_frame(making)
    order = _in_order(making)
    return sorted(weights, key=lambda on: (-weights[on], order[on.SOPInstanceUID], on.frame or 1))


def _named(making: Making) -> Iterator[tuple[Reference, float]]:
    findings = making.findings
    for region in findings.regions:
        for shape in filter(_is_there, region.shapes):
            yield shape.on, 4 + (0.5 if region.score is None else region.score)
    for heatmap in findings.heatmaps:
        yield heatmap.on, 2 + float(heatmap.raster.array.max())
    for judgement in findings.classifications:
        for on in judged_on(findings, judgement):
            yield on, _weight(judgement)


def _is_there(shape: Shape) -> bool:
    return not isinstance(shape, Mask) or bool(inside(shape).any())


def _weight(judgement: Classification) -> float:
    if not positive(judgement):
        return 0.0
    return 0.5 if judgement.probability is None else judgement.probability


def _one_frame(making: Making, on: Reference) -> Reference:
    """A frame as it is always named here: the first where a whole image is meant."""
    many = making.source.frames(on.SOPInstanceUID) > 1
    return Reference(
        SOPClassUID=on.SOPClassUID,
        SOPInstanceUID=on.SOPInstanceUID,
        frame=(on.frame or 1) if many else None,
    )


def _any_frame(making: Making) -> list[Reference]:
    source = making.source
    looked_at = {on.SOPInstanceUID for on in making.findings.sources}
    images = sorted(source.images, key=lambda ds: ds.SOPInstanceUID not in looked_at)
    for ds in images:
        if is_image_class(ds.SOPClassUID) and source.header(ds.SOPInstanceUID).get("Rows"):
            on = Reference(SOPClassUID=ds.SOPClassUID, SOPInstanceUID=ds.SOPInstanceUID)
            return [_one_frame(making, on)]
    return []


def _in_order(making: Making) -> Mapping[str, int]:
    return {str(ds.SOPInstanceUID): place for place, ds in enumerate(making.source.images)}


def _within_limits(making: Making, ranked: list[Reference]) -> list[Reference]:
    chosen, size = ranked[:1], 0
    for on in ranked[:MOST_FRAMES]:
        header = making.source.header(on.SOPInstanceUID)
        size += 3 * int(header.Rows) * int(header.Columns)
        if on not in chosen and size <= MOST_BYTES:
            chosen.append(on)
    return chosen


def _drawn(
    making: Making, chosen: list[Reference]
) -> tuple[dict[Reference, NDArray[np.uint8]], list[str]]:
    """The pictures in the source's order, and why others cannot be had."""
    order = _in_order(making)
    pictures, failures = {}, []
    for on in sorted(chosen, key=lambda on: (order[on.SOPInstanceUID], on.frame or 1)):
        try:
            picture = shown(making.source, on)
        except NotMade as reason:
            failures.append(str(reason))
            continue
        draw_over(picture, making, on)
        pictures[on] = picture
    return pictures, failures


def _overlay(
    making: Making, on: Reference, picture: NDArray[np.uint8], number: int, remark: str
) -> Dataset:
    heatmap, _ = chosen_heat(making, on)
    what = "Heat map, outlines and text" if heatmap else "Outlines and text"
    ds = capture(
        making,
        on,
        picture,
        derivation=f"{what} drawn over the image by {_by(making)}. {NOTICE}. {remark}".strip(),
        description=making.series_description(KIND),
        same_pixels=True,
    )
    return finished(ds, making, KIND, number, on=on.SOPInstanceUID)


def _page(making: Making, on: Reference, picture: NDArray[np.uint8], number: int) -> Dataset:
    """The image as it is and as it is drawn over, beside each other."""
    one = pixel(making.source.header(on.SOPInstanceUID), on.frame or 1)
    ds = capture(
        making,
        on,
        side_by_side(shown(making.source, on), picture, (one.height, one.width)),
        derivation=f"The image beside the same with findings drawn over it by {_by(making)}. "
        f"{NOTICE}.",
        description=making.series_description(KIND),
        same_pixels=False,
    )
    return finished(ds, making, KIND, number, on=on.SOPInstanceUID)


def _by(making: Making) -> str:
    algorithm = making.findings.algorithm
    return f"{algorithm.name} {algorithm.version}"
