"""Pictures that a pipeline drew, as files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bench.phantoms import dx_extremity, us_thyroid
from pipelines.contract import Raster, Rendered
from results.captures.images import build_images
from results.context import NotMade
from tests.integration.results.captures import bare, read
from tests.integration.results.drawn import places


@pytest.mark.parametrize("colour", [False, True])
def test_pictures_of_a_pipeline_are_captured(colour: bool, tmp_path: Path) -> None:
    """Its pixels are untouched, over a strip that says what they are."""
    datasets = us_thyroid(size=64)
    rng = np.random.default_rng(1)
    array = rng.integers(0, 256, (60, 80, 3) if colour else (60, 80), dtype=np.uint8)
    picture = Rendered(of=places(datasets)[0], raster=Raster.of(array), caption="A µ-curve")
    (ds,) = build_images(bare(datasets, pictures=(picture,)))
    back = read(ds, tmp_path)
    assert (back.pixel_array[:60] == (array if colour else array[..., None])).all()
    assert back.Rows > 60
    assert (back.pixel_array[60:] > 200).any()
    assert back.ImageComments == "A µ-curve" or back.ImageComments.startswith("A ")
    assert back.BurnedInAnnotation == "YES"


def test_what_a_pipeline_drew_is_never_called_free_of_names(tmp_path: Path) -> None:
    """Nobody looked at its pixels, so there is no NO, even where the source has one."""
    datasets = dx_extremity(size=64)
    picture = Rendered(
        of=places(datasets)[0], raster=Raster.of(np.zeros((9, 9), np.uint8)), caption="x"
    )
    (ds,) = build_images(bare(datasets, pictures=(picture,)))
    assert "BurnedInAnnotation" not in read(ds, tmp_path)


def test_no_pictures_give_a_reason() -> None:
    """Most pipelines draw none."""
    datasets = dx_extremity(size=64)
    with pytest.raises(NotMade, match="drew no pictures"):
        build_images(bare(datasets))
