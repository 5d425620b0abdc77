"""Damaged and strange studies: the pipeline says in a sentence why not, or what it made of them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from pydicom import Dataset
from pydicom.config import disable_value_validation

from pipelines.contract import Findings, Presence, Rejected, Severity
from pipelines.thyroid.pipeline import Thyroid
from tests.integration.thyroid.studies import Picture, moved, run, said, scan
from tests.unit.intake_check.stored import codes, note
from tests.unit.ultrasound.stored import changed, compressed, region, stored, study_of, written

Made = Callable[[Picture], Dataset]
OF_OURS = re.compile(r"No image of the study can be judged: [^\[\]<>{}]+\.")
NOT_FOR_PEOPLE = re.compile(r"PHANTOM|2\.25\.|0x|\b(nan|NaN|inf)\b|Error|Traceback|numpy")
"""Names and numbers of the header, and words of programmers."""


@pytest.fixture(scope="module", autouse=True)
def _still_judges(
    pipeline: Thyroid, pictures: list[Picture], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[None]:
    """After all of them the same pipeline says of a good study what it said before."""
    before = said(pipeline, tmp_path_factory.mktemp("before"), scan(pictures[0]))
    yield
    assert said(pipeline, tmp_path_factory.mktemp("after"), scan(pictures[0])) == before


def told(pipeline: Thyroid, folder: Path, make: Callable[[], Dataset]) -> Findings | str:
    """The findings, or why there are none; nothing else comes of a study, and nobody is named."""
    with disable_value_validation():
        study = study_of([make()], folder)
    try:
        found = run(pipeline, study)
    except Rejected as error:
        sentence = str(error)
        assert OF_OURS.fullmatch(sentence), sentence
        assert not NOT_FOR_PEOPLE.search(sentence), sentence
        return sentence
    json.dumps(found.to_dict() | {"heatmaps": []}, allow_nan=False)
    for text in (found.summary, found.alert, *(one.text for one in found.notes)):
        assert not NOT_FOR_PEOPLE.search(text), text
    return found


def jpegs(pictures: list[Picture]) -> list[bytes]:
    """Each as a JPEG."""
    packed = []
    for picture in pictures:
        out = BytesIO()
        Image.fromarray(picture).save(out, "JPEG", quality=90)
        packed.append(out.getvalue())
    return packed


def loop_of(packed: list[bytes], picture: Picture, **attributes: Any) -> Dataset:
    """A loop of JPEGs of the size of this picture."""
    rows, columns = picture.shape[:2]
    ds = compressed(packed, "basic", (rows, columns))
    return changed(ds, SequenceOfUltrasoundRegions=None, **attributes)


def doppler(picture: Picture) -> Picture:
    """With flow in colours."""
    flow = picture.copy()
    rows, columns = picture.shape[:2]
    flow[rows // 3 : rows // 2, columns // 3 : columns // 2] = (220, 60, 20)
    return flow


def as_grey(picture: Picture, **attributes: Any) -> Dataset:
    """In one value a pixel."""
    grey = {"SamplesPerPixel": 1, "PlanarConfiguration": None}
    told = {"PhotometricInterpretation": "MONOCHROME2", **grey, **attributes}
    return scan(picture, **{"PixelData": picture[..., 0].tobytes(), **told})


def of_jpeg(picture: Picture, **attributes: Any) -> Dataset:
    """Two frames, and what the header says of them."""
    return loop_of(jpegs([picture] * 2), picture, **attributes)


def noise(picture: Picture, channels: int) -> Picture:
    """Without any echo."""
    drawn = np.random.default_rng(0).integers(0, 256, (*picture.shape[:2], channels), np.uint8)
    return np.ascontiguousarray(np.broadcast_to(drawn, picture.shape))


def flat(shade: int, rows: int = 360, columns: int = 560) -> Dataset:
    """One grey."""
    return scan(np.full((rows, columns, 3), shade, np.uint8))


UNJUDGED: dict[str, tuple[Made, str]] = {
    "half of the pixels": (
        lambda picture: scan(picture, PixelData=picture[:180].tobytes()),
        "damaged or cut off",
    ),
    "no pixels": (lambda picture: scan(picture, PixelData=None), "no pixels"),
    "a thousand frames that are not there": (
        lambda picture: scan(picture, NumberOfFrames=1000),
        "damaged or cut off",
    ),
    "more frames than any loop": (
        lambda picture: scan(picture, NumberOfFrames=10**9),
        "beyond that of any loop",
    ),
    "twice the rows": (
        lambda picture: scan(picture, Rows=2 * len(picture)),
        "damaged or cut off",
    ),
    "another height than the JPEGs": (
        lambda picture: of_jpeg(picture, Rows=len(picture) - 8),
        "cannot be decoded",
    ),
    "another width than the JPEGs": (
        lambda picture: of_jpeg(picture, Columns=2 * picture.shape[1]),
        "cannot be decoded",
    ),
    "more pixels than any ultrasound": (
        lambda picture: scan(picture, Rows=65535, Columns=65535),
        "beyond that of any ultrasound",
    ),
    "no palette": (
        lambda picture: as_grey(picture, PhotometricInterpretation="PALETTE COLOR"),
        "palette cannot be read",
    ),
    "no JPEG in it": (lambda picture: loop_of([bytes(999)] * 3, picture), "cannot be decoded"),
    "black": (lambda picture: flat(0), "hardly anything can be seen"),
    "white": (lambda picture: flat(255), "it shows a page"),
    "one grey": (lambda picture: flat(100), "no ultrasound image is to be found"),
    "a huge one of one grey": (
        lambda picture: flat(100, 3100, 3200),
        "no ultrasound image is to be found",
    ),
    "one pixel": (lambda picture: scan(picture[:1, :1]), "too small to be read"),
    "one row": (lambda picture: scan(picture[:1]), "too small to be read"),
    "noise in colours": (lambda picture: scan(noise(picture, 3)), "colours"),
    "flow on every frame": (
        lambda picture: scan(*map(doppler, moved(picture, 30))),
        "it shows flow in colours",
    ),
}
"""What cannot be judged, and in which words."""


@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", UNJUDGED)
def test_what_cannot_be_judged_is_rejected_in_a_sentence(
    pipeline: Thyroid, pictures: list[Picture], tmp_path: Path, name: str
) -> None:
    """A person reads what is wrong with it."""
    make, words = UNJUDGED[name]
    answer = told(pipeline, tmp_path, lambda: make(pictures[0]))
    assert isinstance(answer, str)
    assert words in answer


@pytest.mark.timeout(300)
@pytest.mark.parametrize("syntax", ["native", "deflated", "rle", "jpeg-ls", "jpeg2000"])
def test_a_file_that_is_cut_off_is_rejected(
    pipeline: Thyroid, pictures: list[Picture], tmp_path: Path, syntax: str
) -> None:
    """Beside a good image it leaves the study undecided, unless that one is suspicious."""
    cut = written(scan(pictures[0]), syntax, tmp_path)
    good = tmp_path / "good.dcm"
    scan(pictures[1], number=2).save_as(good, enforce_file_format=True)
    alone, both = stored([cut.path]), stored([cut.path, good])
    data = cut.path.read_bytes()
    cut.path.write_bytes(data[: len(data) * 2 // 3])
    with pytest.raises(Rejected, match=r"damaged|cut off|cannot be decoded"):
        run(pipeline, alone)
    found = run(pipeline, both)
    study, *others = found.classifications
    assert len(found.refusals) == 1
    if any(one.value is Presence.PRESENT for one in others if one.name == study.name):
        assert study.value is Presence.PRESENT
    else:
        assert study.value is Presence.INDETERMINATE
        assert "could not be read" in study.because


@pytest.mark.timeout(300)
def test_a_frame_that_cannot_be_read_hides_no_other(
    pipeline: Thyroid, pictures: list[Picture], tmp_path: Path
) -> None:
    """It is counted in a warning, and the loop is judged by the other frames."""
    packed = jpegs(moved(pictures[0], 6))
    packed[2] = packed[2][: len(packed[2]) // 2]
    found = told(pipeline, tmp_path, lambda: loop_of(packed, pictures[0]))
    assert isinstance(found, Findings)
    warning = note(found, "frames-unread")
    assert warning.severity is Severity.WARNING
    assert warning.text.startswith("1 of 6 frames could not be read: ")
    shown = {shape.on.frame for one in found.regions for shape in one.shapes}
    assert shown
    assert 3 not in shown


@pytest.mark.timeout(300)
def test_flow_on_some_frames_hides_no_other(
    pipeline: Thyroid, pictures: list[Picture], tmp_path: Path
) -> None:
    """They are left out, and counted."""
    frames = moved(pictures[0], 6)
    frames[:3] = map(doppler, frames[:3])
    found = told(pipeline, tmp_path, lambda: scan(*frames))
    assert isinstance(found, Findings)
    assert note(found, "frames-left-out").text.startswith("3 of 6 frames were left out: ")
    assert {shape.on.frame for one in found.regions for shape in one.shapes} <= {4, 5, 6}


REGIONS: dict[str, dict[str, Any]] = {
    "outside the picture": {"RegionLocationMinX0": 2000, "RegionLocationMaxX1": 2400},
    "far beyond the picture": {"RegionLocationMaxX1": 2**31, "RegionLocationMaxY1": 2**31},
    "inside out": {"RegionLocationMinX0": 500, "RegionLocationMaxX1": 20},
    "of no height": {"RegionLocationMinY0": 100, "RegionLocationMaxY1": 100},
    "pixels of no size": {"PhysicalDeltaX": 0.0, "PhysicalDeltaY": 0.0},
    "pixels of a kilometre": {"PhysicalDeltaX": 1e5, "PhysicalDeltaY": 1e5},
    "pixels that are no number": {"PhysicalDeltaX": float("nan"), "PhysicalDeltaY": 0.01},
    "pixels without end": {"PhysicalDeltaX": float("inf"), "PhysicalDeltaY": float("-inf")},
}


@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", REGIONS)
def test_regions_that_make_no_sense_give_no_sizes(
    pipeline: Thyroid, pictures: list[Picture], tmp_path: Path, name: str
) -> None:
    """The picture is judged, sizes are in pixels, and the report says why."""
    ends = {"RegionLocationMaxX1": 549, "RegionLocationMaxY1": 349}
    regions = [region(**{**ends, **REGIONS[name]})]
    found = told(pipeline, tmp_path, lambda: scan(pictures[0], SequenceOfUltrasoundRegions=regions))
    assert isinstance(found, Findings)
    assert {"reading", "no-scale"} <= codes(found)
    assert not {one.unit for one in found.measurements} & {"mm", "mm2"}


ODD: dict[str, Made] = {
    "no number of frames": lambda picture: scan(picture, NumberOfFrames=0),
    "fewer frames than there are": lambda picture: scan(*[picture] * 3, NumberOfFrames=1),
    "less than no frames": lambda picture: scan(picture, NumberOfFrames=-7),
    "half of the rows": lambda picture: scan(picture, Rows=len(picture) // 2),
    "a column too few": lambda picture: scan(picture, Columns=picture.shape[1] - 1),
    "a window that is no number": lambda picture: as_grey(
        picture, WindowCenter="NaN", WindowWidth="NaN"
    ),
    "greys that are no number": lambda picture: as_grey(
        picture, RescaleSlope="NaN", RescaleIntercept="NaN", RescaleType="US"
    ),
    "greys without end": lambda picture: as_grey(
        picture, RescaleSlope="inf", RescaleIntercept="-inf", RescaleType="US"
    ),
    "times that are no number": lambda picture: scan(picture, FrameTime="NaN"),
    "signed": lambda picture: as_grey(picture, PixelRepresentation=1),
    "more bits than it has": lambda picture: as_grey(picture, BitsStored=12, HighBit=11),
    "noise": lambda picture: scan(noise(picture, 1)),
    "a test pattern": lambda picture: scan(
        np.broadcast_to(np.arange(256, dtype=np.uint8)[:, None], (256, 256, 3)).copy()
    ),
    "a checkerboard": lambda picture: scan(
        np.kron(np.indices((45, 70)).sum(0)[..., None] % 2 * 255, np.ones((8, 8, 3))).astype("u1")
    ),
    "nearly one grey": lambda picture: scan((picture // 64 + 100).astype(np.uint8)),
    "upside down": lambda picture: scan(picture[::-1]),
    "a narrow strip": lambda picture: scan(np.ascontiguousarray(picture[100:200])),
}
"""What may be judged or not."""


@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", ODD)
def test_what_is_odd_gets_an_answer(
    pipeline: Thyroid, pictures: list[Picture], tmp_path: Path, name: str
) -> None:
    """Findings that can be written down, or a sentence; nothing else is raised."""
    answer = told(pipeline, tmp_path, lambda: ODD[name](pictures[0]))
    if isinstance(answer, Findings):
        assert 0 <= (answer.classifications[0].probability or 0) <= 1
