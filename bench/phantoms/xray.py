"""Radiographs: an extremity with bones, and a skull from the side."""

from __future__ import annotations

from typing import Any

import numpy as np
from pydicom import Dataset
from pydicom.uid import ComputedRadiographyImageStorage, DigitalXRayImageStorageForPresentation

from bench.phantoms.base import Floats, Phantom, Pixels, code
from bench.phantoms.draw import capsule, ellipse, grid, speckle

_REGIONS = {
    "HAND": ("85562004", "Hand"),
    "WRIST": ("74670003", "Wrist joint"),
    "FOREARM": ("14975008", "Forearm"),
    "ELBOW": ("16953009", "Elbow joint"),
    "ANKLE": ("70258002", "Ankle joint"),
    "FOOT": ("56459004", "Foot"),
    "KNEE": ("49076000", "Knee joint"),
}
_BITS = 12


def dx_extremity(
    seed: int = 1, *, size: int = 512, body_part: str = "HAND", fracture: bool = False
) -> list[Dataset]:
    """A digital radiograph of a limb: a hand has five rays, anything else two long bones."""
    phantom = Phantom(
        kind=f"dx-{body_part.lower()}",
        seed=seed,
        patient=f"PHANTOM^{body_part}",
        modality="DX",
        SOPClassUID=DigitalXRayImageStorageForPresentation,
        description=f"{body_part.title()} PA",
    )
    bones = _rays(phantom) if body_part in {"HAND", "FOOT"} else _long_bones(phantom)
    rows, columns = size, size * 3 // 4
    pixels = _radiograph(
        phantom, rows, columns, bones, _break(phantom, bones) if fracture else None
    )
    return [phantom.instance(1, pixels, _dx(body_part, size))]


def cr_skull(seed: int = 1, *, size: int = 512) -> list[Dataset]:
    """A computed radiograph of a skull from the side, with orbit, teeth and spine."""
    phantom = Phantom(
        kind="cr-skull",
        seed=seed,
        patient="PHANTOM^SKULL",
        modality="CR",
        SOPClassUID=ComputedRadiographyImageStorage,
        description="Skull lateral",
    )
    y, x = grid(size, size)
    head = ellipse(y, x, (-0.15, 0.05), (0.62, 0.7))
    inner = ellipse(y, x, (-0.15, 0.05), (0.57, 0.65))
    face = ellipse(y, x, (0.3, -0.35), (0.4, 0.3))
    depth = 0.35 * head + 0.45 * (head - inner).clip(0) + 0.3 * face
    depth -= 0.2 * ellipse(y, x, (0.12, -0.45), (0.1, 0.12))
    for tooth in range(6):
        depth += 0.3 * ellipse(y, x, (0.5, -0.58 + tooth * 0.06), (0.05, 0.022))
    for vertebra in range(4):
        depth += 0.3 * ellipse(y, x, (0.5 + vertebra * 0.14, 0.2), (0.055, 0.09))
    depth += speckle(phantom.rng, depth.shape, 0.012)
    pixels = _to_pixels(depth)
    attributes: dict[str, Any] = {
        "BodyPartExamined": "SKULL",
        "ViewPosition": "LL",
        "PatientOrientation": ["A", "F"],
        "ImagerPixelSpacing": [250 / size] * 2,
        "BitsStored": _BITS,
        "ImageType": ["ORIGINAL", "PRIMARY"],
        "BurnedInAnnotation": "NO",
        "WindowCenter": 2048,
        "WindowWidth": 4096,
        "AcquisitionNumber": 1,
    }
    return [phantom.instance(1, pixels, attributes)]


Bone = tuple[tuple[float, float], tuple[float, float], float]


def _rays(phantom: Phantom) -> list[Bone]:
    """Metacarpals and phalanges of five fingers, a little different for each seed."""
    bones: list[Bone] = []
    rng = phantom.rng
    for finger in range(5):
        angle = np.radians(-32 + finger * 15 + rng.uniform(-2, 2))
        reach = (0.55, 0.95, 1.0, 0.95, 0.8)[finger]
        for low, high, radius in ((0.05, 0.5, 0.05), (0.55, 0.78, 0.042), (0.82, 1.0, 0.034)):
            a, b = (
                (0.55 - part * reach * 1.2 * np.cos(angle), part * reach * 1.2 * np.sin(angle))
                for part in (low, high)
            )
            bones.append(((float(a[0]), float(a[1])), (float(b[0]), float(b[1])), radius))
    return [*bones, ((1.0, -0.12), (0.62, -0.1), 0.1), ((1.0, 0.14), (0.62, 0.12), 0.08)]


def _long_bones(phantom: Phantom) -> list[Bone]:
    lean = float(phantom.rng.uniform(-0.05, 0.05))
    return [((-0.95, -0.14), (0.95, -0.16 + lean), 0.13), ((-0.9, 0.2), (0.95, 0.2 + lean), 0.07)]


def _break(phantom: Phantom, bones: list[Bone]) -> Bone:
    """A thin oblique line across the middle of a bone."""
    start, end, radius = bones[6] if len(bones) > 6 else bones[0]
    middle = np.add(start, end) / 2
    along = np.subtract(end, start) / np.linalg.norm(np.subtract(end, start))
    turn = phantom.rng.uniform(0.6, 1.0)
    across = np.array([along[1], -along[0]]) * radius * 1.3
    slant = along * radius * 1.3 * (1 - turn)
    a, b = middle - across - slant, middle + across + slant
    return (float(a[0]), float(a[1])), (float(b[0]), float(b[1])), 0.012


def _radiograph(
    phantom: Phantom, rows: int, columns: int, bones: list[Bone], line: Bone | None
) -> Pixels:
    y, x = grid(rows, columns)
    depth = np.zeros((rows, columns))
    for start, end, radius in bones:
        rod = capsule(y, x, start, end, radius)
        marrow = capsule(y, x, start, end, radius * 0.6)
        flesh = capsule(y, x, start, end, radius * 2.4)
        depth = np.maximum(depth, 0.25 * flesh)
        depth = np.maximum(depth, (rod > 0) * (0.25 + 0.55 * rod**0.5 - 0.15 * marrow))
    if line is not None:
        depth -= 0.35 * capsule(y, x, *line) * (depth > 0.3)
    return _to_pixels(depth + speckle(phantom.rng, depth.shape, 0.012))


def _to_pixels(depth: Floats) -> Pixels:
    pixels: Pixels = (np.clip(0.05 + depth, 0, 1) * (2**_BITS - 1)).astype(np.uint16)
    return pixels


def _dx(body_part: str, size: int) -> dict[str, Any]:
    """The attributes of the DX modules (PS3.3 A.26)."""
    value, meaning = _REGIONS.get(body_part, ("66019005", "Extremity"))
    view = code("272479007", "SCT", "postero-anterior")
    view.ViewModifierCodeSequence = []
    return {
        "ImageType": ["ORIGINAL", "PRIMARY", ""],
        "PresentationIntentType": "FOR PRESENTATION",
        "BodyPartExamined": body_part,
        "AnatomicRegionSequence": [code(value, "SCT", meaning)],
        "ImageLaterality": "R",
        "ViewPosition": "PA",
        "ViewCodeSequence": [view],
        "PatientOrientation": ["L", "F"],
        "PositionerType": "",
        "DetectorType": "DIRECT",
        "DetectorConditionsNominalFlag": "YES",
        "DetectorID": "PHANTOM",
        "FieldOfViewShape": "RECTANGLE",
        "ImagerPixelSpacing": [200 / size] * 2,
        "PixelIntensityRelationship": "LOG",
        "PixelIntensityRelationshipSign": -1,
        "RescaleIntercept": 0,
        "RescaleSlope": 1,
        "RescaleType": "US",
        "PresentationLUTShape": "IDENTITY",
        "WindowCenter": 2048,
        "WindowWidth": 4096,
        "LossyImageCompression": "00",
        "BurnedInAnnotation": "NO",
        "RecognizableVisualFeatures": "NO",
        "AcquisitionContextSequence": [],
        "AcquisitionNumber": 1,
        "BitsStored": _BITS,
        "KVP": 55,
    }
