"""Views as they come of looking, and the outlines on them."""

from __future__ import annotations

from typing import Any

import numpy as np

from pipelines.contract import Raster, Reference
from pipelines.thyroid.choosing import Choice, chosen
from pipelines.thyroid.judging import Judged, judged
from pipelines.thyroid.tracking import tracks
from pipelines.thyroid.viewing import Outline, Place, View

SIDE = 100


def disc(row: float, column: float, radius: float, wide: float = 1.0) -> Raster:
    """A round mask, or one that is wider than high."""
    y, x = np.mgrid[:SIDE, :SIDE] + 0.5
    return Raster.of(((y - row) / radius) ** 2 + ((x - column) / (radius * wide)) ** 2 <= 1)


def outline(
    probability: float, at: tuple[float, float] = (50, 50), radius: float = 15, **more: Any
) -> Outline:
    """A round nodule."""
    raster = disc(*at, radius)
    pixels = int(raster.array.sum())
    told: dict[str, Any] = {"score": 0.9, "features": {}, "share": pixels / SIDE**2, **more}
    return Outline(raster=raster, pixels=pixels, probability=probability, **told)


def view(*outlines: Outline, loop: int = 1, frame: int = 1, frames: int = 1, **more: Any) -> View:
    """A look at a frame; every one is another picture unless it is told."""
    rng = np.random.default_rng([loop, frame])
    one = Reference(
        SOPClassUID="1.2.3",
        SOPInstanceUID=f"1.2.3.{loop}",
        frame=frame if frames > 1 else None,
    )
    told: dict[str, Any] = {
        "reference": one,
        "laterality": None,
        "spacing": (0.2, 0.2),
        "probability": max((o.probability for o in outlines), default=0.1),
        "doubts": (),
        "activation": np.full((20, 20), 0.5, np.float32),
        "why_no_activation": "",
        "gated": True,
        "quality": 0.5,
        "sharpness": 1.0,
        "small": rng.integers(0, 255, (32, 32), np.uint8),
        **more,
    }
    place = Place(loop=loop, part=1, frame=frame)
    return View(place=place, frames=frames, outlines=outlines, **told)


def choice(*views: View, most: int = 3, threshold: float = 0.5) -> Choice:
    """Which of them are kept."""
    return chosen(views, tracks(views), most, threshold)


def judge(*views: View, most: int = 3, unread: int = 0) -> Judged:
    """What they come to."""
    return judged(choice(*views, most=most), 0.5, len(views), unread)
