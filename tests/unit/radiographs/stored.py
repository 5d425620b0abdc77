"""Radiographs in every encoding, as files of studies such as the node would store."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import gdcm
import numpy as np
from numpy.typing import NDArray
from pydicom import DataElement, Dataset, dcmread
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
)

from bench.phantoms import TRANSFER_SYNTAXES, dx_extremity, encode
from pipelines.contract import Instance, Study
from pipelines.radiographs import Radiograph, read
from tests.unit.intake_check.stored import study

SIZE = 96
SYNTAXES = (*TRANSFER_SYNTAXES, "jpeg-lossless", "deflated", "big-endian")
WINDOWS = ("window", "table", "none")


def radiograph(**attributes: Any) -> Dataset:
    """A hand, 12 bits and a window."""
    (ds,) = dx_extremity(size=SIZE, fracture=True)
    return changed(ds, **attributes)


def changed(ds: Dataset, **attributes: Any) -> Dataset:
    """The same with these attributes; without those that are None."""
    for keyword, value in attributes.items():
        if value is None:
            ds.pop(keyword, None)
        else:
            setattr(ds, keyword, value)
    return ds


def picture() -> NDArray[np.int64]:
    """The phantom's 12 bits brought to 8: what everybody should see."""
    (ds,) = dx_extremity(size=SIZE, fracture=True)
    return np.floor(ds.pixel_array.astype(float) * 255 / 4095 + 0.5).astype(np.int64)


def stored_as(bits: int, inverted: bool, window: str) -> Dataset:
    """The phantom in so many bits, and in what way it says how to show them."""
    ds = radiograph(WindowCenter=None, WindowWidth=None)
    most = (1 << bits) - 1
    if bits == 8:
        pixels = picture().astype(np.uint8)
    else:
        pixels = np.rint(ds.pixel_array.astype(float) * most / 4095).astype(np.uint16)
    if inverted:
        pixels = most - pixels
        ds.PhotometricInterpretation, ds.PresentationLUTShape = "MONOCHROME1", "INVERSE"
    put(ds, pixels, bits)
    if window == "window":
        ds.WindowCenter, ds.WindowWidth = (most + 1) / 2, most + 1
    if window == "table":
        ds.VOILUTSequence = [table(most)]
    return ds


def put(ds: Dataset, pixels: NDArray[Any], bits: int | None = None) -> Dataset:
    """Store these pixels."""
    ds.Rows, ds.Columns = pixels.shape[:2]
    ds.BitsAllocated = 8 * pixels.itemsize
    ds.BitsStored = bits or ds.BitsAllocated
    ds.HighBit = ds.BitsStored - 1
    if pixels.ndim == 3:
        ds.SamplesPerPixel, ds.PlanarConfiguration = 3, 0
        ds.PhotometricInterpretation = "RGB"
    data = np.ascontiguousarray(pixels).tobytes()
    ds.PixelData = data + b"\0" * (len(data) % 2)
    ds["PixelData"].VR = "OB" if pixels.itemsize == 1 else "OW"
    return ds


def table(most: int) -> Dataset:
    """A table that changes nothing: as many greys as values, or as a table can have."""
    item = Dataset()
    entries = np.rint(np.arange(most + 1) * (65535 / most)).astype("<u2")
    item["LUTDescriptor"] = DataElement("LUTDescriptor", "US", [(most + 1) % 65536, 0, 16])
    item["LUTData"] = DataElement("LUTData", "OW", entries.tobytes())
    return item


def written(ds: Dataset, syntax: str, folder: Path) -> Instance:
    """The data set as a file in a transfer syntax."""
    path = folder / f"{syntax}.dcm"
    if syntax in TRANSFER_SYNTAXES:
        encode([ds], syntax)
    elif syntax == "deflated":
        ds.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    elif syntax == "big-endian":
        _swap(ds)
    ds.save_as(path, enforce_file_format=True)
    if syntax == "jpeg-lossless":
        _jpeg_lossless(path)
    return stored([path]).instances[0]


def stored(paths: Sequence[Path]) -> Study:
    """Files as a study, with next to nothing in its index."""
    return study(paths)


def study_of(datasets: Sequence[Dataset], folder: Path) -> Study:
    """Data sets as a study; each is written to a file."""
    paths = []
    for number, ds in enumerate(datasets):
        paths.append(folder / f"{number:03}")
        ds.save_as(paths[-1], enforce_file_format=True)
    return stored(paths)


def seen(ds: Dataset, folder: Path, frame: int | None = None) -> Radiograph:
    """What is read of it once it is on disk."""
    return read(study_of([ds], folder).instances[0], frame)


def _swap(ds: Dataset) -> None:
    ds.file_meta.TransferSyntaxUID = ExplicitVRBigEndian
    elements = [(ds, "PixelData"), *((item, "LUTData") for item in ds.get("VOILUTSequence", []))]
    for place, keyword in elements:
        if place[keyword].VR == "OW":
            words = np.frombuffer(place[keyword].value, "<u2")
            place[keyword].value = words.astype(">u2").tobytes()


def _jpeg_lossless(path: Path) -> None:
    reader = gdcm.ImageReader()
    reader.SetFileName(str(path))
    assert reader.Read()
    change = gdcm.ImageChangeTransferSyntax()
    change.SetTransferSyntax(gdcm.TransferSyntax(gdcm.TransferSyntax.JPEGLosslessProcess14_1))
    change.SetInput(reader.GetImage())
    assert change.Change()
    writer = gdcm.ImageWriter()
    writer.SetFileName(str(path))
    writer.SetFile(reader.GetFile())
    writer.SetImage(change.GetOutput())
    assert writer.Write()
    assert dcmread(path).file_meta.TransferSyntaxUID.endswith("1.2.4.70")
