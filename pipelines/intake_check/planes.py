"""Where the slices of a series lie, classic instances and enhanced frames alike."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset
from pydicom.uid import UID

from pipelines.contract import Reference, refer
from pipelines.intake_check.headers import MOST_REFERENCES, Header, HeaderSeries, numbers, text

CROSS_SECTIONAL = frozenset({"CT", "MR", "PT"})

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Slices:
    """Slices that belong to one volume, or to several of the same place."""

    where: tuple[Reference, ...]
    called: tuple[str, ...]
    """What to call each in a sentence."""
    positions: Floats
    orientations: Floats

    def __len__(self) -> int:
        return len(self.where)

    def only(self, chosen: Iterable[int]) -> Slices:
        """Some of them, in the given order."""
        index = [int(i) for i in chosen]
        return Slices(
            where=tuple(self.where[i] for i in index),
            called=tuple(self.called[i] for i in index),
            positions=self.positions[index],
            orientations=self.orientations[index],
        )

    def references(self, chosen: Iterable[int]) -> tuple[Reference, ...]:
        """The first of the chosen ones, at most."""
        return tuple(self.where[int(i)] for i in list(chosen)[:MOST_REFERENCES])


@dataclass(frozen=True, kw_only=True)
class Volume:
    """The slices that a check of geometry can compare, and the images without a place."""

    slices: Slices
    placeless: tuple[Header, ...]


def volumes(series: HeaderSeries) -> Iterator[Volume]:
    """The classic slices of the series as one volume, each enhanced instance as its own."""
    if series.Modality not in CROSS_SECTIONAL:
        return
    images = [header for header in series.headers if not _is_apart(header)]
    classic = [header for header in images if not _is_enhanced(header)]
    if classic:
        yield _volume([(header, None, _classic(header.ds)) for header in classic])
    for header in images:
        if _is_enhanced(header):
            yield _volume(list(_enhanced(header)))


_Place = tuple[tuple[float, ...], tuple[float, ...]]


def _is_apart(header: Header) -> bool:
    """Localizers and captured screens are in the series but not in its volume."""
    image_type = header.ds.get("ImageType") or ()
    return "LOCALIZER" in image_type or "Secondary Capture" in UID(header.instance.SOPClassUID).name


def _is_enhanced(header: Header) -> bool:
    return bool(header.ds.get("PerFrameFunctionalGroupsSequence"))


def _classic(ds: Dataset) -> _Place | None:
    position = numbers(ds, "ImagePositionPatient", 3)
    orientation = numbers(ds, "ImageOrientationPatient", 6)
    return None if position is None or orientation is None else (position, orientation)


def _enhanced(header: Header) -> Iterator[tuple[Header, int, _Place | None]]:
    shared = (header.ds.get("SharedFunctionalGroupsSequence") or [Dataset()])[0]
    for frame, group in enumerate(header.ds.PerFrameFunctionalGroupsSequence, start=1):
        place = _group(group, shared, "PlanePositionSequence")
        plane = _group(group, shared, "PlaneOrientationSequence")
        position = numbers(place, "ImagePositionPatient", 3)
        orientation = numbers(plane, "ImageOrientationPatient", 6)
        whole = None if position is None or orientation is None else (position, orientation)
        yield header, frame, whole


def _group(frame: Dataset, shared: Dataset, keyword: str) -> Dataset:
    items = frame.get(keyword) or shared.get(keyword) or [Dataset()]
    item: Dataset = items[0]
    return item


def _volume(planes: Sequence[tuple[Header, int | None, _Place | None]]) -> Volume:
    placed = [(header, frame, place) for header, frame, place in planes if place is not None]
    placeless = {id(header): header for header, _, place in planes if place is None}
    return Volume(
        slices=Slices(
            where=tuple(refer(header.instance, frame) for header, frame, _ in placed),
            called=tuple(
                header.called if frame is None else f"frame {frame} of {header.called}"
                for header, frame, _ in placed
            ),
            positions=np.array([place[0] for _, _, place in placed], dtype=np.float64),
            orientations=np.array([place[1] for _, _, place in placed], dtype=np.float64),
        ),
        placeless=tuple(placeless.values()),
    )


def spacing_of(ds: Dataset) -> str:
    """PixelSpacing as text to compare, from the root or the shared functional group."""
    shared = (ds.get("SharedFunctionalGroupsSequence") or [Dataset()])[0]
    return text(_group(Dataset(), shared, "PixelMeasuresSequence"), "PixelSpacing") or text(
        ds, "PixelSpacing"
    )
