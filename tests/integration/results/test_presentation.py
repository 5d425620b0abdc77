"""Presentation states as files: others read from them what was found, where, over what look."""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from pydicom import dcmread

from bench.phantoms import dx_extremity
from pipelines.contract import Box, Concept, Mask, Polygon, Presence, Raster
from results.context import NotMade
from results.presentation import build_presentation
from tests.integration.results.drawn import (
    COLOUR,
    SOURCES,
    findings,
    making,
    places,
    ring,
)
from tests.integration.results.states import built, dcmtk, lines, write
from tests.peers.validators import dciodvfy, dcmdump

GREY_CLASS = "1.2.840.10008.5.1.4.1.1.11.1"
COLOUR_CLASS = "1.2.840.10008.5.1.4.1.1.11.2"
GREY = sorted(set(SOURCES) - COLOUR)


def filled(outlines: list[NDArray[np.float64]], rows: int, columns: int) -> NDArray[np.bool_]:
    """The pixels whose centres an odd number of outlines go around, by the angle they turn."""
    y, x = np.mgrid[:rows, :columns] + 0.5
    mask = np.zeros((rows, columns), np.bool_)
    for points in outlines:
        angles = [np.arctan2(py - y, px - x) for px, py in points]
        steps = np.diff(np.stack(angles), axis=0)
        turned = ((steps + np.pi) % (2 * np.pi) - np.pi).sum(axis=0)
        mask ^= np.abs(turned) > np.pi
    return mask


@pytest.mark.parametrize("name", SOURCES)
def test_no_error_for_dciodvfy(name: str, tmp_path: Path) -> None:
    """Over any source dciodvfy has nothing to complain of, and DCMTK reads the object."""
    (ds,) = built(SOURCES[name](), tmp_path)
    assert dciodvfy(tmp_path / "0.dcm") == []
    assert "AI CONTOURS" in dcmdump(tmp_path / "0.dcm")
    assert ds.SOPClassUID == (COLOUR_CLASS if name in COLOUR else GREY_CLASS)


@pytest.mark.parametrize("name", GREY)
def test_dcmtk_checks_grey_ones(name: str, tmp_path: Path) -> None:
    """DCMTK's own check of presentation states passes."""
    built(SOURCES[name](), tmp_path)
    assert "Test passed" in dcmtk(["dcmpschk", "-v", tmp_path / "0.dcm"])


@pytest.mark.parametrize("name", ["dx", "dx-inverted", "cr", "us-cine-grey", "ct"])
def test_the_contour_is_where_the_mask_is(name: str, tmp_path: Path) -> None:
    """What DCMTK has read, when it is filled, is the mask to the pixel; each on its frame."""
    datasets = SOURCES[name]()
    built(datasets, tmp_path)
    image = write(datasets[0], tmp_path / "image.dcm")
    copy = tmp_path / "read by dcmtk.dcm"
    dcmtk(["dcmp2pgm", "-p", tmp_path / "0.dcm", "+S", copy, image, tmp_path / "out.pgm"])
    drawn = lines(dcmread(copy))
    wanted = ring(datasets[0].Rows, datasets[0].Columns)
    for place in places(datasets):
        here = [
            points
            for on, points in drawn
            if on.ReferencedSOPInstanceUID == place.SOPInstanceUID
            and on.get("ReferencedFrameNumber") == place.frame
        ]
        outlines = [points for points in here if set(points.ravel() % 1) == {0} and len(points) > 4]
        assert all((points[0] == points[-1]).all() for points in outlines)
        assert np.array_equal(filled(outlines, *wanted.shape), wanted)


def test_lines_are_open_or_closed_as_they_were(tmp_path: Path) -> None:
    """A closed line names its first point again and is not filled; an open one does neither."""
    datasets = SOURCES["dx"]()
    (ds,) = built(datasets, tmp_path)
    graphics = [
        graphic
        for item in ds.GraphicAnnotationSequence
        for graphic in item.get("GraphicObjectSequence", ())
    ]
    *_, line, area = graphics
    assert line.GraphicData == [1.5, 2, 4, 5.25, 9, 3]
    assert "GraphicFilled" not in line
    assert area.GraphicData == [2, 2, 10, 4, 3, 9.5, 2, 2]
    assert {graphic.get("GraphicFilled", "N") for graphic in graphics} == {"N"}
    assert {g.GraphicType for g in graphics} == {"POLYLINE"}
    assert {g.GraphicAnnotationUnits for g in graphics} == {"PIXEL"}
    run = making(datasets)
    assert [g.TrackingUID for g in graphics[-2:]] == [
        run.tracking_uid(name) for name in ("line-1", "area-1")
    ]


def test_layers_and_texts(tmp_path: Path) -> None:
    """Outlines and texts can be switched apart; texts say what, how sure, and what it is not."""
    (ds,) = built(SOURCES["dx"](), tmp_path)
    layers = {layer.GraphicLayer: layer for layer in ds.GraphicLayerSequence}
    assert list(layers) == ["AI CONTOURS", "AI TEXT"]
    assert all("GraphicLayerRecommendedDisplayCIELabValue" in one for one in layers.values())
    texts = {
        text.UnformattedTextValue: (item.GraphicLayer, text)
        for item in ds.GraphicAnnotationSequence
        for text in item.get("TextObjectSequence", ())
    }
    assert {layer for layer, _ in texts.values()} == {"AI TEXT"}
    *labels, summary = texts
    assert labels == ["Fracture 87 %", "Fracture line", "Area"]
    assert summary.split("\r\n") == [
        "AI result, not for diagnosis",
        "fracture 1.2.0",
        "A fracture is likely.",
        "Fracture of bone: present in left wrist joint 90 %",
    ]
    label = texts["Fracture 87 %"][1]
    assert label.AnchorPoint == [8, 5]
    assert label.BoundingBoxTopLeftHandCorner[0] == 3
    assert label.BoundingBoxBottomRightHandCorner[1] == 5
    assert texts[summary][1].BoundingBoxAnnotationUnits == "DISPLAY"


def test_only_images_with_something_to_show_are_named(tmp_path: Path) -> None:
    """Of three slices two have findings; of a cine all of it is named, for it is one image."""
    datasets = SOURCES["ct"]()
    (made,) = built(datasets, tmp_path)
    (series,) = made.ReferencedSeriesSequence
    named = [image.ReferencedSOPInstanceUID for image in series.ReferencedImageSequence]
    assert named == [ds.SOPInstanceUID for ds in datasets[:2]]
    (cine,) = built(SOURCES["us-cine"](), tmp_path)
    (image,) = cine.ReferencedSeriesSequence[0].ReferencedImageSequence
    assert "ReferencedFrameNumber" not in image
    assert {on.ReferencedFrameNumber for on, _ in lines(cine)} == {1, 3}


def test_series_and_sizes_are_apart(tmp_path: Path) -> None:
    """Images of two series, colour and grey, have two presentation states with their own UIDs."""
    one, other = SOURCES["dx"](), SOURCES["us"]()
    other[0].StudyInstanceUID = one[0].StudyInstanceUID
    found = [findings(datasets) for datasets in (one, other)]
    region = replace(found[1].regions[0], tracking="other")
    both = replace(
        found[0],
        sources=found[0].sources + found[1].sources,
        regions=(*found[0].regions, region),
    )
    made = built(one + other, tmp_path, both)
    assert [ds.SOPClassUID for ds in made] == [GREY_CLASS, COLOUR_CLASS]
    assert len({ds.SOPInstanceUID for ds in made}) == 2
    assert len({ds.InstanceNumber for ds in made}) == 2


def test_a_long_outline_is_drawn_in_pieces(tmp_path: Path) -> None:
    """A line of more points than an element has room for is cut; nothing of it is lost."""
    (ds,) = dx_extremity(size=512)
    angles = np.linspace(0, 2 * np.pi, 20_000, endpoint=False)
    points = tuple((190 + 90 * float(np.cos(a)), 250 + 90 * float(np.sin(a))) for a in angles)
    found = findings([ds])
    area = Polygon(on=places([ds])[0], points=points)
    found = replace(found, regions=(replace(found.regions[0], shapes=(area,)),))
    (made,) = built([ds], tmp_path, found)
    pieces = [drawn for _, drawn in lines(made)]
    assert [len(drawn) for drawn in pieces] == [8000, 8000, 4003]
    assert all((a[-1] == b[0]).all() for a, b in zip(pieces, [*pieces[1:], pieces[0]], strict=True))
    assert dciodvfy(tmp_path / "0.dcm") == []


def test_what_stands_out_of_the_frame_is_drawn_at_its_edge(tmp_path: Path) -> None:
    """Detectors round: a box that is a little larger than the image is kept within it."""
    (ds,) = dx_extremity(size=64)
    found = findings([ds])
    box = Box(on=places([ds])[0], left=-0.5, top=-1, right=48.75, bottom=65)
    found = replace(found, regions=(replace(found.regions[0], shapes=(box,)),))
    (made,) = built([ds], tmp_path, found)
    ((_, points),) = lines(made)
    assert points.min(axis=0).tolist() == [0, 0]
    assert points.max(axis=0).tolist() == [48, 64]


@pytest.mark.parametrize("kind", ["empty mask", "absent", "denied"])
def test_nothing_to_show_gives_none(kind: str) -> None:
    """Without anything found there is no presentation state, and a sentence that says so."""
    datasets = SOURCES["dx"]()
    found = findings(datasets)
    (judgement,) = found.classifications
    absent = replace(judgement, value=Presence.ABSENT)
    region = found.regions[0]
    if kind == "empty mask":
        empty = Raster.of(np.zeros((datasets[0].Rows, datasets[0].Columns), np.bool_))
        regions = (replace(region, shapes=(Mask(on=places(datasets)[0], raster=empty),)),)
        found = replace(found, regions=regions, classifications=())
    elif kind == "absent":
        found = replace(found, regions=(), classifications=(absent,))
    else:
        denied = replace(absent, region=region.tracking, site=None)
        found = replace(found, regions=(region,), classifications=(denied,))
    with pytest.raises(NotMade, match="nothing was found on any image"):
        build_presentation(making(datasets, found))


@pytest.mark.parametrize("keyword", ["TotalPixelMatrixRows", "FloatPixelData"])
def test_tiles_and_floats_give_none(keyword: str) -> None:
    """Over these images no presentation state of these kinds can be drawn, and it says so."""
    (ds,) = SOURCES["dx"]()
    setattr(ds, keyword, b"" if keyword == "FloatPixelData" else 64)
    with pytest.raises(NotMade, match="no presentation state can be over"):
        build_presentation(making([ds]))


def test_a_judgement_alone_is_shown_as_text(tmp_path: Path) -> None:
    """A positive class without a region is written on its image, on the only layer there is."""
    datasets = SOURCES["dx"]()
    found = findings(datasets)
    hand = Concept(value="85562004", scheme="SCT", meaning="Hand")
    judgement = replace(found.classifications[0], value=hand, probability=None, site=None)
    found = replace(found, regions=(), classifications=(judgement,))
    (made,) = built(datasets, tmp_path, found)
    assert [layer.GraphicLayer for layer in made.GraphicLayerSequence] == ["AI TEXT"]
    (item,) = made.GraphicAnnotationSequence
    assert item.TextObjectSequence[0].UnformattedTextValue.endswith("Fracture of bone: Hand")
    assert dciodvfy(tmp_path / "0.dcm") == []


def test_texts_fit_the_character_set(tmp_path: Path) -> None:
    """Labels in Japanese are kept where the source has room for them, else replaced."""
    for character_set, wanted in (("ISO_IR 192", "山 87 %"), ("ISO_IR 100", "? 87 %")):
        (ds,) = dx_extremity(size=64)
        ds.SpecificCharacterSet = character_set
        found = findings([ds])
        found = replace(found, regions=(replace(found.regions[0], label="山"),))
        (made,) = built([ds], tmp_path, found)
        texts = [
            text.UnformattedTextValue
            for item in made.GraphicAnnotationSequence
            for text in item.get("TextObjectSequence", ())
        ]
        assert texts[0] == wanted


@pytest.mark.parametrize("name", ["dx", "ct-enhanced", "us-cine"])
def test_the_same_arguments_give_the_same_bytes(name: str) -> None:
    """A job that is done twice sends the same objects; a revision sends others."""

    def written(**context: Any) -> list[bytes]:
        files = []
        for ds in build_presentation(making(SOURCES[name](), **context)):
            buffer = BytesIO()
            ds.save_as(buffer, enforce_file_format=True)
            files.append(buffer.getvalue())
        return files

    assert written() == written()
    assert written() != written(revision=2)


def test_bad_patient_values_do_not_matter(tmp_path: Path) -> None:
    """What is wrong in the source's patient is passed on and stops nothing."""
    (ds,) = dx_extremity(size=64)
    image = write(ds, tmp_path / "image.dcm")
    image.write_bytes(image.read_bytes().replace(b"19700101", b"no date!"))
    (made,) = built([dcmread(image)], tmp_path)
    assert made.get_item("PatientBirthDate").value == b"no date!"
