"""Sources of many kinds with findings on them, to test what refers to images or draws on them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom import DataElement, Dataset
from pydicom.uid import UID, EnhancedCTImageStorage

from bench.phantoms import (
    cr_skull,
    ct_head,
    dx_extremity,
    mr_head,
    photograph,
    secondary_capture,
    us_thyroid,
)
from pipelines.contract import (
    Algorithm,
    Classification,
    Concept,
    Contour,
    Findings,
    Mask,
    Polygon,
    Presence,
    Raster,
    Reference,
    Region,
    Side,
    Site,
)
from results.context import Making
from results.source import Source
from tests.integration.results.sources import CONTEXT, references

FRACTURE = Concept(value="125605004", scheme="SCT", meaning="Fracture of bone")
WRIST = Site(
    anatomy=Concept(value="74670003", scheme="SCT", meaning="Wrist joint"), laterality=Side.LEFT
)


def inverted() -> list[Dataset]:
    """A radiograph whose small values are white."""
    (ds,) = dx_extremity(size=64)
    ds.PhotometricInterpretation, ds.PresentationLUTShape = "MONOCHROME1", "INVERSE"
    return [ds]


def palette() -> list[Dataset]:
    """A captured screen whose bytes stand for colours."""
    (ds,) = secondary_capture(size=64)
    ds.PixelData = np.frombuffer(ds.PixelData, np.uint8)[::3].tobytes()
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "PALETTE COLOR"
    del ds.PlanarConfiguration
    table = (np.arange(256) * 257).astype("<u2").tobytes()
    for colour in ("Red", "Green", "Blue"):
        descriptor = f"{colour}PaletteColorLookupTableDescriptor"
        ds[descriptor] = DataElement(descriptor, "US", [256, 0, 16])
        data = f"{colour}PaletteColorLookupTableData"
        ds[data] = DataElement(data, "OW", table)
    return [ds]


def enhanced(intercepts: tuple[float, ...] = (-1024, -1024, -1024)) -> list[Dataset]:
    """A multi-frame CT that says window and rescaling frame by frame."""
    slices = ct_head(size=32, slices=len(intercepts))
    ds = slices[0]
    ds.SOPClassUID = ds.file_meta.MediaStorageSOPClassUID = EnhancedCTImageStorage
    ds.PixelData = b"".join(one.PixelData for one in slices)
    ds.NumberOfFrames = len(slices)
    for keyword in ("WindowCenter", "WindowWidth", "RescaleSlope", "RescaleIntercept"):
        delattr(ds, keyword)
    ds.PerFrameFunctionalGroupsSequence = []
    for number, intercept in enumerate(intercepts):
        window, values, group = Dataset(), Dataset(), Dataset()
        window.WindowCenter, window.WindowWidth = (40, 400) if number else (50, 150)
        window.WindowCenterWidthExplanation = "BRAIN"
        values.RescaleSlope, values.RescaleIntercept, values.RescaleType = 1, intercept, "HU"
        group.FrameVOILUTSequence, group.PixelValueTransformationSequence = [window], [values]
        ds.PerFrameFunctionalGroupsSequence.append(group)
    return [ds]


def old_ultrasound() -> list[Dataset]:
    """An ultrasound of the retired class, which libraries no longer list."""
    (ds,) = us_thyroid(size=64)
    ds.SOPClassUID = ds.file_meta.MediaStorageSOPClassUID = UID("1.2.840.10008.5.1.4.1.1.6")
    return [ds]


SOURCES: Mapping[str, Callable[[], list[Dataset]]] = {
    "dx": lambda: dx_extremity(size=64),
    "dx-inverted": inverted,
    "cr": lambda: cr_skull(size=64),
    "ct": lambda: ct_head(size=32, slices=3),
    "mr": lambda: mr_head(size=32, slices=3),
    "ct-enhanced": enhanced,
    "us": lambda: us_thyroid(size=64),
    "us-cine": lambda: us_thyroid(size=64, frames=4),
    "us-cine-grey": lambda: us_thyroid(size=64, frames=4, colour="MONOCHROME2"),
    "us-ybr": lambda: us_thyroid(size=64, colour="YBR_FULL_422"),
    "us-retired": old_ultrasound,
    "photograph": lambda: photograph(size=64),
    "secondary-capture": lambda: secondary_capture(size=64),
    "palette": palette,
}
COLOUR = {name for name in SOURCES if name.startswith("us") and "grey" not in name} | {
    "photograph",
    "secondary-capture",
    "palette",
}


def ring(rows: int, columns: int) -> NDArray[np.bool_]:
    """A mask with a hole, a corner that touches, and a part at the edge of the frame."""
    mask = np.zeros((rows, columns), np.bool_)
    mask[5:20, 8:24] = True
    mask[10:13, 11:15] = False
    mask[20:23, 3:8] = True
    mask[-2:, -3:] = True
    return mask


def places(datasets: list[Dataset]) -> tuple[Reference, ...]:
    """Two places with findings: the first and third frames, or the first two images."""
    on = references(datasets)
    if int(datasets[0].get("NumberOfFrames", 1)) > 1:
        return tuple(replace(on[0], frame=frame) for frame in (1, 3))
    return on[:2]


def findings(datasets: list[Dataset]) -> Findings:
    """A region in parts on two places, an open line and a triangle on one, and a judgement."""
    on = places(datasets)
    mask = Raster.of(ring(datasets[0].Rows, datasets[0].Columns))
    return Findings(
        algorithm=Algorithm(name="fracture", version="1.2.0"),
        summary="A fracture is likely.",
        sources=references(datasets),
        regions=(
            Region(
                tracking="fracture-1",
                type=FRACTURE,
                shapes=tuple(Mask(on=place, raster=mask) for place in on),
                label="Fracture",
                score=0.87,
            ),
            Region(
                tracking="line-1",
                type=FRACTURE,
                shapes=(Contour(on=on[0], points=((1.5, 2), (4, 5.25), (9, 3))),),
                label="Fracture line",
            ),
            Region(
                tracking="area-1",
                type=FRACTURE,
                shapes=(Polygon(on=on[0], points=((2, 2), (10, 4), (3, 9.5))),),
                label="Area",
            ),
        ),
        classifications=(
            Classification(
                name=FRACTURE,
                value=Presence.PRESENT,
                probability=0.9,
                references=on[:1],
                site=WRIST,
            ),
        ),
    )


def making(datasets: list[Dataset], found: Findings | None = None, **context: Any) -> Making:
    """One run over these images."""
    return Making(
        source=Source.of_datasets(datasets),
        findings=found or findings(datasets),
        context=replace(CONTEXT, **context),
    )
