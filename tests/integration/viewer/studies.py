"""Sources with something found on them that cannot be mistaken when it is turned or moved."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset
from pynetdicom import AE
from pynetdicom.presentation import build_context

from bench.phantoms import ct_head, dx_extremity, us_thyroid
from pipelines.contract import Algorithm, Concept, Findings, Mask, Raster, Reference, Region
from results.build import build_results
from tests.integration.results.sources import CONTEXT, references
from tests.peers.orthanc import Orthanc

Bits = NDArray[np.bool_]
NODULE = Concept(value="27925004", scheme="SCT", meaning="Nodule")


def dx() -> list[Dataset]:
    """A radiograph whose large values are white."""
    return dx_extremity(seed=11, size=256)


def inverted() -> list[Dataset]:
    """A radiograph whose small values are white."""
    (ds,) = dx_extremity(seed=12, size=256)
    ds.PhotometricInterpretation, ds.PresentationLUTShape = "MONOCHROME1", "INVERSE"
    return [ds]


SOURCES: Mapping[str, Callable[[], list[Dataset]]] = {
    "dx": dx,
    "dx-inverted": inverted,
    "ct": lambda: ct_head(seed=13, size=256, slices=3),
    "us-colour": lambda: us_thyroid(seed=14, size=256),
}


def shuffled(datasets: list[Dataset]) -> list[Dataset]:
    """The six of them in no order."""
    return [datasets[number] for number in (3, 0, 5, 1, 4, 2)]


def cropped(datasets: list[Dataset], rows: int) -> list[Dataset]:
    """The upper part of each image."""
    for ds in datasets:
        ds.PixelData = ds.PixelData[: len(ds.PixelData) * rows // ds.Rows]
        ds.Rows = rows
    return datasets


VOLUMES: Mapping[str, Callable[[], list[Dataset]]] = {
    "ct": lambda: ct_head(seed=21, size=64, slices=6),
    "ct-shuffled": lambda: shuffled(ct_head(seed=22, size=64, slices=6)),
    "ct-tilted": lambda: ct_head(seed=23, size=64, slices=6, tilt=15.0),
    "ct-oblong": lambda: cropped(ct_head(seed=24, size=64, slices=6), 45),
}


def letter(rows: int, columns: int) -> Bits:
    """An F with a hole in its foot, off the middle: not the same when turned, flipped or moved."""
    unit = min(rows, columns) // 16
    top, left = rows // 2 - 2 * unit, columns // 2 - unit
    mask = np.zeros((rows, columns), np.bool_)
    mask[top : top + 8 * unit, left : left + 2 * unit] = True
    mask[top : top + 2 * unit, left : left + 5 * unit] = True
    mask[top + 3 * unit : top + 4 * unit, left : left + 4 * unit + 1] = True
    mask[top + 6 * unit : top + 7 * unit - 1, left + unit // 2 : left + unit] = False
    return mask


def found(
    datasets: Sequence[Dataset], *regions: Mapping[Reference, NDArray[np.generic]]
) -> Findings:
    """Regions with these masks."""
    return Findings(
        algorithm=Algorithm(name="finder", version="2.1"),
        summary="",
        sources=references(list(datasets)),
        regions=tuple(
            Region(
                tracking=f"nodule-{number}",
                type=NODULE,
                label="Nodule",
                shapes=tuple(Mask(on=on, raster=Raster.of(mask)) for on, mask in masks.items()),
            )
            for number, masks in enumerate(regions, start=1)
        ),
    )


def made(kind: str, datasets: Sequence[Dataset], findings: Findings) -> list[Dataset]:
    """The objects of a kind."""
    built = build_results([kind], datasets, findings, CONTEXT)
    assert built.reasons == ()
    return [result.dataset for result in built]


def store(orthanc: Orthanc, datasets: Iterable[Dataset]) -> None:
    """Send objects to Orthanc by C-STORE; anything but success raises."""
    chosen = list(datasets)
    kinds = {(ds.SOPClassUID, ds.file_meta.TransferSyntaxUID) for ds in chosen}
    assoc = AE("MODALITY").associate(
        "127.0.0.1",
        orthanc.port,
        contexts=[build_context(*kind) for kind in sorted(kinds)],
        ae_title=orthanc.ae_title,
    )
    assert assoc.is_established
    statuses = [assoc.send_c_store(ds).get("Status") for ds in chosen]
    assoc.release()
    assert statuses == [0x0000] * len(chosen)
