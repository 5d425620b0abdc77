"""Pictures with colour or text: ultrasound, a photograph of a face, a captured screen."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from pydicom import Dataset
from pydicom.pixels.processing import convert_color_space
from pydicom.uid import (
    SecondaryCaptureImageStorage,
    UltrasoundImageStorage,
    UltrasoundMultiFrameImageStorage,
    VLPhotographicImageStorage,
)
from scipy import ndimage

from bench.phantoms.base import Floats, Phantom, Pixels, code
from bench.phantoms.draw import ellipse, grid, speckle, write_text

_FIELD_CM = 4.0


def us_thyroid(
    seed: int = 1,
    *,
    size: int = 384,
    frames: int = 1,
    colour: Literal["MONOCHROME2", "RGB", "YBR_FULL_422"] = "RGB",
    text: bool = True,
) -> list[Dataset]:
    """An ultrasound of a thyroid with a nodule, under a band of burned-in text.

    Several frames make a multi-frame instance in which the probe moves a little. Uncompressed
    YBR_FULL_422 is what older scanners send, though the standard has retired it for ultrasound.
    """
    phantom = Phantom(
        kind="us-thyroid" if frames == 1 else "us-thyroid-cine",
        seed=seed,
        patient="PHANTOM^THYROID",
        modality="US",
        SOPClassUID=UltrasoundImageStorage if frames == 1 else UltrasoundMultiFrameImageStorage,
        description="Thyroid",
    )
    band = size // 8
    stack = np.stack([_sonogram(phantom, size, band, frame, text) for frame in range(frames)])
    if colour != "MONOCHROME2":
        stack = np.repeat(stack[..., None], 3, axis=-1)
        stack[:, band + 4 : band + 12, 4:40] = (255, 128, 0)
    attributes = _us(size, band, colour, text)
    if frames > 1:
        attributes |= {"FrameTime": 40, "FrameIncrementPointer": 0x00181063}
    ds = phantom.instance(1, stack[0] if frames == 1 else stack, attributes)
    if colour == "YBR_FULL_422":
        ds.PixelData = _subsampled(stack)
        ds["PixelData"].VR = "OB"
    return [ds]


def photograph(seed: int = 1, *, size: int = 320) -> list[Dataset]:
    """A photograph of a drawn face."""
    phantom = Phantom(
        kind="photograph",
        seed=seed,
        patient="PHANTOM^FACE",
        modality="XC",
        SOPClassUID=VLPhotographicImageStorage,
        description="Face",
    )
    attributes: dict[str, Any] = {
        "ImageType": ["ORIGINAL", "PRIMARY"],
        "LossyImageCompression": "00",
        "BurnedInAnnotation": "NO",
        "RecognizableVisualFeatures": "YES",
        "PatientOrientation": ["L", "F"],
        "AcquisitionContextSequence": [],
        "Laterality": "",
        "AnatomicRegionSequence": [code("89545001", "SCT", "Face")],
    }
    return [phantom.instance(1, _face(phantom, size), attributes)]


def secondary_capture(seed: int = 1, *, size: int = 320) -> list[Dataset]:
    """A captured screen with a table of text on it."""
    phantom = Phantom(
        kind="secondary-capture",
        seed=seed,
        patient="PHANTOM^SCREEN",
        modality="OT",
        SOPClassUID=SecondaryCaptureImageStorage,
        description="Screen",
    )
    screen = np.full((size, size, 3), 24, dtype=np.uint8)
    screen[: size // 10] = (40, 60, 110)
    lines = ["PHANTOM^SCREEN", f"ID PHANTOM-{seed}", "Born 01.01.1970", "Area  12.3 cm2"]
    write_text(screen, lines, size // 8, size // 16, size // 16)
    attributes = {
        "ImageType": ["DERIVED", "SECONDARY"],
        "ConversionType": "WSD",
        "BurnedInAnnotation": "YES",
        "PatientOrientation": "",
        "Laterality": "",
    }
    return [phantom.instance(1, screen, attributes)]


def _subsampled(rgb: Pixels) -> bytes:
    """Luminance of every pixel, colour of every second (PS3.3 C.7.6.3.1.2, YBR_FULL_422)."""
    ybr = convert_color_space(rgb, "RGB", "YBR_FULL", per_frame=True)
    left, right = ybr[..., 0::2, :], ybr[..., 1::2, :]
    packed = np.stack([left[..., 0], right[..., 0], left[..., 1], left[..., 2]], axis=-1)
    return packed.tobytes()


def _sonogram(phantom: Phantom, size: int, band: int, frame: int, text: bool) -> Pixels:
    rng = np.random.default_rng([phantom.seed, frame])
    y, x = grid(size, size)
    drift = 0.01 * np.sin(frame / 3)
    echo: Floats = ndimage.gaussian_filter(_tissue(y, x, drift), 0.008 * size)
    grain = ndimage.gaussian_filter(rng.exponential(size=echo.shape), (0.7, 1.4))
    shown = np.clip(echo, 0.02, 1) * (grain / grain.mean()) ** 1.5 * (0.9 - 0.2 * y)
    sector = np.abs(x) < 0.75 + 0.2 * (y + 1) / 2
    image: Pixels = (np.clip(shown, 0.015, 1) * sector * 255).astype(np.uint8)
    image[:band] = 0
    if text:
        lines = ["PHANTOM^THYROID  01.01.1970  F", "PHANTOM CLINIC  02.01.2026 10:15"]
        write_text(image[:band], lines, 2, 6, max(8, band // 2 - 5))
    return image


def _tissue(y: Floats, x: Floats, drift: float) -> Floats:
    """How strongly layers, both lobes with a nodule, and the trachea between them echo."""
    depth = y + 0.12 * x**2
    echo = 0.3 - 0.12 * ((depth > -0.48) & (depth < -0.33)) - 0.12 * (depth > 0.5)
    for layer, strength in ((-0.62, 0.3), (-0.5, 0.25), (-0.32, 0.25), (0.5, 0.35)):
        echo += strength * np.exp(-(((depth - layer) / 0.025) ** 2))
    for side in (-1, 1):
        echo += 0.22 * ellipse(y, x, (0.05, side * 0.42 + drift), (0.36, 0.4))
    echo -= 0.27 * ellipse(y, x, (0.05, 0.45 + drift), (0.16, 0.2))
    return np.asarray(echo * (1 - 0.8 * ((np.abs(x - drift) < 0.14) & (y > 0))))


def _us(size: int, band: int, colour: str, text: bool) -> dict[str, Any]:
    region = Dataset()
    region.RegionSpatialFormat, region.RegionDataType, region.RegionFlags = 1, 1, 0
    region.RegionLocationMinX0, region.RegionLocationMinY0 = 0, band
    region.RegionLocationMaxX1, region.RegionLocationMaxY1 = size - 1, size - 1
    region.PhysicalUnitsXDirection = region.PhysicalUnitsYDirection = 3
    region.PhysicalDeltaX = region.PhysicalDeltaY = _FIELD_CM / size
    return {
        "ImageType": ["ORIGINAL", "PRIMARY", "SMALLPARTS", "0001"],
        "PhotometricInterpretation": colour,
        "SequenceOfUltrasoundRegions": [region],
        "BodyPartExamined": "THYROID",
        "BurnedInAnnotation": "YES" if text else "NO",
        "LossyImageCompression": "00",
        "PatientOrientation": "",
    }


def _face(phantom: Phantom, size: int) -> Pixels:
    y, x = grid(size, size)
    shape = phantom.rng.uniform(0.95, 1.05)
    face = np.full((size, size, 3), (110.0, 130.0, 150.0))

    def paint(mask: Any, rgb: tuple[float, float, float]) -> None:
        face[...] = face * (1 - mask[..., None]) + np.array(rgb) * mask[..., None]

    paint(ellipse(y, x, (-0.12, 0), (0.75, 0.58 * shape)), (70, 45, 30))
    paint(ellipse(y, x, (0.05, 0), (0.68, 0.5 * shape)), (224, 178, 150))
    for side in (-1, 1):
        paint(ellipse(y, x, (-0.26, side * 0.2), (0.025, 0.12)), (80, 50, 35))
        paint(ellipse(y, x, (-0.12, side * 0.2), (0.055, 0.1)), (250, 250, 250))
        paint(ellipse(y, x, (-0.12, side * 0.2), (0.05, 0.05)), (60, 40, 30))
    paint(ellipse(y, x, (0.1, 0), (0.16, 0.06)), (205, 155, 130))
    paint(ellipse(y, x, (0.38, 0), (0.05, 0.18)), (170, 70, 70))
    face += speckle(phantom.rng, face.shape, 3)
    pixels: Pixels = np.clip(face, 0, 255).astype(np.uint8)
    return pixels
