"""Slices through a head, as CT and as MR."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np
from pydicom import Dataset
from pydicom.uid import CTImageStorage, MRImageStorage

from bench.phantoms.base import Floats, Phantom, Pixels
from bench.phantoms.draw import ellipse, grid, speckle


def ct_head(
    seed: int = 1,
    *,
    size: int = 256,
    slices: int = 24,
    spacing: float = 5.0,
    gap_after: int | None = None,
    duplicate: int | None = None,
    tilt: float = 0.0,
    missing: Collection[int] = (),
) -> list[Dataset]:
    """An axial CT of a head.

    Slices are numbered from 1. After `gap_after` one slice's room is left empty; `duplicate` is
    followed by another at its place; `missing` ones are not there; `tilt` turns the gantry, in
    degrees.
    """
    phantom = Phantom(
        kind="ct-head",
        seed=seed,
        patient="PHANTOM^HEAD",
        modality="CT",
        SOPClassUID=CTImageStorage,
        description="Head axial",
    )
    made = []
    place = 0
    for number in range(1, slices + 1):
        along = place / max(1, slices - 1)
        attributes = _ct(size, place * spacing, spacing, tilt)
        if number not in missing:
            pixels = _hounsfield(phantom, size, along, number)
            made.append(phantom.instance(number, pixels, attributes))
        if number != duplicate:
            place += 2 if number == gap_after else 1
    for ds in made:
        ds.FrameOfReferenceUID = phantom.uid("frame of reference")
    return made


def mr_head(
    seed: int = 1, *, size: int = 192, slices: int = 24, spacing: float = 4.0
) -> list[Dataset]:
    """A T1-weighted axial MR of a head."""
    phantom = Phantom(
        kind="mr-head",
        seed=seed,
        patient="PHANTOM^BRAIN",
        modality="MR",
        SOPClassUID=MRImageStorage,
        description="Head T1 axial",
    )
    made = []
    for number in range(1, slices + 1):
        skull, brain, ventricles, eyes = _anatomy(size, (number - 1) / max(1, slices - 1))
        signal = 500 * skull + 150 * brain - 420 * ventricles - 200 * eyes
        signal += np.abs(speckle(_slice_noise(phantom, number), signal.shape, 18))
        pixels = np.clip(signal, 0, 4095).astype(np.uint16)
        made.append(phantom.instance(number, pixels, _mr(size, (number - 1) * spacing, spacing)))
    for ds in made:
        ds.FrameOfReferenceUID = phantom.uid("frame of reference")
    return made


def _slice_noise(phantom: Phantom, number: int) -> np.random.Generator:
    return np.random.default_rng([phantom.seed, number])


def _anatomy(size: int, along: float) -> tuple[Floats, Floats, Floats, Floats]:
    """Head, brain, ventricles and eyes at a height from chin (0) to vertex (1)."""
    y, x = grid(size, size)
    width = float(np.sqrt(max(0.05, 1 - (1.7 * along - 0.75) ** 2)))
    head = ellipse(y, x, (0.0, 0.0), (0.85 * width, 0.66 * width))
    nose = ellipse(y, x, (-0.85 * width, 0.0), (0.1, 0.06)) if along < 0.4 else 0 * head
    brain = ellipse(y, x, (0.02, 0.0), (0.75 * width, 0.57 * width))
    ventricles, eyes = 0 * head, 0 * head
    for side in (-1, 1):
        if 0.45 < along < 0.75:
            ventricles += ellipse(y, x, (0.0, side * 0.09), (0.25, 0.06))
        if 0.3 < along < 0.45:
            eyes += ellipse(y, x, (-0.6 * width, side * 0.28 * width), (0.11, 0.11))
    return np.maximum(head, nose), brain, ventricles, eyes


def _hounsfield(phantom: Phantom, size: int, along: float, number: int) -> Pixels:
    head, brain, ventricles, eyes = _anatomy(size, along)
    y, x = grid(size, size)
    values = -1000 + 1040 * head
    values += 800 * np.clip(head - brain, 0, 1) * (1 - np.clip(np.abs(y) - 0.9, 0, 1))
    values += -5 * brain - 25 * ventricles - 30 * eyes
    values += 0 * x + speckle(_slice_noise(phantom, number), values.shape, 6)
    return np.clip(values, -1024, 3071).astype(np.int16)


def _ct(size: int, z: float, spacing: float, tilt: float) -> dict[str, Any]:
    turn = np.radians(tilt)
    field = 250.0
    return {
        "ImageType": ["ORIGINAL", "PRIMARY", "AXIAL"],
        "BodyPartExamined": "HEAD",
        "PatientPosition": "HFS",
        "PositionReferenceIndicator": "OM",
        "ImagePositionPatient": [-field / 2, -field / 2, round(z, 4)],
        "ImageOrientationPatient": [
            1,
            0,
            0,
            0,
            round(float(np.cos(turn)), 6),
            round(float(np.sin(turn)), 6),
        ],
        "PixelSpacing": [field / size] * 2,
        "SliceThickness": spacing,
        "GantryDetectorTilt": tilt,
        "KVP": 120,
        "AcquisitionNumber": 1,
        "RescaleIntercept": 0,
        "RescaleSlope": 1,
        "RescaleType": "HU",
        "WindowCenter": 40,
        "WindowWidth": 100,
        "BurnedInAnnotation": "NO",
    }


def _mr(size: int, z: float, spacing: float) -> dict[str, Any]:
    field = 240.0
    return {
        "ImageType": ["ORIGINAL", "PRIMARY", "M", "SE"],
        "BodyPartExamined": "HEAD",
        "PatientPosition": "HFS",
        "PositionReferenceIndicator": "",
        "ImagePositionPatient": [-field / 2, -field / 2, round(z, 4)],
        "ImageOrientationPatient": [1, 0, 0, 0, 1, 0],
        "PixelSpacing": [field / size] * 2,
        "SliceThickness": spacing,
        "SpacingBetweenSlices": spacing,
        "ScanningSequence": "SE",
        "SequenceVariant": "NONE",
        "ScanOptions": "",
        "MRAcquisitionType": "2D",
        "RepetitionTime": 500,
        "EchoTime": 15,
        "EchoTrainLength": 1,
        "MagneticFieldStrength": 1.5,
        "AcquisitionNumber": 1,
        "WindowCenter": 350,
        "WindowWidth": 700,
        "BitsStored": 12,
        "BurnedInAnnotation": "NO",
    }
