"""The rectangle around the echoes is found, whatever stands beside it."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import ndimage

from models.thyroid.sector import Sector, found

Grey = NDArray[np.uint8]


def speckle(rows: int, columns: int, seed: int = 0) -> Grey:
    """Echoes as scanners show them: wider across the beam than along it."""
    noise = np.random.default_rng(seed).standard_normal((rows, columns))
    smooth = ndimage.gaussian_filter(noise, (1, 2.2))
    grey: Grey = (85 + 24 * smooth / smooth.std()).clip(10, 215).astype(np.uint8)
    return grey


def screen(rows: int, columns: int, *images: Sector) -> Grey:
    """A black screen with echoes in it."""
    picture = np.zeros((rows, columns), np.uint8)
    for number, image in enumerate(images):
        picture[image.slices] = speckle(
            image.bottom - image.top, image.right - image.left, seed=number
        )
    return picture


@pytest.mark.parametrize("shape", [(240, 320), (360, 560), (768, 1024), (1200, 1600)])
def test_the_image_is_found_on_screens_of_any_size(shape: tuple[int, int]) -> None:
    """To the pixel or two."""
    rows, columns = shape
    image = Sector(rows // 12, columns // 6, rows * 5 // 6, columns * 4 // 5)
    assert shifted(found(screen(rows, columns, image)), image) <= 2


def shifted(found: Sector | None, true: Sector) -> int:
    """By how many pixels the side that is furthest off is off."""
    assert found is not None
    pairs = zip(vars(found).values(), vars(true).values(), strict=True)
    return max(abs(int(one - other)) for one, other in pairs)


def test_two_images_side_by_side_are_in_one_rectangle() -> None:
    """A scanner's split screen is seen whole."""
    left, right = Sector(30, 40, 300, 270), Sector(30, 285, 300, 520)
    assert shifted(found(screen(360, 560, left, right)), Sector(30, 40, 300, 520)) <= 2


def test_a_fan_is_inside_the_rectangle() -> None:
    """Of a convex probe's image the wide part counts, however narrow its tip."""
    y, x = np.mgrid[:480, :640]
    far, angle = np.hypot(y + 60, x - 320), np.abs(np.arctan2(x - 320, y + 60))
    fan = (far > 110) & (far < 480) & (angle < 0.55)
    image = found(np.where(fan, speckle(480, 640), 0).astype(np.uint8))
    assert image is not None
    assert fan[image.slices].sum() > 0.93 * fan.sum()


def test_scales_and_small_pictures_beside_it_are_left_out() -> None:
    """A grey wedge, a body mark and ticks are no echoes."""
    image = Sector(20, 90, 300, 470)
    picture = screen(360, 560, image)
    picture[150:230, 8:20] = np.linspace(255, 40, 80, dtype=np.uint8)[:, None]
    picture[325:350, 480:530] = 200
    picture[20:300:40, 84:87] = 255
    assert shifted(found(picture), image) <= 2


def test_what_is_hidden_neither_widens_nor_shifts_it() -> None:
    """Words over a border count as image only where image is on both sides of them."""
    image = Sector(20, 90, 300, 470)
    picture = screen(360, 560, image)
    hidden = np.zeros(picture.shape, np.bool_)
    hidden[60:100, 380:540] = hidden[0:45, 150:300] = hidden[150:190, 60:500] = True
    picture[hidden] = 130
    assert shifted(found(picture, hidden), image) <= 2


def test_a_bar_across_does_not_cut_the_image() -> None:
    """What is left above a black bar is image too."""
    image = Sector(20, 90, 300, 470)
    picture = screen(360, 560, image)
    picture[60:100] = 0
    assert shifted(found(picture), image) <= 2


@pytest.mark.parametrize("grey", [0, 5, 128, 255])
def test_a_blank_picture_has_no_image(grey: int) -> None:
    """Neither has one of a single grey."""
    assert found(np.full((360, 560), grey, np.uint8)) is None


def test_words_alone_are_no_image() -> None:
    """A screen with a few small bright things is not taken for echoes."""
    picture = np.zeros((360, 560), np.uint8)
    picture[100:110, 100:200:12] = picture[300:318, 20:90] = 255
    assert found(picture) is None


@pytest.mark.parametrize("shape", [(1, 1), (3, 400), (20, 20)])
def test_the_smallest_pictures_are_no_error(shape: tuple[int, int]) -> None:
    """Whether there is something to be found in them or not."""
    image = found(np.random.default_rng(0).integers(0, 256, shape).astype(np.uint8))
    assert image is None or image.bottom <= shape[0]
