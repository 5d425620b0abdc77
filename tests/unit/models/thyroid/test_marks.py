"""Words, calipers and boxes are taken out of ultrasound pictures; what is echo stays."""

from __future__ import annotations

import csv
import io
import time
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from models.thyroid.marks import filled, marked
from models.thyroid.sight import seen
from tests.unit.models.thyroid.test_sector import speckle

Picture = NDArray[np.uint8]
Mask = NDArray[np.bool_]
Colour = tuple[int, int, int]

WHITE, YELLOW, GREEN = (255, 255, 255), (255, 255, 0), (0, 255, 0)
PALE, SILVER = (230, 230, 230), (200, 200, 200)
FONTS = Path(__file__).parents[4] / "results/fonts"
DATA = Path(__file__).parents[5] / "shared/data/thyroid"


def without_marks(picture: Picture) -> Picture:
    """Its greys, as a network sees them where all of it is echoes."""
    return filled(*marked(picture))


def plain() -> Picture:
    """Echoes in a black border, in red, green and blue."""
    grey = np.zeros((360, 560), np.uint8)
    grey[20:300, 90:470] = speckle(280, 380)
    return np.repeat(grey[..., None], 3, axis=2)


def written(
    picture: Picture, words: str, size: int, colour: Colour, at: tuple[int, int], kind: str = ""
) -> tuple[Picture, Mask]:
    """The picture with words in it, with an outline or in a box; and where they are."""
    bold = ImageFont.truetype(str(FONTS / "DejaVuSans-Bold.ttf"), size)
    font = bold if kind == "bold" else ImageFont.load_default(size)
    image, where = Image.fromarray(picture), Image.new("L", picture.shape[1::-1])
    edge = 1 if kind == "outline" else 0
    if kind == "box":
        left, top, right, bottom = ImageDraw.Draw(image).textbbox(at, words, font)
        for canvas, fill in ((image, 0), (where, 255)):
            ImageDraw.Draw(canvas).rectangle((left - 3, top - 3, right + 3, bottom + 3), fill)
    ImageDraw.Draw(image).text(at, words, colour, font, stroke_width=edge, stroke_fill=(0, 0, 0))
    ImageDraw.Draw(where).text(at, words, 255, font, stroke_width=edge, stroke_fill=255)
    return np.array(image), np.array(where) > 40


def compressed(picture: Picture, quality: int) -> Picture:
    """As it is after it was stored as a JPEG."""
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "JPEG", quality=quality)
    return np.array(Image.open(file))


@pytest.mark.parametrize("quality", [75, 95])
@pytest.mark.parametrize("kind", ["", "bold", "outline", "box"])
@pytest.mark.parametrize("colour", [WHITE, PALE, SILVER, YELLOW, GREEN])
@pytest.mark.parametrize("size", [11, 20, 48])
def test_words_leave_no_trace(size: int, colour: Colour, kind: str, quality: int) -> None:
    """Small and large, of every colour, outlined or in a box: nothing of them is to be read."""
    picture = plain()
    marred, where = written(picture, "TIRADS 5", size, colour, (150, 120), kind)
    before = without_marks(compressed(picture, quality)).astype(np.int16)
    after = without_marks(compressed(marred, quality)).astype(np.int16)
    assert np.abs(after - before)[where].mean() < 42
    assert abs((after - before)[where].mean()) < 22
    assert np.abs(after - before)[~where].mean() < 1


@pytest.mark.parametrize("at", [(2, 2), (60, 150), (380, 10), (400, 285), (200, 340)])
def test_words_anywhere_leave_the_sector_where_it_is(at: tuple[int, int]) -> None:
    """In a corner, over the border of the echoes, below them."""
    picture = plain()
    marred, _ = written(picture, "TIRADS 2", 30, WHITE, at)
    before, after = seen(picture), seen(compressed(marred, 85))
    assert before is not None
    assert after is not None
    pairs = zip(vars(before.sector).values(), vars(after.sector).values(), strict=True)
    assert max(abs(one - other) for one, other in pairs) <= 2


def test_calipers_are_taken_out() -> None:
    """Crosses, white or coloured, each alone."""
    picture = plain()
    marred, where = picture.copy(), np.zeros((360, 560), np.bool_)
    for row, column in ((80, 160), (200, 300), (130, 400)):
        where[row - 6 : row + 7, column] = where[row, column - 6 : column + 7] = True
    marred[where] = 255
    after = without_marks(marred).astype(np.int16)
    assert np.abs(after - without_marks(picture))[where].mean() < 42


def test_it_does_not_matter_whether_words_were_blackened() -> None:
    """A box over what was written shows the same as the writing."""
    picture = plain()
    marred, where = written(picture, "TIRADS 5", 24, WHITE, (200, 150))
    rows, columns = (np.flatnonzero(where.any(axis=axis)) for axis in (1, 0))
    box = (slice(rows[0] - 2, rows[-1] + 3), slice(columns[0] - 2, columns[-1] + 3))
    black = picture.copy()
    black[box] = 0
    one, other = (without_marks(compressed(each, 85)).astype(np.int16) for each in (marred, black))
    assert np.abs(one - other).mean() < 0.5
    assert one[box].mean() == pytest.approx(other[box].mean(), abs=12)


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5])
def test_bright_specks_stay(size: int) -> None:
    """Calcifications are what is looked for: not one of sixty is taken for a mark."""
    grey = plain()
    rng = np.random.default_rng(size)
    spots = np.zeros(grey.shape[:2], np.bool_)
    for row, column in zip(rng.integers(30, 280, 60), rng.integers(100, 450, 60), strict=True):
        spots[row : row + size, column : column + size] = True
    grey[spots] = 250
    assert (without_marks(grey)[spots] == 250).mean() > 0.98


def test_bright_interfaces_and_round_cysts_stay() -> None:
    """A capsule that runs across, and the black of a cyst or a vessel, are anatomy."""
    grey = plain()[..., 0]
    y, x = np.mgrid[:360, :560]
    for row, column, radius in ((100, 200, 6), (180, 300, 12), (220, 420, 30)):
        grey[((y - row) / 0.8) ** 2 + (x - column) ** 2 < radius**2] = 2
    grey[(np.abs(y - 60 - 12 * np.sin(x / 60)) < 3) & (x > 95) & (x < 460)] = 240
    assert (without_marks(grey) == grey).mean() > 0.999


def test_nothing_is_found_in_plain_echoes() -> None:
    """A picture without marks is given back as it is."""
    picture = plain()
    assert (without_marks(picture) == without_marks(picture[..., 0])).all()
    assert not marked(picture)[1].any()


def test_the_colour_of_tinted_echoes_is_no_mark() -> None:
    """Some scanners show all echoes in amber."""
    amber = (plain() * np.array([1.0, 0.75, 0.4])).astype(np.uint8)
    assert not marked(amber)[1].any()


def test_what_is_hidden_is_as_what_is_around_it() -> None:
    """Smooth, whatever its size; a picture that is hidden altogether stays as it is."""
    ramp = np.repeat(np.arange(200, dtype=np.uint8)[None], 120, axis=0)
    hidden = np.zeros(ramp.shape, np.bool_)
    hidden[30:90, 50:121] = hidden[10:13, 150:190] = True
    marred = np.where(hidden, 255, ramp).astype(np.uint8)
    assert np.abs(filled(marred, hidden).astype(np.int16) - ramp).max() < 25
    assert (filled(marred, np.ones_like(hidden)) == marred).all()


@pytest.mark.parametrize("shape", [(1, 1), (2, 300), (17, 5)])
def test_the_smallest_pictures_are_no_error(shape: tuple[int, int]) -> None:
    """They are given back in their own size."""
    picture = np.random.default_rng(0).integers(0, 256, (*shape, 3)).astype(np.uint8)
    assert without_marks(picture).shape == shape


@pytest.mark.timeout(60)
def test_no_picture_takes_long() -> None:
    """Noise, and pages full of text, are no reason to stop for long."""
    page = Image.new("L", (1600, 1200))
    for row in range(0, 1200, 12):
        ImageDraw.Draw(page).text((0, row), "TIRADS 5 (4C) 12.05.2021 " * 14, 255)
    noise = np.random.default_rng(0).integers(0, 256, (1200, 1600)).astype(np.uint8)
    for picture in (np.array(page), noise, np.kron(noise[::12, ::12], np.ones((12, 12), np.uint8))):
        start = time.perf_counter()
        without_marks(picture)
        assert time.perf_counter() - start < 10


@pytest.fixture(scope="module")
def frames() -> list[tuple[Picture, Mask]]:
    """Some real frames and the nodules in them."""
    if not DATA.exists():
        pytest.skip("needs ../shared/data/thyroid")
    with (DATA / "index.csv").open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["mask"]][::13]
    return [
        (
            np.array(Image.open(DATA / "images" / row["file"]).convert("RGB")),
            np.array(Image.open(DATA / "masks" / row["mask"]).convert("L")) > 127,
        )
        for row in rows
    ]


def test_next_to_nothing_of_real_echoes_is_taken(frames: list[tuple[Picture, Mask]]) -> None:
    """Less than a hundredth of most frames, and nothing of nodules but calipers on few."""
    shares, nodules = [], []
    for picture, nodule in frames:
        _, drawn = marked(picture)
        sight = seen(picture)
        assert sight is not None
        shares.append(drawn[sight.sector.slices].mean())
        nodules.append(drawn[nodule].mean())
    assert np.median(shares) < 0.003
    assert np.percentile(shares, 95) < 0.015
    assert np.mean(np.array(nodules) > 0) < 0.3
    assert np.mean(nodules) < 0.01


@pytest.mark.parametrize("colour", [WHITE, PALE, YELLOW])
def test_words_in_real_echoes_are_not_to_be_read(
    frames: list[tuple[Picture, Mask]], colour: Colour
) -> None:
    """Over echoes of every kind, near the border and over nodules, and the sector stays."""
    rng = np.random.default_rng(1)
    moved, shifts = [], []
    for picture, _ in frames:
        at = int(rng.integers(60, 350)), int(rng.integers(15, 260))
        marred, where = written(picture, "TIRADS 5", int(rng.integers(12, 50)), colour, at)
        before, after = seen(compressed(picture, 85)), seen(compressed(marred, 85))
        assert before is not None
        assert after is not None
        one, other = (sight.over_picture(sight.grey).astype(float) for sight in (before, after))
        moved.append(np.abs(one - other)[where].mean())
        pairs = zip(vars(before.sector).values(), vars(after.sector).values(), strict=True)
        shifts.append(max(abs(left - right) for left, right in pairs))
    assert np.median(moved) < 25
    assert np.percentile(moved, 90) < 50
    assert max(shifts) <= 2
