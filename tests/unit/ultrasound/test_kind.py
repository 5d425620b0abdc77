"""Plain B-mode is told from what is coloured, blank or no picture, by the pixels alone."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from pydicom import dcmread, examples

from pipelines.display import shown
from pipelines.ultrasound import kind
from pipelines.ultrasound.judging import BLANK, DOPPLER, ELASTOGRAM, LINES, PAGE
from tests.real import real
from tests.unit.ultrasound.stored import frame

Picture = NDArray[np.uint8]
HIGH, WIDE = 240, 320
SECTOR = (20, 40, 230, 280)


def echoes() -> Picture:
    """Speckle with a dark nodule in it, in black."""
    rng = np.random.default_rng(3)
    y, x = np.mgrid[0:HIGH, 0:WIDE]
    bright = np.where((y - 120) ** 2 + (x - 150) ** 2 < 40**2, 60, 110) + 30 * (y % 40 < 6)
    grey = (bright * rng.rayleigh(0.8, (HIGH, WIDE))).clip(0, 255).astype(np.uint8)
    picture = np.zeros((HIGH, WIDE, 3), np.uint8)
    top, left, bottom, right = SECTOR
    picture[top:bottom, left:right] = grey[top:bottom, left:right, None]
    return picture


def marked(picture: Picture) -> Picture:
    """With calipers, a dotted line, words, a logo, and a bar of colours beside the sector."""
    drawn = Image.fromarray(picture)
    pen = ImageDraw.Draw(drawn)
    for x, y in ((110, 120), (190, 120)):
        pen.line((x - 6, y, x + 6, y), fill=(255, 255, 0))
        pen.line((x, y - 6, x, y + 6), fill=(255, 255, 0))
    pen.line((110, 120, 190, 120), fill=(255, 255, 0))
    pen.text((50, 200), "LT LOBE TRANS TIRADS 4A", fill=(255, 160, 0))
    pen.ellipse((44, 24, 54, 34), fill=(0, 160, 255))
    for y in range(40, 140):
        pen.line((4, y, 14, y), fill=(y, 255 - y, 60))
    return np.array(drawn)


def tinted(picture: Picture) -> Picture:
    """In sepia."""
    return np.asarray(picture * np.array([1.0, 0.8, 0.55]), np.uint8)


def candle(picture: Picture) -> Picture:
    """From black over red and yellow to white, a map some scanners offer."""
    grey = picture[..., 0].astype(int)
    return np.stack([grey * 2, grey * 2 - 128, grey * 4 - 765], axis=-1).clip(0, 255).astype("u1")


def lossy(picture: Picture) -> Picture:
    """After a screenshot was saved as JPEG."""
    from io import BytesIO

    out = BytesIO()
    Image.fromarray(picture).save(out, "JPEG", quality=60)
    return np.array(Image.open(out))


def flow(picture: Picture, size: int = 12) -> Picture:
    """With some vessels in red and blue."""
    drawn = Image.fromarray(picture)
    pen = ImageDraw.Draw(drawn)
    pen.ellipse((100, 80, 100 + size, 80 + 2 * size), fill=(200, 30, 0))
    pen.ellipse((180, 90, 180 + 2 * size, 90 + size), fill=(10, 60, 220))
    return np.array(drawn)


def power(picture: Picture) -> Picture:
    """With power Doppler, which has one hue."""
    drawn = Image.fromarray(picture)
    ImageDraw.Draw(drawn).ellipse((120, 100, 160, 130), fill=(230, 120, 0))
    return np.array(drawn)


def elastogram(picture: Picture) -> Picture:
    """With stiffness laid over most of it."""
    y, x = np.mgrid[0:HIGH, 0:WIDE]
    map_ = np.stack([255 * x / WIDE, 255 * y / HIGH, 255 - 255 * x / WIDE], axis=-1)
    mixed = picture.copy()
    mixed[30:220, 60:260] = (0.5 * picture + 0.5 * map_)[30:220, 60:260]
    return mixed


def words(picture: Picture) -> Picture:
    """A table of values on black."""
    drawn = Image.new("RGB", (WIDE, HIGH))
    for row in range(10, HIGH - 10, 14):
        ImageDraw.Draw(drawn).text((30, row), "PSV 34.2 cm/s   RI 0.62   PI 1.1", fill="white")
    return np.array(drawn)


PLAIN: list[Callable[[Picture], Picture]] = [
    np.copy,
    marked,
    tinted,
    candle,
    lossy,
    lambda picture: marked(tinted(picture)),
    lambda picture: lossy(marked(picture)),
    lambda picture: (picture // 3).astype(np.uint8),
]
OTHER: list[tuple[Callable[[Picture], Picture], str]] = [
    (flow, DOPPLER),
    (lambda picture: flow(tinted(picture)), DOPPLER),
    (lambda picture: lossy(flow(picture)), DOPPLER),
    (power, DOPPLER),
    (elastogram, ELASTOGRAM),
    (np.zeros_like, BLANK),
    (lambda picture: np.full_like(picture, 12), BLANK),
    (words, LINES),
    (lambda picture: np.full_like(picture, 255), PAGE),
]


@pytest.mark.parametrize("change", PLAIN)
@pytest.mark.parametrize("sectors", [(), (SECTOR,), ((20, 40, 230, 160), (20, 160, 230, 280))])
def test_plain_pictures_are_taken(
    change: Callable[[Picture], Picture], sectors: tuple[tuple[int, int, int, int], ...]
) -> None:
    """With a tint, marks, words and a bar of colours too, whether or not regions are known."""
    assert kind(frame(change(echoes()), *sectors)) == ""


@pytest.mark.parametrize(("change", "why"), OTHER)
@pytest.mark.parametrize("sectors", [(), (SECTOR,)])
def test_others_are_left_out_because(
    change: Callable[[Picture], Picture],
    why: str,
    sectors: tuple[tuple[int, int, int, int], ...],
) -> None:
    """Flow, stiffness, nothing to see, or no picture."""
    assert kind(frame(change(echoes()), *sectors)) == why


def test_colour_on_one_side_leaves_out_both() -> None:
    """A nodule is not to be looked for under an elastogram."""
    halves = (20, 40, 230, 100), (20, 100, 230, 280)
    assert kind(frame(elastogram(echoes()), *halves)) in (DOPPLER, ELASTOGRAM)


def test_a_side_that_is_still_empty_leaves_out_none() -> None:
    """A split screen of which one half is not yet filled."""
    assert kind(frame(echoes(), SECTOR, (20, 280, 230, 319))) == ""


@pytest.mark.parametrize(
    ("name", "why"), [("rgb_color", DOPPLER), ("jpeg2k", DOPPLER), ("ybr_color", "")]
)
def test_power_doppler_of_a_real_scanner_is_noticed(name: str, why: str) -> None:
    """Its yellow is brighter than any echo of the picture; pydicom brings these files along."""
    picture = shown(dcmread(examples.get_path(name)), 1)
    assert kind(frame(picture)) == why


def test_real_pictures_are_plain() -> None:
    """Some have calipers in yellow, none has flow."""
    pictures = sorted((real("thyroid") / "images").iterdir())[::12]
    found = {kind(frame(np.array(Image.open(path).convert("RGB")))) for path in pictures}
    assert found == {""}
