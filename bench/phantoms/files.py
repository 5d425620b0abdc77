"""Phantoms in other transfer syntaxes and as files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from pydicom import Dataset
from pydicom.pixels.utils import pixel_array
from pydicom.uid import (
    UID,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGLSLossless,
    RLELossless,
)

TRANSFER_SYNTAXES: Mapping[str, UID] = {
    "native": ExplicitVRLittleEndian,
    "implicit": ImplicitVRLittleEndian,
    "rle": RLELossless,
    "jpeg-ls": JPEGLSLossless,
    "jpeg2000": JPEG2000Lossless,
}
"""The ones that pydicom can write, by the names of the command line."""


def encode(datasets: Iterable[Dataset], transfer_syntax: str) -> list[Dataset]:
    """Put data sets into a transfer syntax by its short name, in place, without loss."""
    syntax = TRANSFER_SYNTAXES[transfer_syntax]
    made = list(datasets)
    for ds in made:
        if syntax.is_encapsulated:
            _compress(ds, syntax)
        else:
            ds.file_meta.TransferSyntaxUID = syntax
    return made


def _compress(ds: Dataset, syntax: UID) -> None:
    """Compress; JPEG 2000 has its own reversible colours and the others keep RGB."""
    pixels = pixel_array(ds)  # RGB, whatever YBR it was
    if ds.PhotometricInterpretation.startswith("YBR"):
        ds.PhotometricInterpretation = "RGB"
    if ds.SamplesPerPixel == 3 and syntax == JPEG2000Lossless:
        ds.PhotometricInterpretation = "YBR_RCT"
    ds.compress(syntax, pixels, generate_instance_uid=False)


def write(datasets: Iterable[Dataset], folder: Path) -> list[Path]:
    """Write each data set as a file named by its kind of image and number; say where."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for ds in datasets:
        series = str(ds.SeriesInstanceUID)[-6:]
        path = folder / f"{ds.Modality}-{series}-{int(ds.InstanceNumber):05}.dcm"
        ds.save_as(path, enforce_file_format=True)
        paths.append(path)
    return paths
