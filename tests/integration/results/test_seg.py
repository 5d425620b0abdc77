"""Segmentations: what is read from them is what was found, where it was found."""

from __future__ import annotations

from pathlib import Path

import highdicom as hd
import numpy as np
import pytest
from pydicom import dcmread
from pydicom.pixels.utils import pixel_array

from bench.phantoms import ct_head, dx_extremity, us_thyroid
from pipelines.contract import (
    Box,
    Concept,
    Contour,
    Mask,
    Polygon,
    Raster,
    Reference,
    Region,
    Side,
    Site,
)
from results.context import NotMade
from results.planes.seg import build_seg
from tests.integration.results.volumes import (
    IN_SPACE,
    NODULE,
    NOWHERE,
    SOURCES,
    enhanced,
    frames,
    making,
    masks,
    patch,
    position_of,
    region,
    soft,
    stored,
    write,
)
from tests.peers.validators import dciodvfy, dciodvfy_warnings, dcmdump


@pytest.mark.parametrize("kind", SOURCES)
def test_others_find_no_error(kind: str, tmp_path: Path) -> None:
    """Of any source, yes-or-no and fractional: dciodvfy finds nothing, and DCMTK reads all."""
    datasets = SOURCES[kind]()
    run = making(datasets, regions=(region(datasets), region(datasets, "n-2", 3), soft(datasets)))
    made = build_seg(run)
    assert [ds.SegmentationType for ds in made] == ["BINARY", "FRACTIONAL"]
    for ds in made:
        path = write(ds, tmp_path)
        assert dciodvfy(path) == []
        assert dciodvfy_warnings(path) == []
        assert "SegmentSequence" in dcmdump(path)


@pytest.mark.parametrize("kind", SOURCES)
def test_every_frame_of_the_source_has_its_mask_back(kind: str, tmp_path: Path) -> None:
    """Each segment's frame names the source's frame it was found on, and is that mask exactly."""
    datasets = SOURCES[kind]()
    run = making(datasets, regions=(region(datasets), region(datasets, "nodule-2", 3)))
    (made,) = build_seg(run)
    ds = dcmread(write(made, tmp_path))
    found = stored(ds)
    assert len(found) == 2 * len(list(frames(datasets)))
    for number, first in ((1, 0), (2, 3)):
        for (uid, frame), mask in masks(datasets, first).items():
            np.testing.assert_array_equal(found[number, uid, frame], mask)
    assert (ds.Rows, ds.Columns) == (datasets[0].Rows, datasets[0].Columns)
    assert ds.SegmentsOverlap == "YES"


@pytest.mark.parametrize("kind", IN_SPACE)
def test_every_frame_lies_where_its_source_lies(kind: str, tmp_path: Path) -> None:
    """Position, direction and pixel size of each frame are those of the frame it is about."""
    datasets = IN_SPACE[kind]()
    (made,) = build_seg(making(datasets, regions=(region(datasets),)))
    ds = dcmread(write(made, tmp_path))
    shared = ds.SharedFunctionalGroupsSequence[0]
    assert ds.FrameOfReferenceUID == datasets[0].FrameOfReferenceUID
    for group in ds.PerFrameFunctionalGroupsSequence:
        (of,) = group.DerivationImageSequence[0].SourceImageSequence
        on = Reference(
            SOPClassUID=of.ReferencedSOPClassUID,
            SOPInstanceUID=of.ReferencedSOPInstanceUID,
            frame=of.get("ReferencedFrameNumber"),
        )
        lies = group.PlanePositionSequence[0].ImagePositionPatient
        np.testing.assert_allclose([float(p) for p in lies], position_of(datasets, on), atol=1e-6)
    if kind != "ct-enhanced":
        orientation = shared.PlaneOrientationSequence[0].ImageOrientationPatient
        assert orientation == datasets[0].ImageOrientationPatient
        measures = shared.PixelMeasuresSequence[0]
        assert list(measures.PixelSpacing) == pytest.approx(list(datasets[0].PixelSpacing))
        assert measures.SliceThickness == datasets[0].SliceThickness


@pytest.mark.parametrize("kind", SOURCES)
def test_highdicom_reads_the_same(kind: str, tmp_path: Path) -> None:
    """highdicom's own reader gives the masks back, by the frames of the source."""
    datasets = SOURCES[kind]()
    run = making(datasets, regions=(region(datasets), region(datasets, "nodule-2", 3)))
    (made,) = build_seg(run)
    seg = hd.seg.segread(write(made, tmp_path))
    wanted = [np.stack(list(masks(datasets, first).values())) for first in (0, 3)]
    if any("NumberOfFrames" in ds for ds in datasets):
        count = len(wanted[0])
        pixels = seg.get_pixels_by_source_frame(
            datasets[0].SOPInstanceUID,
            list(range(1, count + 1)),
            ignore_spatial_locations=True,
        )
    else:
        pixels = seg.get_pixels_by_source_instance([ds.SOPInstanceUID for ds in datasets])
    np.testing.assert_array_equal(pixels, np.stack(wanted, axis=-1))
    assert seg.get_segment_numbers(tracking_id="nodule-2") == [2]


@pytest.mark.parametrize("kind", ["ct", "ct-tilted", "ct-oblique", "mr"])
def test_highdicom_used_plainly_makes_the_same(kind: str) -> None:
    """Frames, their order, places and pixels are those that highdicom gives dense arrays."""
    datasets = IN_SPACE[kind]()
    run = making(datasets, regions=(region(datasets), region(datasets, "nodule-2", 3)))
    (ours,) = build_seg(run)
    dense = [np.stack(list(masks(datasets, first).values())) for first in (0, 3)]
    plain = hd.seg.Segmentation(
        source_images=datasets,
        pixel_array=np.stack(dense, axis=-1).astype(np.uint8),
        segmentation_type="BINARY",
        segment_descriptions=[
            hd.seg.SegmentDescription.from_dataset(item) for item in ours.SegmentSequence
        ],
        series_instance_uid=ours.SeriesInstanceUID,
        series_number=1,
        sop_instance_uid=ours.SOPInstanceUID,
        instance_number=1,
        manufacturer="m",
        manufacturer_model_name="m",
        software_versions="1",
        device_serial_number="1",
    )
    assert ours.PixelData == plain.PixelData
    assert ours.SegmentsOverlap == plain.SegmentsOverlap
    assert ours.PerFrameFunctionalGroupsSequence == plain.PerFrameFunctionalGroupsSequence
    shared = [ds.SharedFunctionalGroupsSequence[0] for ds in (ours, plain)]
    assert shared[0].PlaneOrientationSequence == shared[1].PlaneOrientationSequence
    if kind == "ct-tilted":  # the distance along the normal, which highdicom leaves out here
        measures = shared[0].PixelMeasuresSequence[0]
        assert measures.SpacingBetweenSlices == pytest.approx(5 * np.cos(np.radians(15)), abs=1e-5)
        del measures.SpacingBetweenSlices
    assert shared[0].PixelMeasuresSequence == shared[1].PixelMeasuresSequence
    assert len(ours.ReferencedSeriesSequence) == len(plain.ReferencedSeriesSequence) == 1


@pytest.mark.parametrize("kind", NOWHERE)
def test_without_a_place_none_is_invented(kind: str) -> None:
    """A source that lies nowhere gives a segmentation that lies nowhere."""
    datasets = NOWHERE[kind]()
    (ds,) = build_seg(making(datasets, regions=(region(datasets),)))
    assert "FrameOfReferenceUID" not in ds
    assert "PlaneOrientationSequence" not in ds.SharedFunctionalGroupsSequence[0]
    for group in ds.PerFrameFunctionalGroupsSequence:
        assert "PlanePositionSequence" not in group
        (of,) = group.DerivationImageSequence[0].SourceImageSequence
        assert of.SpatialLocationsPreserved == "YES"


def test_only_frames_with_something_in_them_are_there() -> None:
    """An empty mask gives no frame, and a region of empty masks gives no segment."""
    datasets = ct_head(size=16, slices=3)
    ons = [on for on, _, _ in frames(datasets)]
    nothing, something = np.zeros((16, 16), np.bool_), patch(16, 16, 0)
    empty = Region(
        tracking="empty",
        type=NODULE,
        label="Empty",
        shapes=tuple(Mask(on=on, raster=Raster.of(nothing)) for on in ons),
    )
    one = Region(
        tracking="one",
        type=NODULE,
        label="One",
        shapes=tuple(
            Mask(on=on, raster=Raster.of(raster))
            for on, raster in zip(ons, (nothing, something, nothing), strict=True)
        ),
    )
    (ds,) = build_seg(making(datasets, regions=(empty, one)))
    assert [item.SegmentLabel for item in ds.SegmentSequence] == ["One"]
    assert list(stored(ds)) == [(1, ons[1].SOPInstanceUID, 1)]
    assert "SpacingBetweenSlices" not in ds.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence
    with pytest.raises(NotMade, match="nothing to segment"):
        build_seg(making(datasets, regions=(empty,)))
    with pytest.raises(NotMade, match="nothing to segment"):
        build_seg(making(datasets))


def test_boxes_polygons_and_lines_are_areas() -> None:
    """Shapes cover the pixels whose centres they hold, an open line those it touches."""
    datasets = dx_extremity(size=32)
    (on, rows, columns) = next(frames(datasets))
    shapes = (
        Box(on=on, left=2, top=3, right=10, bottom=6),
        Polygon(on=on, points=((12, 12), (20, 12), (20, 16), (12, 16))),
        Contour(on=on, points=((0.5, 20.5), (5.5, 20.5))),
    )
    (ds,) = build_seg(
        making(
            datasets,
            regions=(Region(tracking="a", type=NODULE, label="A", shapes=shapes),),
        )
    )
    wanted = np.zeros((rows, columns), np.bool_)
    wanted[3:6, 2:10] = wanted[12:16, 12:20] = wanted[20, 0:6] = True
    np.testing.assert_array_equal(stored(ds)[1, on.SOPInstanceUID, 1], wanted)


def test_levels_are_kept_to_the_255th() -> None:
    """A fractional mask is stored as how likely each pixel is, in 255 steps."""
    datasets = ct_head(size=16, slices=1)
    (on, _, _) = next(frames(datasets))
    levels = np.linspace(0, 1, 256, dtype=np.float32).reshape(16, 16)
    shapes = (Mask(on=on, raster=Raster.of(levels)), Box(on=on, left=0, top=0, right=2, bottom=1))
    (ds,) = build_seg(
        making(datasets, regions=(Region(tracking="a", type=NODULE, label="A", shapes=shapes),))
    )
    assert (ds.SegmentationFractionalType, ds.MaximumFractionalValue) == ("PROBABILITY", 255)
    wanted = np.arange(256).reshape(16, 16)
    wanted[0, :2] = 255
    np.testing.assert_array_equal(pixel_array(ds).squeeze(), wanted)


def test_a_segment_says_what_it_is_and_who_says_so() -> None:
    """Label, codes, anatomy, tracking and algorithm are those of the findings."""
    datasets = us_thyroid(size=64)
    lobe = Concept(value="69748006", scheme="SCT", meaning="Thyroid gland")
    found = Region(
        tracking="nodule-1",
        type=Concept(value="mine", scheme="99MINE", meaning="Of mine → ü"),
        label="Nodule, left lobe " + "x" * 99,
        shapes=region(datasets).shapes,
        site=Site(anatomy=lobe, laterality=Side.RIGHT),
    )
    run = making(datasets, regions=(found,))
    (ds,) = build_seg(run)
    (segment,) = ds.SegmentSequence
    assert segment.SegmentLabel.startswith("Nodule, left lobe x")
    assert len(segment.SegmentLabel) == 64
    assert segment.SegmentedPropertyTypeCodeSequence[0].CodeMeaning == "Of mine ? u"
    (place,) = segment.AnatomicRegionSequence
    assert place.CodeValue == "69748006"
    assert [side.CodeValue for side in place.AnatomicRegionModifierSequence] == ["24028007"]
    assert (segment.TrackingID, segment.TrackingUID) == ("nodule-1", run.tracking_uid("nodule-1"))
    assert (segment.SegmentAlgorithmType, segment.SegmentAlgorithmName) == ("AUTOMATIC", "finder")
    (algorithm,) = segment.SegmentationAlgorithmIdentificationSequence
    assert algorithm.AlgorithmFamilyCodeSequence[0].CodeValue == "123110"
    assert (algorithm.AlgorithmVersion, algorithm.AlgorithmSource) == ("2.1", "Makers")
    assert algorithm.AlgorithmParameters == "digest=sha256:0123"
    schemes = [item.CodingSchemeDesignator for item in ds.CodingSchemeIdentificationSequence]
    assert schemes == ["99MINE"]


def test_the_same_arguments_give_the_same_bytes(tmp_path: Path) -> None:
    """Made twice it is the same file; with the slices in another order, the same pixels."""
    written = []
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        datasets = enhanced()
        (ds,) = build_seg(making(datasets, regions=(region(datasets),)))
        written.append(write(ds, tmp_path / name).read_bytes())
    assert written[0] == written[1]
    forward, backward = ct_head(size=24, slices=4), ct_head(size=24, slices=4)[::-1]
    one, other = (
        build_seg(making(order, regions=(region(forward),)))[0] for order in (forward, backward)
    )
    assert one.PixelData == other.PixelData
    assert one.PerFrameFunctionalGroupsSequence == other.PerFrameFunctionalGroupsSequence
