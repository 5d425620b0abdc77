"""Whether findings can be true of their source at all, before anything is made of them."""

from __future__ import annotations

from itertools import chain

from pipelines.contract import Findings, Mask, Reference, Rejected, Shape
from results.shapes import corners, inside
from results.source import Source

_SLACK = 1.0
"""Pixels by which a shape may stand out of its frame: detectors round."""
_MOST_CORNERS = 300_000


def check(source: Source, findings: Findings) -> None:
    """Raise `Rejected`, with a sentence that says why, where findings do not fit their source."""
    for on in dict.fromkeys(findings.references()):
        _check_reference(source, on)
    shapes = chain.from_iterable(region.shapes for region in findings.regions)
    sizes: dict[Reference, tuple[int, int]] = {}
    for shape in shapes:
        if shape.on not in sizes:
            sizes[shape.on] = _size(source, shape.on)
        _check_shape(shape, sizes[shape.on])
    for heatmap in findings.heatmaps:
        _size(source, heatmap.on)


def _check_reference(source: Source, on: Reference) -> None:
    if on.SOPInstanceUID not in source:
        raise Rejected("A finding refers to an instance that is not among the sources.")
    if source.image(on.SOPInstanceUID).SOPClassUID != on.SOPClassUID:
        raise Rejected("A finding refers to an instance as something that it is not.")
    if on.frame is not None and on.frame > source.frames(on.SOPInstanceUID):
        raise Rejected(
            f"A finding refers to frame {on.frame} of an instance that has "
            f"{source.frames(on.SOPInstanceUID)}."
        )


def _size(source: Source, on: Reference) -> tuple[int, int]:
    """Rows and columns of the frame that something lies on."""
    header = source.header(on.SOPInstanceUID)
    rows, columns = header.get("Rows"), header.get("Columns")
    if not all(isinstance(side, int) and side > 0 for side in (rows, columns)):
        raise Rejected("A finding lies on an instance that has no pixels.")
    if on.frame is None and source.frames(on.SOPInstanceUID) > 1:
        raise Rejected("A finding lies on an instance of many frames and does not say on which.")
    return int(rows), int(columns)


def _check_shape(shape: Shape, size: tuple[int, int]) -> None:
    rows, columns = size
    if isinstance(shape, Mask):
        found = (shape.raster.rows, shape.raster.columns)
        if found != size:
            raise Rejected(
                f"A mask has {found[0]} rows and {found[1]} columns; its image has {rows} and "
                f"{columns}."
            )
        if corners(inside(shape)) > _MOST_CORNERS:
            raise Rejected("A mask is too ragged to be outlined: it looks like noise.")
        return
    if not all(
        -_SLACK <= x <= columns + _SLACK and -_SLACK <= y <= rows + _SLACK for x, y in shape.points
    ):
        raise Rejected("A finding lies outside of its image.")
