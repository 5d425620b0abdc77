"""Sources that lie in space or not, and findings on them whose place cannot be mistaken."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset, FileMetaDataset
from pydicom.pixels.utils import pixel_array
from pydicom.uid import UID, EnhancedCTImageStorage, ExplicitVRLittleEndian

from bench.phantoms import (
    cr_skull,
    ct_head,
    dx_extremity,
    mr_head,
    photograph,
    secondary_capture,
    us_thyroid,
)
from pipelines.contract import Algorithm, Concept, Findings, Mask, Raster, Reference, Region
from results.context import Making
from results.source import Source
from tests.integration.results.sources import CONTEXT, LOBE, references

NODULE = Concept(value="27925004", scheme="SCT", meaning="Nodule")
Bits = NDArray[np.bool_]


def oblique() -> list[Dataset]:
    """A CT whose slices are turned about two axes."""
    across, down = np.array([0.8, 0.6, 0.0]), np.array([-0.36, 0.48, 0.8])
    normal = np.cross(across, down)
    made = ct_head(size=24, slices=4)
    for number, ds in enumerate(made):
        ds.ImageOrientationPatient = [float(part) for part in (*across, *down)]
        ds.ImagePositionPatient = [
            round(float(p), 6) for p in (10, -20, 30) + 2.5 * number * normal
        ]
        ds.PixelSpacing = [0.5, 0.75]
    return made


def enhanced(frames: int = 4) -> list[Dataset]:
    """An enhanced multi-frame CT: each frame's place stands in its functional groups."""
    slices = ct_head(size=24, slices=frames)
    (first, *_) = slices
    ds = Dataset()
    for element in first:
        if element.keyword.startswith(("Patient", "Study", "Accession", "Referring")):
            ds.add(element)
    ds.SOPClassUID = EnhancedCTImageStorage
    ds.SOPInstanceUID = UID(f"{first.SOPInstanceUID}.1")
    ds.SeriesInstanceUID, ds.SeriesNumber = first.SeriesInstanceUID, 1
    ds.FrameOfReferenceUID, ds.Modality = first.FrameOfReferenceUID, "CT"
    ds.Rows, ds.Columns, ds.NumberOfFrames = 24, 24, frames
    shared, measures, orientation = Dataset(), Dataset(), Dataset()
    measures.PixelSpacing, measures.SliceThickness = first.PixelSpacing, 5
    orientation.ImageOrientationPatient = first.ImageOrientationPatient
    shared.PixelMeasuresSequence, shared.PlaneOrientationSequence = [measures], [orientation]
    ds.SharedFunctionalGroupsSequence = [shared]
    ds.PerFrameFunctionalGroupsSequence = [_at(one.ImagePositionPatient) for one in slices]
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    return [ds]


def _at(position: Any) -> Dataset:
    group, plane = Dataset(), Dataset()
    plane.ImagePositionPatient = position
    group.PlanePositionSequence = [plane]
    return group


IN_SPACE: Mapping[str, Callable[[], list[Dataset]]] = {
    "ct": lambda: ct_head(size=24, slices=4),
    "ct-reversed": lambda: ct_head(size=24, slices=4)[::-1],
    "ct-tilted": lambda: ct_head(size=24, slices=4, tilt=15.0),
    "ct-oblique": oblique,
    "ct-odd-size": lambda: ct_head(size=21, slices=3),
    "mr": lambda: mr_head(size=24, slices=3),
    "ct-enhanced": enhanced,
}
NOWHERE: Mapping[str, Callable[[], list[Dataset]]] = {
    "cr": lambda: cr_skull(size=32),
    "dx": lambda: dx_extremity(size=32),
    "us": lambda: us_thyroid(size=64),
    "us-cine": lambda: us_thyroid(size=64, frames=3),
    "photo": lambda: photograph(size=32),
    "capture": lambda: secondary_capture(size=32),
}
SOURCES = {**IN_SPACE, **NOWHERE}


def frames(datasets: Sequence[Dataset]) -> Iterator[tuple[Reference, int, int]]:
    """Every frame with its rows and columns."""
    for ds in datasets:
        count = int(ds.get("NumberOfFrames", 1))
        for number in range(1, count + 1):
            on = Reference(
                SOPClassUID=ds.SOPClassUID,
                SOPInstanceUID=ds.SOPInstanceUID,
                frame=number if count > 1 else None,
            )
            yield on, int(ds.Rows), int(ds.Columns)


def patch(rows: int, columns: int, number: int) -> Bits:
    """An L that is not the same when it is turned, flipped, moved or taken for another's."""
    made = np.zeros((rows, columns), np.bool_)
    made[2 : 12 + number, 3:5] = True
    made[2:4, 3 : 9 + number] = True
    return made


def making(datasets: Sequence[Dataset], **said: Any) -> Making:
    """A run that said this of a source."""
    findings = Findings(
        algorithm=Algorithm(name="finder", version="2.1", digest="sha256:0123", vendor="Makers"),
        summary="",
        sources=references(list(datasets)),
        **said,
    )
    return Making(source=Source.of_datasets(datasets), findings=findings, context=CONTEXT)


def position_of(datasets: Sequence[Dataset], on: Reference) -> list[float]:
    """Where a frame of a source lies, as its header says."""
    (ds,) = (ds for ds in datasets if on.SOPInstanceUID == ds.SOPInstanceUID)
    if "PerFrameFunctionalGroupsSequence" in ds:
        group = ds.PerFrameFunctionalGroupsSequence[(on.frame or 1) - 1]
        return [float(part) for part in group.PlanePositionSequence[0].ImagePositionPatient]
    return [float(part) for part in ds.ImagePositionPatient]


def masks(datasets: list[Dataset], first: int = 0) -> dict[tuple[str, int], Bits]:
    """A patch of its own for every frame."""
    return {
        (on.SOPInstanceUID, on.frame or 1): patch(rows, columns, first + number)
        for number, (on, rows, columns) in enumerate(frames(datasets))
    }


def region(datasets: list[Dataset], name: str = "nodule-1", first: int = 0) -> Region:
    """A region with a mask on every frame."""
    there = masks(datasets, first)
    shapes = tuple(
        Mask(on=on, raster=Raster.of(there[on.SOPInstanceUID, on.frame or 1]))
        for on, _, _ in frames(datasets)
    )
    return Region(tracking=name, type=NODULE, label=name.title(), shapes=shapes, site=LOBE)


def soft(datasets: list[Dataset], name: str = "soft-1") -> Region:
    """A region that says how much of each pixel belongs to it."""
    shapes = tuple(
        Mask(on=on, raster=Raster.of(patch(rows, columns, number) * np.float32(0.4)))
        for number, (on, rows, columns) in enumerate(frames(datasets))
    )
    return Region(tracking=name, type=NODULE, label="Soft", shapes=shapes)


def write(ds: Dataset, folder: Path) -> Path:
    """The object as a file."""
    path = folder / f"{ds.SOPInstanceUID}.dcm"
    ds.save_as(path, enforce_file_format=True)
    return path


def stored(ds: Dataset) -> dict[tuple[int, str, int], Bits]:
    """What an ordinary reader finds: pixels by segment and by the frame of the source."""
    made = {}
    planes = pixel_array(ds).reshape(-1, ds.Rows, ds.Columns)
    shared = ds.SharedFunctionalGroupsSequence[0]
    for group, plane in zip(ds.PerFrameFunctionalGroupsSequence, planes, strict=True):
        named = group if "SegmentIdentificationSequence" in group else shared
        number = named.SegmentIdentificationSequence[0].ReferencedSegmentNumber
        (of,) = group.DerivationImageSequence[0].SourceImageSequence
        made[number, of.ReferencedSOPInstanceUID, of.get("ReferencedFrameNumber", 1)] = plane
    return made
