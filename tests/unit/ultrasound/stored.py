"""Ultrasound images in every encoding, as files of studies such as the node would store."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pydicom import Dataset
from pydicom.encaps import encapsulate, encapsulate_extended
from pydicom.uid import JPEGBaseline8Bit

from bench.phantoms import us_thyroid
from pipelines.contract import Instance, Reference
from pipelines.ultrasound import Frame, Loop, Region, chosen, frames
from tests.unit.radiographs.stored import changed, stored, study_of, written

SIZE = 150
COLOURS = ("MONOCHROME2", "RGB", "YBR_FULL", "YBR_FULL_422", "PALETTE COLOR")
OFFSETS = ("none", "basic", "extended", "none, in pieces", "basic, in pieces")

__all__ = ["changed", "stored", "study_of", "written"]


def cine(count: int = 3, colour: str = "RGB", size: int = SIZE, **attributes: Any) -> Dataset:
    """A run of frames of a thyroid, each another."""
    base = colour if colour in ("RGB", "YBR_FULL_422") else "MONOCHROME2"
    (ds,) = us_thyroid(size=size, frames=count, colour=base)  # type: ignore[arg-type]
    if colour == "PALETTE COLOR":
        _tint(ds)
    if colour == "YBR_FULL":
        (ds,) = us_thyroid(size=size, frames=count, colour="RGB")
        ds.PhotometricInterpretation = "YBR_FULL"
    return changed(ds, **attributes)


def _tint(ds: Dataset) -> None:
    ds.PhotometricInterpretation = "PALETTE COLOR"
    for colour, most in (("Red", 255), ("Green", 200), ("Blue", 140)):
        setattr(ds, f"{colour}PaletteColorLookupTableDescriptor", [256, 0, 16])
        entries = (np.arange(256) * (most * 257 // 255)).astype("<u2")
        setattr(ds, f"{colour}PaletteColorLookupTableData", entries.tobytes())


def region(**attributes: Any) -> Dataset:
    """A part of the picture that shows tissue, of a tenth of a millimetre a pixel."""
    item = Dataset()
    item.RegionSpatialFormat, item.RegionDataType, item.RegionFlags = 1, 1, 0
    item.RegionLocationMinX0, item.RegionLocationMinY0 = 10, 20
    item.RegionLocationMaxX1, item.RegionLocationMaxY1 = 109, 139
    item.PhysicalUnitsXDirection = item.PhysicalUnitsYDirection = 3
    item.PhysicalDeltaX = item.PhysicalDeltaY = 0.01
    return changed(item, **attributes)


def jpegs(count: int, rows: int = 120, columns: int = 160) -> list[bytes]:
    """Frames of noise in colours, compressed as most scanners do."""
    rng = np.random.default_rng(1)
    packed = []
    for _ in range(count):
        noise = rng.integers(0, 256, (rows // 4, columns // 4, 3), np.uint8)
        out = BytesIO()
        Image.fromarray(noise).resize((columns, rows)).save(out, "JPEG", quality=90)
        packed.append(out.getvalue())
    return packed


def compressed(packed: Sequence[bytes], offsets: str, size: tuple[int, int]) -> Dataset:
    """These frames, found by a table of offsets or without, in one fragment each or in several."""
    ds = cine(2, "RGB", NumberOfFrames=len(packed), Rows=size[0], Columns=size[1])
    ds.PhotometricInterpretation = "YBR_FULL_422"
    ds.file_meta.TransferSyntaxUID = JPEGBaseline8Bit
    if offsets == "extended":
        ds.PixelData, ds.ExtendedOffsetTable, ds.ExtendedOffsetTableLengths = encapsulate_extended(
            list(packed)
        )
    else:
        pieces = 3 if "pieces" in offsets else 1
        ds.PixelData = encapsulate(list(packed), pieces, has_bot="basic" in offsets)
    ds["PixelData"].VR = "OB"
    ds["PixelData"].is_undefined_length = True
    return ds


def stored_alone(ds: Dataset, folder: Path) -> Instance:
    """One image as a file."""
    return study_of([ds], folder).instances[0]


def loop_of(instance: Instance, count: int) -> Loop:
    """As if it had been chosen."""
    return Loop(instance=instance, count=count)


def pick(ds: Dataset, folder: Path, numbers: Iterable[int] = (1,)) -> list[Frame]:
    """These frames once it is on disk."""
    return list(frames(loop_of(stored_alone(ds, folder), 1), numbers))


def loop(ds: Dataset, folder: Path) -> Loop:
    """What is chosen of it, which has to be it."""
    (taken,), refusals = chosen(study_of([ds], folder))
    assert refusals == []
    return taken


def reason(ds: Dataset, folder: Path) -> str:
    """Why it is refused, which it has to be."""
    taken, (refusal,) = chosen(study_of([ds], folder))
    assert taken == []
    return refusal.because


def frame(picture: NDArray[np.uint8], *sectors: tuple[int, int, int, int]) -> Frame:
    """A frame that shows this."""
    return Frame(
        reference=Reference(SOPClassUID="1.2", SOPInstanceUID="1.3"),
        picture=picture,
        regions=tuple(Region(sector=sector) for sector in sectors),
    )
