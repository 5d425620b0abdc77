"""The same frames are judged the same, however they are stored and by whichever worker."""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from pydicom import Dataset
from pydicom.pixels.processing import convert_color_space
from pydicom.uid import JPEG2000, UltrasoundMultiFrameImageStorage

from bench.phantoms import TRANSFER_SYNTAXES
from models.thyroid.sight import seen
from pipelines.contract import Findings
from pipelines.thyroid.pipeline import Thyroid
from tests.agreeing import agreed
from tests.integration.thyroid.studies import (
    Picture,
    Remembering,
    agree,
    another_series,
    chance,
    loaded,
    moved,
    outlined,
    run,
    said,
    scan,
)
from tests.unit.radiographs.stored import SYNTAXES
from tests.unit.ultrasound.stored import changed, compressed, region, stored, study_of, written

COLOURS = (
    *("RGB", "RGB by planes", "MONOCHROME2", "MONOCHROME1", "PALETTE COLOR"),
    *("YBR_FULL", "YBR_FULL_422"),
)
LOOP = 6


@pytest.fixture(scope="module")
def asked_once(pipeline: Thyroid) -> Thyroid:
    """The pipeline; its model looks at the very same picture once."""
    made = Thyroid()
    made.rules, made.model = pipeline.rules, Remembering(pipeline.model)
    return made


@pytest.fixture(scope="module")
def plain(
    asked_once: Thyroid, pictures: list[Picture], tmp_path_factory: pytest.TempPathFactory
) -> list[Findings]:
    """What is said of the pictures as they are, in plain colours."""
    return [said(asked_once, tmp_path_factory.mktemp("plain"), scan(one)) for one in pictures]


def coloured(picture: Picture, colour: str) -> Dataset:
    """A picture without any colour, stored by its greys, by a table, or as colours."""
    grey, ds = picture[..., 0], scan(picture)
    if colour == "RGB by planes":
        planes = np.moveaxis(picture, -1, 0).tobytes()
        return changed(ds, PlanarConfiguration=1, PixelData=planes)
    if colour.startswith("YBR"):
        ybr = convert_color_space(picture, "RGB", "YBR_FULL")
        if colour == "YBR_FULL_422":
            left, right = ybr[:, 0::2], ybr[:, 1::2]
            ybr = np.stack([left[..., 0], right[..., 0], left[..., 1], left[..., 2]], axis=-1)
        return changed(ds, PhotometricInterpretation=colour, PixelData=ybr.tobytes())
    if colour == "RGB":
        return ds
    if colour == "MONOCHROME1":
        grey = 255 - grey
        ds.PresentationLUTShape = "INVERSE"
    if colour == "PALETTE COLOR":
        # The shades are numbered the other way round, so that numbers are not mistaken for them.
        grey = 255 - grey
        for name in ("Red", "Green", "Blue"):
            setattr(ds, f"{name}PaletteColorLookupTableDescriptor", [256, 0, 16])
            shades = (np.arange(255, -1, -1) * 257).astype("<u2")
            setattr(ds, f"{name}PaletteColorLookupTableData", shades.tobytes())
    return changed(
        ds,
        PhotometricInterpretation=colour,
        SamplesPerPixel=1,
        PlanarConfiguration=None,
        PixelData=grey.tobytes(),
    )


@pytest.mark.timeout(300)
@pytest.mark.parametrize("syntax", SYNTAXES)
@pytest.mark.parametrize("colour", COLOURS)
def test_no_encoding_without_loss_matters(
    asked_once: Thyroid,
    pictures: list[Picture],
    plain: list[Findings],
    tmp_path: Path,
    colour: str,
    syntax: str,
) -> None:
    """All that is said is the same, to the last digit, the last pixel and the last reference."""
    if syntax == "jpeg-lossless" and colour.startswith("YBR"):
        pytest.skip("the encoder of the tests makes no such file")
    if colour == "PALETTE COLOR" and syntax in TRANSFER_SYNTAXES and syntax.startswith("jpeg"):
        pytest.skip("the standard has no palettes in it")
    instance = written(coloured(pictures[0], colour), syntax, tmp_path)
    assert run(asked_once, stored([instance.path])) == plain[0]


def jpeg(picture: Picture, quality: int) -> Dataset:
    """As scanners compress: colours at half the size."""
    out = BytesIO()
    Image.fromarray(picture).save(out, "JPEG", quality=quality, subsampling="4:2:2")
    rows, columns = picture.shape[:2]
    ds = compressed([out.getvalue()], "basic", (rows, columns))
    return changed(ds, SequenceOfUltrasoundRegions=None, NumberOfFrames=1)


def jpeg_2000(picture: Picture, ratio: int) -> Dataset:
    """With its own colours, to a share of the bytes."""
    ds = scan(picture, PhotometricInterpretation="YBR_ICT")
    ds.compress(JPEG2000, picture, j2k_cr=[ratio], generate_instance_uid=False)
    return ds


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("kind", "how_much"), [("jpeg", 95), ("jpeg", 85), ("jpeg 2000", 4), ("jpeg 2000", 10)]
)
def test_what_compression_loses_matters_little(
    asked_once: Thyroid,
    pictures: list[Picture],
    plain: list[Findings],
    tmp_path: Path,
    kind: str,
    how_much: int,
) -> None:
    """The probability moves by 0.03 at most, and the outlines agree."""
    for picture, before in zip(pictures, plain, strict=True):
        ds = (jpeg if kind == "jpeg" else jpeg_2000)(picture, how_much)
        found = said(asked_once, tmp_path, ds)
        assert chance(found) == pytest.approx(chance(before), abs=0.03)
        assert agree(outlined(found), outlined(before)) > 0.9


@pytest.mark.timeout(300)
def test_a_frame_alone_and_a_frame_of_many_are_the_same(
    asked_once: Thyroid, pictures: list[Picture], plain: list[Findings], tmp_path: Path
) -> None:
    """As a picture, as a loop of one frame, and as a loop that stands still."""
    for picture, before in zip(pictures, plain, strict=True):
        one = scan(picture, NumberOfFrames=1, FrameTime=40)
        one.SOPClassUID = one.file_meta.MediaStorageSOPClassUID = UltrasoundMultiFrameImageStorage
        for name, ds in (("one", one), ("many", scan(*[picture] * LOOP))):
            found = said(asked_once, tmp_path / name, ds)
            assert chance(found) == chance(before)
            assert found.classifications[0].value is before.classifications[0].value
            assert (outlined(found) == outlined(before)).all()
            assert [one.value for one in found.measurements] == [
                one.value for one in before.measurements
            ]


def sector_of(picture: Picture, wider: int = 0) -> Dataset:
    """A region without a scale where the picture itself shows echoes, or so much around it."""
    sight = seen(picture)
    assert sight is not None
    rows, columns = sight.shape
    sector = sight.sector
    return region(
        RegionLocationMinX0=max(0, sector.left - wider),
        RegionLocationMinY0=max(0, sector.top - wider),
        RegionLocationMaxX1=min(columns, sector.right + wider) - 1,
        RegionLocationMaxY1=min(rows, sector.bottom + wider) - 1,
        PhysicalUnitsXDirection=0,
        PhysicalUnitsYDirection=0,
    )


@pytest.mark.timeout(300)
def test_a_region_where_the_picture_shows_one_changes_nothing(
    asked_once: Thyroid, pictures: list[Picture], plain: list[Findings], tmp_path: Path
) -> None:
    """Whether the scanner says where the echoes are, or they are found."""
    for picture, before in zip(pictures, plain, strict=True):
        ds = scan(picture, SequenceOfUltrasoundRegions=[sector_of(picture)])
        assert said(asked_once, tmp_path, ds) == before


@pytest.mark.timeout(300)
def test_a_region_somewhat_larger_matters_little(
    asked_once: Thyroid, pictures: list[Picture], tmp_path: Path
) -> None:
    """Of a loop with a region for all frames that is a little wider than the sector of each."""
    for picture in pictures:
        loop = scan(*moved(picture, LOOP))
        before = said(asked_once, tmp_path / "without", loop)
        loop.SequenceOfUltrasoundRegions = [sector_of(picture, LOOP // 2)]
        found = said(asked_once, tmp_path / "with", loop)
        assert chance(found) == pytest.approx(chance(before), abs=0.05)
        assert agree(outlined(found), outlined(before)) > 0.9


@pytest.mark.timeout(300)
def test_the_order_of_a_study_plays_no_part(
    asked_once: Thyroid, pictures: list[Picture], tmp_path: Path
) -> None:
    """Images and series may come in any order, and in files of any names."""
    first, second = pictures
    ones = [scan(first), scan(second, number=2), scan(*moved(second, 3), number=3)]
    others = another_series([scan(first[:, ::-1], number=4), scan(second[:, ::-1], number=5)])
    before = said(asked_once, tmp_path / "one", *ones, *others)
    assert len(before.regions) > 1
    assert said(asked_once, tmp_path / "other", *others[::-1], *ones[::-1]) == before
    study = study_of([*ones, *others], tmp_path)
    turned = [replace(one, instances=one.instances[::-1]) for one in study.series[::-1]]
    assert run(asked_once, replace(study, series=tuple(turned))) == before


def _written(picture: Picture, folder: str, threads: int) -> dict[str, Any]:
    """What a worker of its own writes of a study, twice; all but the heat."""
    pipeline = loaded(Path(folder), threads=threads)
    study = study_of([scan(picture), scan(*moved(picture, 3), number=2)], Path(folder))
    twice = [run(pipeline, study) for _ in range(2)]
    assert twice[0] == twice[1]
    return replace(twice[0], heatmaps=()).to_dict()


@pytest.mark.timeout(300)
def test_workers_and_threads_agree(tmp_path: Path, pictures: list[Picture]) -> None:
    """Twice in one worker, and in two with one thread and two, all that is written is the same."""
    assert agreed(_written, pictures[0], tmp_path)["regions"]
