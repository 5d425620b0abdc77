"""Findings that cannot be true of their source are refused with a sentence."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from pydicom import Dataset

from bench.phantoms import ct_head, us_thyroid
from pipelines.contract import (
    Algorithm,
    Box,
    Classification,
    Concept,
    Contour,
    Findings,
    HeatMap,
    Mask,
    Presence,
    Raster,
    Reference,
    Region,
    Rejected,
    Shape,
)
from results.checks import check
from results.source import Source

THING = Concept(value="237495005", scheme="SCT", meaning="Thyroid nodule")
NOTHING = Findings(algorithm=Algorithm(name="a", version="1"), summary="", sources=())


@pytest.fixture(scope="module")
def cine() -> list[Dataset]:
    """One instance of three frames of 16 by 16 pixels."""
    return us_thyroid(size=16, frames=3, text=False)


@pytest.fixture(scope="module")
def slices() -> list[Dataset]:
    """Two instances of 16 rows and columns."""
    return ct_head(size=16, slices=2)


def on(ds: Dataset, frame: int | None = None) -> Reference:
    """A reference to an instance, or to a frame of it."""
    return Reference(SOPClassUID=ds.SOPClassUID, SOPInstanceUID=ds.SOPInstanceUID, frame=frame)


def found(*shapes: Shape) -> Findings:
    """One region of these shapes."""
    region = Region(tracking="r", type=THING, label="r", shapes=shapes)
    return replace(NOTHING, regions=(region,))


def mask(where: Reference, array: Any) -> Mask:
    """A mask on a frame."""
    return Mask(on=where, raster=Raster.of(np.asarray(array)))


def box(where: Reference, right: float = 16.0, left: float = 0.0) -> Box:
    """As high as the frame."""
    return Box(on=where, left=left, top=0, right=right, bottom=16)


def test_what_fits_is_fine(cine: list[Dataset], slices: list[Dataset]) -> None:
    """Whole instances, frames and shapes up to a pixel past the edge."""
    check(Source.of_datasets(slices), NOTHING)
    check(Source.of_datasets(slices), found(mask(on(slices[1]), np.ones((16, 16), bool))))
    check(Source.of_datasets(slices), found(box(on(slices[0]), 17, -1), box(on(slices[1], 1))))
    check(Source.of_datasets(cine), found(mask(on(cine[0], 3), np.zeros((16, 16), bool))))
    line = Contour(on=on(cine[0], 1), points=((0, 0), (16.5, 16.5)))
    check(Source.of_datasets(cine), found(line))
    check(Source.of_datasets(cine), replace(NOTHING, sources=(on(cine[0]),)))


WRONG: dict[str, tuple[Callable[[list[Dataset]], Findings], str]] = {
    "a stranger": (
        lambda s: replace(NOTHING, sources=(replace(on(s[0]), SOPInstanceUID="1.2.3"),)),
        "not among the sources",
    ),
    "of another class": (
        lambda s: replace(NOTHING, sources=(replace(on(s[0]), SOPClassUID="1.2.3"),)),
        "as something that it is not",
    ),
    "a frame too many": (lambda s: found(box(on(s[0], 4))), "frame 4 of an instance that has 3"),
    "no frame": (lambda s: found(box(on(s[0]))), "does not say on which"),
    "no frame the second time": (
        lambda s: found(box(on(s[0], 1)), box(on(s[0]))),
        "does not say on which",
    ),
    "a heat map on no frame": (
        lambda s: replace(
            NOTHING,
            heatmaps=(HeatMap(on=on(s[0]), raster=Raster.of(np.ones((2, 2))), explains=THING),),
        ),
        "does not say on which",
    ),
    "a judgement of a frame too many": (
        lambda s: replace(
            NOTHING,
            classifications=(
                Classification(name=THING, value=Presence.ABSENT, references=(on(s[0], 9),)),
            ),
        ),
        "frame 9",
    ),
    "a mask turned": (
        lambda s: found(mask(on(s[0], 1), np.ones((16, 15), bool))),
        "A mask has 16 rows and 15 columns; its image has 16 and 16",
    ),
    "a box outside": (lambda s: found(box(on(s[0], 1), 17.01)), "outside of its image"),
    "a box before": (lambda s: found(box(on(s[0], 1), 9, -1.01)), "outside of its image"),
    "a line outside": (
        lambda s: found(Contour(on=on(s[0], 1), points=((0, 0), (0, 18)))),
        "outside of its image",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_does_not_fit_is_rejected(name: str, cine: list[Dataset]) -> None:
    """With a sentence that says what is wrong."""
    make, why = WRONG[name]
    with pytest.raises(Rejected, match=why) as caught:
        check(Source.of_datasets(cine), make(cine))
    assert str(caught.value).endswith(".")


@pytest.mark.parametrize(
    "values", [{"Rows": None}, {"Rows": 0}, {"Rows": [16, 16]}, {"Columns": None}, {}]
)
def test_an_instance_without_pixels_has_nothing_on_it(values: dict[str, Any]) -> None:
    """A report or a broken header is no place for a shape, though it can be referred to."""
    ds = ct_head(size=16, slices=1)[0]
    del ds.Rows, ds.Columns, ds.PixelData
    for keyword, value in {"Columns": 16, **values}.items() if values else ():
        setattr(ds, keyword, value)
    source = Source.of_datasets([ds])
    check(source, replace(NOTHING, sources=(on(ds),)))
    with pytest.raises(Rejected, match="has no pixels"):
        check(source, found(box(on(ds))))


@pytest.mark.parametrize("frames", ["", None, "abc", "0", "-1"])
def test_a_number_of_frames_that_is_none_counts_as_one(frames: Any) -> None:
    """Strange headers are read as well as can be."""
    ds = ct_head(size=16, slices=1)[0]
    ds.add_new(0x00280008, "LO", frames)
    source = Source.of_datasets([ds])
    assert source.frames(ds.SOPInstanceUID) == 1
    check(source, found(box(on(ds, 1))))


def test_noise_is_no_finding() -> None:
    """A mask that no outline could show is refused before anybody tries to draw it."""
    ds = ct_head(size=16, slices=1)[0]
    ds.Rows, ds.Columns = 1000, 1000
    noise = np.random.default_rng(1).random((1000, 1000))
    start = time.process_time()
    for raster in (noise < 0.5, noise):
        with pytest.raises(Rejected, match="looks like noise"):
            check(Source.of_datasets([ds]), found(mask(on(ds), raster)))
    assert time.process_time() - start < 1


def test_a_study_of_two_thousand_is_checked_in_no_time() -> None:
    """References to whole instances do not open them."""
    ds = ct_head(size=16, slices=1)[0]
    many = []
    for number in range(2000):
        light = Dataset()
        light.StudyInstanceUID, light.SeriesInstanceUID = "1.2", "1.2.3"
        light.SOPClassUID, light.SOPInstanceUID = ds.SOPClassUID, f"1.2.3.{number}"
        many.append(light)

    def load(uid: str, pixels: bool) -> Dataset:
        raise AssertionError(f"{uid} was opened, pixels: {pixels}")

    check(Source(many, load), replace(NOTHING, sources=tuple(on(light) for light in many)))
