"""Pictures that are no X-rays of arms or legs, to see whether the model refuses them.

    python -m models.fracture.measuring.strangers --shared DIR --out build/strange
    dicom-node models eval fracture --index build/strange/index.csv --images build/strange \\
        --json build/strange.json

DIR is the folder of shared data; what it lacks is left out and said so. The model is to go by the
picture alone, so these are PNG files without a header.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from pydicom import dcmread
from pydicom.pixels.processing import apply_modality_lut, apply_voi_lut
from pydicom.uid import ImplicitVRLittleEndian
from torch.nn import functional

from models.evaluation import read_picture

Grey = NDArray[np.uint8]
ANGLES = 8
"""From how many sides the head is seen; the other half turn shows it mirrored."""


def _files(folder: Path, step: slice = slice(None)) -> Iterator[Grey]:
    yield from map(read_picture, sorted(folder.iterdir())[step])


def _slices(folder: Path, step: slice, others: Path, *names: str) -> Iterator[Grey]:
    """Some slices of a series, and single ones of other series."""
    yield from map(shown, sorted(folder.iterdir())[step])
    yield from _some(others, *names)


def _some(folder: Path, *names: str) -> Iterator[Grey]:
    yield from (shown(folder / name) for name in names)


def shown(path: Path) -> Grey:
    """A DICOM image in grey as it is meant to be seen, or from its darkest to its brightest."""
    ds = dcmread(path, force=True)
    if "TransferSyntaxUID" not in ds.file_meta:
        ds.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian
    stored = ds.pixel_array if ds.get("NumberOfFrames", 1) in (None, 1) else ds.pixel_array[0]
    values = apply_voi_lut(apply_modality_lut(stored, ds), ds)
    grey = _stretched(np.asarray(values, np.float64))
    return 255 - grey if ds.PhotometricInterpretation == "MONOCHROME1" else grey


def _stretched(values: NDArray[np.float64]) -> Grey:
    low, high = float(values.min()), float(values.max())
    return np.rint((values - low) * (255 / max(high - low, 1e-9))).astype(np.uint8)


def projections(path: Path) -> Iterator[Grey]:
    """X-rays computed of a head's CT: the whole of it, and jaw and neck, from several sides."""
    volume, (high, _, wide) = _volume(path)
    # Air weighs nothing and bone most, as on a plate; the scanner's own zero is that of air.
    weights = torch.from_numpy(volume).clamp(min=0)[:, None]
    for number in range(ANGLES):
        turn = torch.tensor(number * np.pi / ANGLES)
        turned = torch.stack([turn.cos(), -turn.sin(), turn * 0, turn.sin(), turn.cos(), turn * 0])
        grid = functional.affine_grid(
            turned.view(1, 2, 3).expand(len(weights), 2, 3), list(weights.shape), False
        )
        plate = functional.grid_sample(weights, grid, align_corners=False).sum(dim=2)[:, 0].flip(0)
        rows, columns = round(len(plate) * high * 2), round(plate.shape[1] * wide * 2)
        whole = functional.interpolate(plate[None, None], (rows, columns), mode="bicubic")[0, 0]
        for part in (whole, whole[rows // 2 :]):
            yield _stretched(part.double().numpy())


def _volume(path: Path) -> tuple[NDArray[np.float32], tuple[float, float, float]]:
    """The values of a NIfTI-1 file of 16 bits, slices from below first, and sizes in mm."""
    content = gzip.decompress(path.read_bytes())
    _, columns, rows, slices = np.frombuffer(content, "<i2", 4, 40).tolist()
    kind, begins = np.frombuffer(content, "<i2", 1, 70)[0], np.frombuffer(content, "<f4", 1, 108)[0]
    if kind != 4 or len(content) != int(begins) + 2 * columns * rows * slices:
        raise ValueError(f"{path} is no NIfTI file of 16-bit integers.")
    wide, deep, high = np.frombuffer(content, "<f4", 3, 80).tolist()
    stored = np.frombuffer(content, "<i2", offset=int(begins)).reshape(slices, rows, columns)
    return stored.astype(np.float32), (high, deep, wide)


KINDS: dict[str, Callable[[Path], Iterable[Grey]]] = {
    "skull X-ray": lambda shared: _files(shared / "skull/images"),
    "computed head X-ray": lambda shared: projections(shared / "head/ct_head.nii.gz"),
    "chest X-ray": lambda shared: _some(
        shared / "dicom",
        "fo-dicom/CR-MONO1-10-chest",
        "presidio_pseudoPHI/0_ORIGINAL_compressed.dcm",
    ),
    "trunk survey X-ray": lambda shared: _some(
        shared / "dicom", "fo-dicom/GH342.dcm", "presidio_pseudoPHI/2_ORIGINAL.dicom"
    ),
    "mammogram": lambda shared: _some(shared / "dicom", "fo-dicom/OutOfBoundsOverlay.dcm"),
    "CT slice": lambda shared: _slices(
        shared / "head/ct_gantry_tilt_dicom",
        slice(None, None, 3),
        shared / "dicom/fo-dicom",
        *("GH1308.dcm", "IM-0001-0001-0001.dcm", "CT1_J2KI", "CT-MONO2-16-ankle"),
    ),
    "MR slice": lambda shared: _slices(
        shared / "head/mr_t1_dicom",
        slice(40, 160, 12),
        shared / "dicom/fo-dicom",
        *("GH064.dcm", "mr_brucker.dcm"),
    ),
    "ultrasound": lambda shared: _files(shared / "thyroid/images", slice(None, None, 8)),
    "photograph": lambda shared: _files(shared / "photos"),
}
"""What there is of each kind; the head's projections are of one person, frames of one machine."""


def write(shared: Path, out: Path) -> list[str]:
    """Write pictures and index; gives the kinds of which there is nothing."""
    out.mkdir(parents=True, exist_ok=True)
    lines, missing = [], []
    for kind, pictures in KINDS.items():
        try:
            found = list(pictures(shared))
        except FileNotFoundError:
            missing.append(kind)
            continue
        for number, grey in enumerate(found):
            name = f"{kind.replace(' ', '-').lower()}-{number:03}.png"
            Image.fromarray(grey).save(out / name)
            lines.append((name, "", kind))
    with (out / "index.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("file", "label", "kind"), *lines])
    return missing


def main(arguments: Sequence[str] | None = None) -> int:
    """Write them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shared", type=Path, required=True, metavar="DIR")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")
    chosen = parser.parse_args(arguments)
    missing = write(chosen.shared, chosen.out)
    for kind in missing:
        print(f"Left out, as its pictures are not in {chosen.shared}: {kind}.", file=sys.stderr)
    return 1 if len(missing) == len(KINDS) else 0


if __name__ == "__main__":
    sys.exit(main())
