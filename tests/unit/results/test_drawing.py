"""What is drawn over a frame: to the pixel where it should be, and nowhere else."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from bench.phantoms import ct_head, photograph, us_thyroid
from pipelines.contract import Box, Classification, HeatMap, Mask, Presence, Raster, Site
from results.drawing import drawn
from results.drawing.colours import BLACK, REGIONS, heat, opacity
from results.drawing.frame import shown
from tests.unit.results.pictures import (
    FRACTURE,
    NODULE,
    SIZE,
    blob,
    flat,
    making,
    reference,
    region,
    rim,
)


def test_the_line_is_where_the_mask_is_to_the_pixel() -> None:
    """One pixel on either side of the mask's edge has the region's colour, and no other has."""
    ds = flat()
    mask = blob()
    on = reference(ds)
    picture = drawn(making(ds, regions=(region(Mask(on=on, raster=Raster.of(mask))),)), on)
    coloured = (picture == REGIONS[0]).all(axis=-1)
    wanted = rim(mask, 1, 1)
    assert (coloured[100:] & wanted[100:] == wanted[100:]).all()
    # The only other place for the colour is the bar of the label.
    extra = coloured & ~wanted
    rows, columns = np.nonzero(extra)
    assert columns.max() - columns.min() <= 4
    assert rows.max() - rows.min() <= 20


def test_an_empty_mask_has_no_line() -> None:
    """And no label, either."""
    ds = flat()
    on = reference(ds)
    empty = Mask(on=on, raster=Raster.of(np.zeros((SIZE, SIZE), np.bool_)))
    with_it, without = making(ds, regions=(region(empty),)), making(ds)
    assert (drawn(with_it, on) == drawn(without, on)).all()


def test_lines_have_a_dark_rim() -> None:
    """A line is seen on white, too."""
    ds = flat(grey=255)
    on = reference(ds)
    shape = Box(on=on, left=100, top=150, right=150, bottom=200)
    picture = drawn(making(ds, regions=(region(shape),)), on)
    assert picture[175, 98:102].tolist() == [list(BLACK), *[list(REGIONS[0])] * 2, list(BLACK)]


def test_regions_beyond_the_colours_are_dashed() -> None:
    """Colours are used again with gaps, so that no two of twelve regions look alike."""
    ds = flat(512, 512)
    on = reference(ds)
    many = tuple(
        region(
            Box(on=on, left=20 + 60 * n, top=300, right=60 + 60 * n, bottom=340), tracking=f"{n}"
        )
        for n in range(7)
    )
    picture = drawn(making(ds, regions=many), on)
    solid, dashed = (
        (picture[299, begin : begin + 40] == REGIONS[0]).all(axis=-1) for begin in (20, 380)
    )
    assert solid.all()
    assert 0.4 < dashed.mean() < 0.9


def spots() -> NDArray[np.float32]:
    """A coarse map that is no two ways alike."""
    coarse = np.zeros((4, 8), np.float32)
    coarse[2, 5] = 1
    return coarse


def test_a_heat_map_lies_where_it_should() -> None:
    """A coarse pixel is brightest at the middle of its share of the frame, and ends beside it."""
    ds = flat(400, 800, grey=0)
    on = reference(ds)
    heatmap = HeatMap(on=on, raster=Raster.of(spots()), explains=FRACTURE)
    picture = drawn(making(ds, heatmaps=(heatmap,)), on).astype(int).sum(axis=-1)
    hot = picture[150:350, 450:650]
    rows, columns = np.nonzero(hot == hot.max())
    assert (rows.mean() + 150, columns.mean() + 450) == pytest.approx((249.5, 549.5), abs=1)
    assert picture[240, 440] == picture[240, 660] == picture[360, 540] == picture[120, 700] == 0


def test_a_heat_map_of_full_size_is_laid_pixel_by_pixel() -> None:
    """Colour and opacity of each pixel are those of its value; zero leaves the image as it is."""
    ds = flat(grey=200)
    on = reference(ds)
    rng = np.random.default_rng(1)
    values = np.zeros((SIZE, SIZE), np.float32)
    values[120:200, 30:90] = rng.uniform(0, 1, (80, 60))
    heatmap = HeatMap(on=on, raster=Raster.of(values), explains=FRACTURE)
    picture = drawn(making(ds, heatmaps=(heatmap,)), on)
    level = np.rint(values * 255).astype(int)
    share = opacity()[level][..., None] / 255
    wanted = 200 * (1 - share) + heat()[level] * share
    assert np.abs(picture[120:] - wanted[120:]).max() <= 1
    assert (picture[120:][level[120:] == 0] == 200).all()


def test_the_map_of_the_most_probable_class_is_laid() -> None:
    """Two maps over each other would be read as one."""
    ds = flat()
    on = reference(ds)
    left, right = np.zeros((2, 2, 2), np.float32)
    left[1, 0], right[1, 1] = 1, 1
    maps = (
        HeatMap(on=on, raster=Raster.of(left), explains=NODULE),
        HeatMap(on=on, raster=Raster.of(right), explains=FRACTURE),
    )
    said = (
        Classification(name=NODULE, value=Presence.ABSENT, probability=0.2),
        Classification(name=FRACTURE, value=Presence.PRESENT, probability=0.9),
    )
    picture = drawn(making(ds, heatmaps=maps, classifications=said), on)
    assert (picture[-1, 0] == 100).all()
    assert (picture[-1, -1] != 100).any()


def test_heat_is_told_by_lightness_alone() -> None:
    """Each colour is lighter than the one before, in grey as in colour."""
    light = heat().astype(float) @ [0.2126, 0.7152, 0.0722]
    assert (np.diff(light) > -1).all()
    assert light[255] - light[0] > 150
    assert opacity()[0] == 0
    assert (np.diff(opacity().astype(int)) >= 0).all()


@pytest.mark.parametrize(
    "source",
    [
        lambda: ct_head(size=128, slices=1)[0],
        lambda: us_thyroid(size=128)[0],
        lambda: photograph(size=128)[0],
    ],
)
def test_what_is_not_drawn_on_is_untouched(source: Any) -> None:
    """Beyond lines and text the picture is what a viewer shows of the image."""
    ds = source()
    on = reference(ds)
    box = Box(on=on, left=80, top=90, right=110, bottom=120)
    run = making(ds, regions=(region(box),))
    changed = (drawn(run, on) != shown(run.source, on)).any(axis=-1)
    assert not changed[93:117, 83:107].any()
    assert changed[89:91, 79:111].all()
    assert changed.mean() < 0.25


def test_the_notice_is_in_the_pixels() -> None:
    """Nothing else was found, and yet there is text: white letters on a dark ground."""
    ds = flat()
    on = reference(ds)
    run = making(ds)
    changed = (drawn(run, on) != shown(run.source, on)).any(axis=-1)
    rows, columns = np.nonzero(changed)
    assert (rows.min(), columns.min()) == (0, 0)
    assert columns.max() > 100
    assert (drawn(run, on) > 240).any()


@pytest.mark.parametrize(
    "more",
    [
        {"label": "Other words"},
        {"score": 0.12},
    ],
)
def test_labels_say_what_and_how_sure(more: dict[str, Any]) -> None:
    """Another label or another score is another picture."""
    ds = flat()
    on = reference(ds)
    one = region(Box(on=on, left=100, top=150, right=150, bottom=200), score=0.9)
    first = drawn(making(ds, regions=(one,)), on)
    assert (drawn(making(ds, regions=(replace(one, **more),)), on) != first).any()


def test_each_judgement_is_in_the_legend() -> None:
    """Class, probability and site each change the picture; what is about another frame does not."""
    (ds,) = us_thyroid(size=256, frames=3)
    on = reference(ds, 2)
    said = Classification(name=FRACTURE, value=Presence.PRESENT, probability=0.9, references=(on,))
    elsewhere = replace(said, references=(reference(ds, 3),))
    nothing = drawn(making(ds), on)
    pictures = [
        drawn(making(ds, classifications=(one,)), on)
        for one in (
            said,
            replace(said, probability=0.8),
            replace(said, value=NODULE),
            replace(said, site=Site(anatomy=NODULE)),
        )
    ]
    assert len({picture.tobytes() for picture in (nothing, *pictures)}) == 5
    assert (drawn(making(ds, classifications=(elsewhere,)), on) == nothing).all()


def test_no_text_covers_a_region_where_there_is_room() -> None:
    """Neither the legend nor any label lies over what a box encloses, wherever it is."""
    ds = flat(512, 512)
    on = reference(ds)
    said = tuple(
        Classification(
            name=replace(FRACTURE, meaning=f"Kind {n}"), value=Presence.PRESENT, probability=0.5
        )
        for n in range(6)
    )
    for left, top in ((2, 2), (300, 2), (2, 300), (150, 150), (300, 300)):
        box = Box(on=on, left=left, top=top, right=left + 200, bottom=top + 200)
        picture = drawn(making(ds, regions=(region(box, score=0.5),), classifications=said), on)
        assert (picture[top + 3 : top + 197, left + 3 : left + 197] == 100).all()


@pytest.mark.parametrize("size", [(1, 1), (8, 300), (16, 16), (64, 64), (400, 20), (700, 500)])
def test_every_size_can_be_drawn_on(size: tuple[int, int]) -> None:
    """Small pictures have small letters, and very small ones what fits; none is an error."""
    ds = flat(*size)
    rows, columns = size
    ds.PixelData = bytes(ds.PixelData) + b"\0" * (rows * columns % 2)
    on = reference(ds)
    mask = np.zeros(size, np.bool_)
    mask[rows // 2 :, columns // 2 :] = True
    heatmap = HeatMap(on=on, raster=Raster.of(spots()), explains=FRACTURE)
    said = Classification(name=NODULE, value=Presence.ABSENT, probability=0.2)
    run = making(
        ds,
        regions=(region(Mask(on=on, raster=Raster.of(mask)), score=0.5),),
        heatmaps=(heatmap,),
        classifications=(said,),
    )
    assert drawn(run, on).shape == (*size, 3)


def test_the_same_findings_give_the_same_pixels() -> None:
    """A picture that is drawn again is the same."""
    ds = flat()
    on = reference(ds)
    heatmap = HeatMap(on=on, raster=Raster.of(spots()), explains=FRACTURE)
    box = Box(on=on, left=100, top=150, right=150, bottom=200)
    run = making(ds, regions=(region(box),), heatmaps=(heatmap,))
    assert drawn(run, on).tobytes() == drawn(run, on).tobytes()


def test_names_of_patients_are_not_drawn() -> None:
    """The same image of another patient gives the same picture."""
    one, other = flat(), flat()
    other.PatientName, other.PatientID, other.AccessionNumber = "OTHER^NAME", "77", "88"
    on = reference(one)
    assert (drawn(making(one), on) == drawn(making(other), on)).all()
