"""Pictures that a pipeline drew by itself, as secondary captures."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from pydicom import Dataset

from pipelines.contract import Rendered
from results.captures.capture import capture
from results.context import Making, NotMade
from results.drawing.blocks import Line, block, letter_size, stamp
from results.finishing import finished
from results.text import NOTICE, shortened

if TYPE_CHECKING:
    from numpy.typing import NDArray

KIND = "images"


def build_images(making: Making) -> list[Dataset]:
    """A capture of each picture, with its caption and our notice in a strip under it.

    The same arguments give the same bytes. Raises `NotMade` where there are no pictures.
    """
    pictures = making.findings.pictures
    if not pictures:
        raise NotMade("the pipeline drew no pictures")
    return [_captured(making, item, number) for number, item in enumerate(pictures, start=1)]


def _captured(making: Making, item: Rendered, number: int) -> Dataset:
    algorithm = making.findings.algorithm
    by = f"{algorithm.name} {algorithm.version}"
    ds = capture(
        making,
        item.of,
        _with_strip(item, by),
        derivation=f"Drawn by {by}. {NOTICE}.",
        description=making.series_description(KIND),
        same_pixels=False,
        ours=False,
    )
    # Nobody but the pipeline knows how its picture lies to the image.
    ds.PatientOrientation = ""
    if item.caption.strip():
        ds.ImageComments = shortened(making.fits(item.caption), 10_240)
    return finished(ds, making, KIND, number, on=item.of.SOPInstanceUID)


def _with_strip(item: Rendered, by: str) -> NDArray[np.uint8]:
    """The picture as it is, in colour, over a strip of text: it covers nothing."""
    array = item.raster.array
    rows, columns = array.shape[:2]
    lines = [Line(NOTICE, bold=True), Line(f"{item.caption} ({by})".strip())]
    text = block(lines, letter_size(rows, columns), (max(rows, 200), columns))
    picture = np.zeros((rows + text.height, columns, 3), np.uint8)
    picture[:rows] = array if array.ndim == 3 else array[..., None]
    stamp(picture, text, rows, 0)
    return picture
