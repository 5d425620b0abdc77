"""The heat map: how much each part of the frames counted for a class, as a Parametric Map."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from highdicom import VOILUTTransformation
from highdicom.pm import ParametricMap, RealWorldValueMapping
from pydicom import Dataset
from pydicom.uid import ExplicitVRLittleEndian

from pipelines.contract import Concept, HeatMap
from results.codes import HEAT_MAP, NO_UNIT, method, scheme_items
from results.context import Making, NotMade
from results.finishing import CopiedByUs, finished
from results.planes.geometry import Plane, grouped, plane_of
from results.planes.stand_ins import equipment, numbered, own_series, put_back, stand_ins
from results.text import line

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

KIND = "heatmap"
NO_PLACE = (
    "the source has no frame of reference, which a parametric map needs; the overlay shows the "
    "heat map"
)


@dataclass(frozen=True)
class _Subject:
    """What maps have in common that are in one object; a frame's second map is in another."""

    explains: Concept
    method: str
    layer: str
    which: int


class _ParametricMap(CopiedByUs, ParametricMap):
    """A Parametric Map that stretches each plane when it writes it, as our segmentation does."""

    def __init__(self, draw: Callable[[int], Floats], **options: Any) -> None:
        self._draw = draw
        super().__init__(**options)

    def _encode_pixels_native(self, planes: NDArray[Any]) -> bytes:
        return self._draw(int(planes[0])).astype("<f4", copy=False).tobytes()

    def _build_luts(self) -> None:
        """Do nothing: they serve for reading only."""


def build_heatmap(making: Making) -> list[Dataset]:
    """Build the parametric maps of one run: one for each class, on frames that go together.

    The same arguments give the same bytes.
    """
    if not making.findings.heatmaps:
        raise NotMade("there is no heat map among the findings")
    made: list[Dataset] = []
    for subject, maps in _subjects(making.findings.heatmaps).items():
        planes = [plane_of(making.source, heatmap.on) for heatmap in maps.values()]
        for group in grouped(plane for plane in planes if plane.place is not None):
            ds = _object(making, subject, group, maps, len(made) + 1)
            made.append(own_series(ds, making, KIND, made[0] if made else ds))
    if not made:
        raise NotMade(NO_PLACE)
    return made


def _subjects(heatmaps: Sequence[HeatMap]) -> dict[_Subject, dict[tuple[str, int], HeatMap]]:
    found: dict[_Subject, dict[tuple[str, int], HeatMap]] = {}
    for heatmap in heatmaps:
        key, which = (heatmap.on.SOPInstanceUID, heatmap.on.frame or 1), 0
        while True:
            subject = _Subject(heatmap.explains, heatmap.method, heatmap.layer, which)
            maps = found.setdefault(subject, {})
            if key not in maps:
                maps[key] = heatmap
                break
            which += 1
    return found


def _object(
    making: Making,
    subject: _Subject,
    planes: Sequence[Plane],
    maps: dict[tuple[str, int], HeatMap],
    number: int,
) -> Dataset:
    def draw(place: int) -> Floats:
        plane = planes[place - 1]
        return stretched(maps[plane.key].raster.array, plane.rows, plane.columns)

    ds = _ParametricMap(draw, **_options(making, subject, planes, number))
    if len(planes) != ds.NumberOfFrames:
        raise RuntimeError("highdicom did not ask for every frame of a heat map")
    # Required where the body part is one of a pair, which nobody can tell from a source that
    # does not say so: then it is unknown, not absent.
    ds.Laterality = planes[0].carried.get("Laterality", "")
    if method(subject.method) == HEAT_MAP:
        ds.CodingSchemeIdentificationSequence = [*scheme_items(making.findings)[:1]]
    put_back(ds, planes, making.uid(f"{KIND} dimensions", number))
    return finished(ds, making, KIND, number, on=planes[0].key[0])


def _options(
    making: Making, subject: _Subject, planes: Sequence[Plane], number: int
) -> dict[str, Any]:
    """What highdicom is told about all of it."""
    # An exact window: a LINEAR one of width 1 would show all or nothing.
    window = VOILUTTransformation(
        window_center=0.5, window_width=1.0, voi_lut_function="LINEAR_EXACT"
    )
    return {
        "source_images": stand_ins(planes, making.source.StudyInstanceUID),
        "pixel_array": numbered(planes, np.float32),
        "series_instance_uid": making.series_uid(KIND),
        "series_number": 1,
        "sop_instance_uid": making.uid(KIND, number),
        "instance_number": 1,
        "contains_recognizable_visual_features": False,
        "real_world_value_mappings": [_mapping(making, subject)],
        "voi_lut_transformations": [window],
        "transfer_syntax_uid": ExplicitVRLittleEndian,
        "content_label": "HEATMAP",
        "content_description": _explanation(making, subject),
        "series_description": making.series_description("heat map"),
        **equipment(making),
    }


def _mapping(making: Making, subject: _Subject) -> RealWorldValueMapping:
    return RealWorldValueMapping(
        lut_label=line(making.fits(subject.explains.meaning), 16) or "class",
        lut_explanation=_explanation(making, subject),
        unit=NO_UNIT,
        value_range=(0.0, 1.0),
        slope=1,
        intercept=0,
        quantity_definition=method(subject.method),
    )


def _explanation(making: Making, subject: _Subject) -> str:
    layer = f" ({subject.layer})" if subject.layer else ""
    return line(making.fits(f"{subject.method} for {subject.explains.meaning}{layer}"), 64)


def stretched(coarse: Floats, rows: int, columns: int) -> Floats:
    """A map over a whole frame: straight lines between the centres of its cells, flat outside."""
    made = coarse
    for axis, wanted in enumerate((rows, columns)):
        there = made.shape[axis]
        if there == wanted:
            continue
        at = ((np.arange(wanted) + 0.5) * (there / wanted) - 0.5).clip(0, there - 1)
        low = np.floor(at).astype(int)
        share = (at - low).astype(np.float32)
        share = share[:, None] if axis == 0 else share[None, :]
        near, far = made.take(low, axis), made.take(np.minimum(low + 1, there - 1), axis)
        made = near + (far - near) * share
    return made
