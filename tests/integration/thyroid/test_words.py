"""What is written beside the echoes and in their corners, or scrubbed there, changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from models.thyroid.measuring.words import written
from models.thyroid.sector import Sector
from models.thyroid.sight import seen
from pipelines.thyroid.pipeline import Thyroid
from tests.integration.thyroid.studies import Picture, chance, said, scan
from tests.real import ultrasounds

WITHIN = 0.02
WORDS, HEIGHT = "TIRADS 5", 0.05
Changed = Callable[[Picture, Sector, int], Picture]


@pytest.fixture(scope="module")
def frames() -> list[Picture]:
    """Eight of the real ones, picked blindly: six suspicious, two benign."""
    rng = np.random.default_rng(1)
    some = [
        [known[number] for number in sorted(rng.choice(len(known), count, replace=False))]
        for known, count in ((ultrasounds("1", 60), 6), (ultrasounds("0", 20), 2))
    ]
    return [*some[0], *some[1]]


@pytest.fixture(scope="module")
def plain(
    pipeline: Thyroid, frames: list[Picture], tmp_path_factory: pytest.TempPathFactory
) -> list[float]:
    """The probability of each as it is."""
    return [chance(said(pipeline, tmp_path_factory.mktemp("plain"), scan(one))) for one in frames]


def outside(picture: Picture, sector: Sector, number: int) -> Picture:
    """In the lower left of the screen, below the image."""
    return written(picture, WORDS, (0.0, float(len(picture))), HEIGHT, "white")


def inside(picture: Picture, sector: Sector, number: int) -> Picture:
    """In a corner of the image, another one on each frame."""
    part = picture[sector.slices]
    rows, columns = part.shape[:2]
    at = columns * float(number % 2), rows * float(number // 2 % 2)
    changed = picture.copy()
    changed[sector.slices] = written(part, WORDS, at, HEIGHT, ("white", "yellow")[number // 4 % 2])
    return changed


def scrubbed_outside(picture: Picture, sector: Sector, number: int) -> Picture:
    """Black boxes over the words that scanners burn in: beside the image and below it."""
    changed = picture.copy()
    changed[sector.bottom :] = 0
    changed[:, sector.right :] = 0
    return changed


def scrubbed_inside(picture: Picture, sector: Sector, number: int) -> Picture:
    """A black box over the words in the corner of the image."""
    changed = inside(picture, sector, number)
    rows, columns = np.nonzero((changed != picture).any(axis=-1))
    changed[rows.min() - 3 : rows.max() + 4, columns.min() - 3 : columns.max() + 4] = 0
    return changed


@pytest.mark.timeout(300)
@pytest.mark.parametrize("change", [outside, inside, scrubbed_outside, scrubbed_inside])
def test_words_where_scanners_write_move_nothing(
    pipeline: Thyroid,
    frames: list[Picture],
    plain: list[float],
    tmp_path: Path,
    change: Changed,
) -> None:
    """The probability of each of eight frames stays within 0.02."""
    found = []
    for number, picture in enumerate(frames):
        sight = seen(picture)
        assert sight is not None
        other = change(picture, sight.sector, number)
        assert (other != picture).any()
        found.append(chance(said(pipeline, tmp_path, scan(other))))
    assert found == pytest.approx(plain, abs=WITHIN)
