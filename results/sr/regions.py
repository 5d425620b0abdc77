"""The image regions of a report: what a region outlines, on which frames (TID 1410, 1411)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydicom import DataElement, Dataset

from pipelines.contract import Reference, Region
from results import codes as words
from results.source import Source
from results.sr.items import CONTAINS, SELECTED_FROM, bare, pointer
from results.sr.polygons import MOST_LINES, drawn

if TYPE_CHECKING:
    from results.sr.polygons import Line


class ImageRegions:
    """Makes image regions; those on one frame share what points at it."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._start = bare("SCOORD", CONTAINS, words.IMAGE_REGION)
        self._start.GraphicType = "POLYLINE"
        self._frames: dict[Reference, tuple[int, int, DataElement]] = {}

    def of(self, region: Region) -> list[Dataset] | None:
        """An item for each outline of a region; None where they are too many."""
        made: list[Dataset] = []
        for shape in region.shapes:
            rows, columns, image = self._frame(shape.on)
            lines = drawn(shape, rows, columns)
            if lines is None or len(made) + len(lines) > MOST_LINES:
                return None
            made += (self._item(line, image) for line in lines)
        return made

    def _item(self, line: Line, image: DataElement) -> Dataset:
        item = Dataset()
        item.update(self._start)
        # Numbers as they are stored; converting each of them is what would take the time.
        item["GraphicData"] = DataElement(
            "GraphicData", "FL", line.ravel().tolist(), already_converted=True
        )
        item["ContentSequence"] = image
        return item

    def _frame(self, on: Reference) -> tuple[int, int, DataElement]:
        """Size of a frame, and the item that points at it."""
        if on not in self._frames:
            header = self._source.header(on.SOPInstanceUID)
            image = pointer(self._source, on, SELECTED_FROM)
            below = DataElement("ContentSequence", "SQ", [image])
            self._frames[on] = int(header.Rows), int(header.Columns), below
        return self._frames[on]
