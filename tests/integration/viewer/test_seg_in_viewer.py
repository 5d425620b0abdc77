"""Segmentations in Orthanc's web viewer: each frame is white where its mask is, and only there."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
from PIL import Image
from pydicom import Dataset, dcmread

from bench.phantoms import ct_head, dx_extremity, us_thyroid
from tests.integration.results.sources import frames, references
from tests.integration.viewer.page import Open, Picture
from tests.integration.viewer.studies import VOLUMES, Bits, found, letter, made, store
from tests.peers.orthanc import Orthanc


class Shown:
    """A segmentation as Orthanc keeps it and as its viewer shows it, frame by frame."""

    def __init__(self, seg: Dataset, orthanc: Orthanc, opened: Open) -> None:
        store(orthanc, [seg])
        (self.instance,) = orthanc.find(SOPInstanceUID=seg.SOPInstanceUID)
        self.ds = dcmread(BytesIO(orthanc.file(self.instance)))
        self.groups: list[Dataset] = list(self.ds.PerFrameFunctionalGroupsSequence)
        self.previews = [
            np.asarray(Image.open(BytesIO(answer.content)).convert("RGB"))
            for number in range(len(self.groups))
            for answer in [orthanc.get(f"/instances/{self.instance}/frames/{number}/preview")]
        ]
        with opened(seg.SeriesInstanceUID) as viewer:
            self.order = viewer.slices
            viewer.plainly()
            self.pictures = [
                viewer.shown(seg.SOPInstanceUID, number, zoom=4)
                for number in range(1, len(self.groups) + 1)
            ]


def white(mask: Bits) -> Picture:
    """The picture of a mask: white on black."""
    return np.repeat(mask[..., None] * np.uint8(255), 3, axis=-1)


def segment(group: Dataset) -> int:
    """The segment that a frame is of."""
    return int(group.SegmentIdentificationSequence[0].ReferencedSegmentNumber)


def position(ds: Dataset) -> tuple[float, ...]:
    """Where a slice lies."""
    return tuple(float(part) for part in ds.ImagePositionPatient)


def place(group: Dataset) -> tuple[float, ...]:
    """Where a frame lies."""
    return position(group.PlanePositionSequence[0])


def marked(mask: Bits, number: int) -> Bits:
    """The mask with a bar at its side that tells the number."""
    made = mask.copy()
    made[2 : 5 + 3 * number, 2:4] = True
    return made


@pytest.mark.parametrize("name", VOLUMES)
def test_each_plane_has_its_own_mask(name: str, orthanc: Orthanc, opened: Open) -> None:
    """White is where the mask of the slice at the frame's position is, in the planes' order.

    Two slices with nothing on them have no frame, and move no other one.
    """
    datasets = VOLUMES[name]()
    places = references(datasets)
    mask = letter(datasets[0].Rows, datasets[0].Columns)
    first = {on: marked(mask, number) for number, on in enumerate(places) if number != 1}
    first[places[4]] = np.zeros_like(mask)
    second = {on: marked(np.fliplr(mask), number) for number, on in enumerate(places[2:4])}
    (seg,) = made("seg", datasets, found(datasets, first, second))
    shown = Shown(seg, orthanc, opened)
    at = {position(ds): on for ds, on in zip(datasets, places, strict=True)}
    named = [(segment(group), at[place(group)]) for group in shown.groups]
    wanted = [white((first, second)[number - 1][on]) for number, on in named]
    assert len(set(named)) == 6
    assert shown.order == [f"{shown.instance}_{number}" for number in range(6)]
    assert np.array_equal(shown.pictures, wanted)
    assert np.array_equal(shown.previews, wanted)
    heights = [(segment(group), -height(group, datasets[0])) for group in shown.groups]
    assert heights == sorted(heights)


def height(group: Dataset, ds: Dataset) -> float:
    """How far along the slices' normal a frame lies."""
    across, down = np.reshape([float(part) for part in ds.ImageOrientationPatient], (2, 3))
    return float(np.dot(np.cross(across, down), place(group)))


def test_a_radiograph_has_its_mask(orthanc: Orthanc, opened: Open) -> None:
    """Without a frame of reference the one frame lies over the image as it is stored."""
    datasets = dx_extremity(seed=31, size=96)
    mask = letter(datasets[0].Rows, datasets[0].Columns)
    (seg,) = made("seg", datasets, found(datasets, {references(datasets)[0]: mask}))
    shown = Shown(seg, orthanc, opened)
    assert np.array_equal(shown.pictures, [white(mask)])
    assert np.array_equal(shown.previews, [white(mask)])


def test_frames_of_a_cine_keep_their_order(orthanc: Orthanc, opened: Open) -> None:
    """Each frame has the mask of the frame that it names; those with nothing are left out."""
    datasets = us_thyroid(seed=32, size=64, frames=5)
    mask = letter(64, 64)
    masks = {on: marked(mask, on.frame or 0) for on in frames(datasets) if on.frame in (5, 2, 3)}
    (seg,) = made("seg", datasets, found(datasets, masks))
    shown = Shown(seg, orthanc, opened)
    named = [
        group.DerivationImageSequence[0].SourceImageSequence[0].ReferencedFrameNumber
        for group in shown.groups
    ]
    assert named == [2, 3, 5]
    assert np.array_equal(shown.pictures, [white(marked(mask, number)) for number in named])


def test_levels_are_where_they_belong(orthanc: Orthanc, opened: Open) -> None:
    """A mask that says how much is shown in the same place: black, grey and white by level."""
    datasets = ct_head(seed=33, size=64, slices=3)
    level = letter(64, 64) * np.float32(0.6)
    level[34:42] /= 3
    level[50:] *= 1.5
    (seg,) = made("seg", datasets, found(datasets, {references(datasets)[1]: level}))
    shown = Shown(seg, orthanc, opened)
    (picture,) = shown.pictures
    assert len(np.unique(level)) == 4
    assert np.array_equal(picture[..., 0] > 0, level > 0.25)
    assert np.array_equal(picture[..., 0] == 255, level > 0.75)


def test_orthanc_shows_whole_bytes_alone(orthanc: Orthanc, opened: Open) -> None:
    """Where rows do not end with a byte it says that it cannot; what it keeps is right."""
    datasets = ct_head(seed=34, size=45, slices=3)
    masks = {on: marked(letter(45, 45), number) for number, on in enumerate(references(datasets))}
    (seg,) = made("seg", datasets, found(datasets, masks))
    store(orthanc, [seg])
    with opened(seg.SeriesInstanceUID) as viewer:
        assert "does not support the decoding" in viewer.complaint()
        assert not viewer.shows_a_picture
    (instance,) = orthanc.find(SOPInstanceUID=seg.SOPInstanceUID)
    kept = dcmread(BytesIO(orthanc.file(instance)))
    at = {position(ds): masks[on] for ds, on in zip(datasets, references(datasets), strict=True)}
    wanted = [at[place(group)] for group in kept.PerFrameFunctionalGroupsSequence]
    assert np.array_equal(kept.pixel_array, wanted)
