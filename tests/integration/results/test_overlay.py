"""Overlays as files: valid, true to their source, and showing what was found where it is."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bench.phantoms import KINDS, ct_head, dx_extremity, encode, mr_head, us_thyroid
from pipelines.contract import (
    Box,
    Classification,
    HeatMap,
    Presence,
    Raster,
    Reference,
)
from results.captures.overlay import MOST_FRAMES, build_overlay, overlaid
from results.context import NotMade
from results.drawing import drawn
from results.drawing.frame import shown
from tests.integration.results.captures import bare, read, run
from tests.integration.results.drawn import FRACTURE, enhanced, findings, making, places
from tests.integration.results.matrix import FINDINGS, SOURCES


@pytest.mark.parametrize("kind", KINDS)
def test_dciodvfy_finds_no_error_in_any_kind(kind: str, tmp_path: Path) -> None:
    """Every kind of phantom, in its full size, with regions, a judgement and a heat map."""
    datasets = KINDS[kind](1)
    heat = Raster.of(np.linspace(0, 1, 49, dtype=np.float32).reshape(7, 7))
    on = places(datasets)[0]
    found = replace(findings(datasets), heatmaps=(HeatMap(on=on, raster=heat, explains=FRACTURE),))
    made = build_overlay(run(datasets, found))
    for number, ds in enumerate(made):
        back = read(ds, tmp_path, str(number))
        assert back.SOPClassUID.name == "Secondary Capture Image Storage"
        assert back.PhotometricInterpretation == "RGB"
        assert back.PatientName == datasets[0].PatientName
        assert "not for diagnosis" in back.SeriesDescription


@pytest.mark.parametrize("name", SOURCES)
def test_dciodvfy_finds_no_error_over_any_source(name: str, tmp_path: Path) -> None:
    """Modalities, geometries, colours, depths and compressions."""
    datasets = SOURCES[name]()
    for number, ds in enumerate(build_overlay(run(datasets, FINDINGS["fracture"](datasets)))):
        read(ds, tmp_path, str(number))


@pytest.mark.parametrize("name", FINDINGS)
def test_dciodvfy_finds_no_error_for_any_findings(name: str, tmp_path: Path) -> None:
    """Whatever was judged: there is an overlay, of the first image at least."""
    for source in ("dx", "us-cine", "ct-axial"):
        datasets = SOURCES[source]()
        making = run(datasets, FINDINGS[name](datasets))
        found = making.findings
        if not (found.regions or found.heatmaps or found.classifications):
            with pytest.raises(NotMade, match="nothing was found"):
                build_overlay(making)
            continue
        for number, ds in enumerate(build_overlay(making)):
            read(ds, tmp_path, str(number))


@pytest.mark.parametrize("name", SOURCES)
def test_the_pixels_are_those_that_were_drawn(name: str, tmp_path: Path) -> None:
    """One picture for each frame with findings, of the source's size, and a page after them."""
    datasets = SOURCES[name]()
    making = run(datasets, FINDINGS["fracture"](datasets))
    overlay, page = build_overlay(making)
    on = making.findings.regions[0].shapes[0].on
    back = read(overlay, tmp_path)
    assert (back.Rows, back.Columns) == (datasets[0].Rows, datasets[0].Columns)
    assert (back.pixel_array == drawn(making, on)).all()
    assert page.Columns > 2 * page.Rows * 0.5
    assert int(page.InstanceNumber) > int(overlay.InstanceNumber)


def test_dcmtk_reads_the_same_pixels(tmp_path: Path) -> None:
    """A reader of another make shows what was drawn."""
    datasets = SOURCES["us-colour"]()
    making = run(datasets, FINDINGS["fracture"](datasets))
    overlay, _ = build_overlay(making)
    read(overlay, tmp_path)
    command = ["dcm2pnm", str(tmp_path / "overlay.dcm"), str(tmp_path / "overlay.ppm")]
    subprocess.run(command, check=True, timeout=60, capture_output=True)
    data = (tmp_path / "overlay.ppm").read_bytes()
    assert data.endswith(drawn(making, making.findings.regions[0].shapes[0].on).tobytes())


def test_the_page_shows_the_image_beside_the_overlay() -> None:
    """Enlarged by whole pixels: the left half is the image as it is, the right one the overlay."""
    datasets = us_thyroid(size=128)
    making = run(datasets, findings(datasets))
    overlay, page = build_overlay(making)
    pixels = page.pixel_array
    on = places(datasets)[0]
    left, right = pixels[-512:, :512], pixels[-512:, -512:]
    assert (left[::4, ::4] == shown(making.source, on)).all()
    assert (right[3::4, 3::4] == overlay.pixel_array).all()


def test_a_page_of_pixels_that_are_not_square_is_in_proportion() -> None:
    """Pixels that are three times as high as wide are shown so."""
    datasets = ct_head(size=64, slices=1)
    datasets[0].PixelSpacing = [3, 1]
    page = build_overlay(run(datasets, findings(datasets)))[-1]
    head = page.Rows % 64
    assert (page.Rows - head) / ((page.Columns - 8) / 2) == pytest.approx(3, abs=0.2)


def test_an_inverted_image_looks_as_its_twin() -> None:
    """White for black in the file makes no difference to the picture."""
    pictures = []
    for inverted in (False, True):
        (ds,) = dx_extremity(size=64)
        if inverted:
            stored = np.frombuffer(ds.PixelData, np.uint16)
            ds.PixelData = (4095 - stored).tobytes()
            ds.PhotometricInterpretation, ds.PresentationLUTShape = "MONOCHROME1", "INVERSE"
        pictures.append(build_overlay(run([ds], findings([ds])))[0].pixel_array)
    assert (pictures[0] == pictures[1]).all()


def test_geometry_is_carried_over(tmp_path: Path) -> None:
    """An axial overlay lies where its slice lies; the page lies nowhere."""
    datasets = mr_head(size=32, slices=3)
    overlay, second, page = (
        read(ds, tmp_path) for ds in build_overlay(run(datasets, findings(datasets)))
    )
    for made, source in ((overlay, datasets[0]), (second, datasets[1])):
        for keyword in (
            "ImagePositionPatient",
            "ImageOrientationPatient",
            "PixelSpacing",
            "FrameOfReferenceUID",
            "SliceThickness",
            "BodyPartExamined",
        ):
            assert made[keyword].value == source[keyword].value
        assert made.PatientOrientation == ["L", "P"]
    assert "ImagePositionPatient" not in page
    assert "PixelSpacing" not in page
    assert "FrameOfReferenceUID" not in page


def test_geometry_of_an_enhanced_frame_is_its_own(tmp_path: Path) -> None:
    """Position by frame, orientation and spacing shared, laterality in the anatomy's group."""
    datasets = SOURCES["ct-enhanced"]()
    on = Reference(
        SOPClassUID=datasets[0].SOPClassUID, SOPInstanceUID=datasets[0].SOPInstanceUID, frame=3
    )
    said = Classification(name=FRACTURE, value=Presence.PRESENT, references=(on,))
    back = read(build_overlay(bare(datasets, classifications=(said,)))[0], tmp_path)
    group = datasets[0].PerFrameFunctionalGroupsSequence[2]
    assert back.ImagePositionPatient == group.PlanePositionSequence[0].ImagePositionPatient
    assert back.ImageLaterality == "U"
    assert back.AnatomicRegionSequence[0].CodeMeaning == "Head"
    assert back.SourceImageSequence[0].ReferencedFrameNumber == 3
    assert "PerFrameFunctionalGroupsSequence" not in back


def test_a_projection_keeps_its_spacing_at_the_detector(tmp_path: Path) -> None:
    """Orientation, side and body part are the source's; no spacing in the patient is invented."""
    datasets = dx_extremity(size=64)
    back = read(build_overlay(run(datasets, findings(datasets)))[0], tmp_path)
    source = datasets[0]
    assert back.ImagerPixelSpacing == source.ImagerPixelSpacing
    assert "PixelSpacing" not in back
    assert (back.PatientOrientation, back.ImageLaterality) == (["L", "F"], "R")
    assert back.BodyPartExamined == "HAND"


@pytest.mark.parametrize("said", ["YES", "NO", None])
def test_burned_in_text_is_flagged_as_the_source_says(said: str | None, tmp_path: Path) -> None:
    """Our own text identifies nobody; what the source does not know, we do not know."""
    datasets = us_thyroid(size=64)
    del datasets[0].BurnedInAnnotation
    if said:
        datasets[0].BurnedInAnnotation = said
    for ds in build_overlay(run(datasets, findings(datasets))):
        assert read(ds, tmp_path).get("BurnedInAnnotation") == said


def test_lossy_compression_is_not_forgotten(tmp_path: Path) -> None:
    """What a JPEG has lost, its overlay has lost."""
    datasets = SOURCES["photograph-jpeg"]()
    back = read(build_overlay(run(datasets, findings(datasets)))[0], tmp_path)
    assert back.LossyImageCompression == "01"
    assert back.LossyImageCompressionMethod == "ISO_10918_1"
    assert back.LossyImageCompressionRatio == datasets[0].LossyImageCompressionRatio


def test_the_source_is_named(tmp_path: Path) -> None:
    """Which frame of which instance it was made from, and what was done."""
    datasets = us_thyroid(size=64, frames=4)
    made = build_overlay(run(datasets, findings(datasets)))
    frames = []
    for ds in made:
        back = read(ds, tmp_path)
        item = back.SourceImageSequence[0]
        assert item.ReferencedSOPInstanceUID == datasets[0].SOPInstanceUID
        assert item.PurposeOfReferenceCodeSequence[0].CodeValue == "121322"
        assert "fracture 1.2.0" in back.DerivationDescription
        assert list(back.ImageType) == ["DERIVED", "SECONDARY"]
        assert back.ReferencedSeriesSequence[0].SeriesInstanceUID == datasets[0].SeriesInstanceUID
        frames.append(item.ReferencedFrameNumber)
    assert frames == [1, 3, 1]


def test_windows_of_frames_are_used() -> None:
    """Each frame is shown by the window in its own functional group."""
    datasets = enhanced()
    making = run(datasets, findings(datasets))
    first, third, _ = build_overlay(making)
    for ds, on in zip((first, third), places(datasets), strict=True):
        untouched = shown(making.source, on)[-6:-4]
        assert (ds.pixel_array[-6:-4] == untouched).all(axis=-1).mean() > 0.5


def test_compressed_sources_give_the_same_pixels() -> None:
    """The transfer syntax of the source makes no difference."""
    native, packed = (dx_extremity(size=64) for _ in range(2))
    encode(packed, "jpeg2000")
    one, other = (build_overlay(run(ds, findings(ds))) for ds in (native, packed))
    assert [ds.PixelData for ds in one] == [ds.PixelData for ds in other]


def test_the_same_arguments_give_the_same_bytes(tmp_path: Path) -> None:
    """A job that is done twice sends the same objects."""
    written = []
    for _ in range(2):
        datasets = SOURCES["us-cine"]()
        for number, ds in enumerate(build_overlay(run(datasets, FINDINGS["fracture"](datasets)))):
            read(ds, tmp_path, str(number))
        written.append([path.read_bytes() for path in sorted(tmp_path.iterdir())])
    assert written[0] == written[1]


def test_a_finding_that_names_no_frame_is_shown_on_the_first_image() -> None:
    """A judgement of the study has to be seen somewhere."""
    datasets = ct_head(size=32, slices=3)
    said = Classification(name=FRACTURE, value=Presence.PRESENT, probability=0.5)
    overlay, _ = build_overlay(bare(datasets, classifications=(said,)))
    named = overlay.SourceImageSequence[0].ReferencedSOPInstanceUID
    assert named == datasets[0].SOPInstanceUID


def test_very_many_frames_are_limited_to_the_highest_scores() -> None:
    """Those with the lowest scores are left out, and the overlay says so."""
    datasets = us_thyroid(size=48, frames=MOST_FRAMES + 8)
    (region,) = findings(datasets).regions[1:2]
    frames = range(1, MOST_FRAMES + 9)
    on = [replace(places(datasets)[0], frame=frame) for frame in frames]
    regions = tuple(
        replace(
            region,
            tracking=f"r-{place.frame}",
            score=0.9 - 0.01 * (place.frame or 0),
            shapes=(Box(on=place, left=5, top=20, right=20, bottom=30),),
        )
        for place in on
    )
    made, left_out = overlaid(bare(datasets, regions=regions))
    assert len(made) == MOST_FRAMES + 1
    shown_frames = [ds.SourceImageSequence[0].ReferencedFrameNumber for ds in made]
    assert shown_frames == [*range(1, MOST_FRAMES + 1), 1]
    assert left_out == [
        f"The overlay shows {MOST_FRAMES} of {MOST_FRAMES + 8} images with findings: "
        "those with the highest scores."
    ]
    assert left_out[0] in made[0].DerivationDescription


def test_a_source_that_cannot_be_decoded_gives_a_reason() -> None:
    """There is no overlay of an image whose pixels are not to be had."""
    datasets = ct_head(size=16, slices=1)
    del datasets[0].PixelData
    with pytest.raises(NotMade, match="cannot be decoded"):
        build_overlay(run(datasets, findings(ct_head(size=32, slices=1))))


def test_frames_that_can_be_decoded_are_shown_all_the_same() -> None:
    """One broken slice does not cost the others, and is told of."""
    datasets = ct_head(size=32, slices=3)
    del datasets[0].PixelData
    made, left_out = overlaid(making(datasets))
    assert len(made) == 2
    assert left_out == [
        "The overlay leaves out an image with findings: the image's pixels cannot be decoded."
    ]
