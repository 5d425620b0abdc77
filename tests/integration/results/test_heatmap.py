"""Parametric maps: each frame's heat lies where the frame lies, and says what it explains."""

from __future__ import annotations

from pathlib import Path

import highdicom as hd
import numpy as np
import pytest
from numpy.typing import NDArray
from pydicom import Dataset, dcmread

from bench.phantoms import ct_head, dx_extremity
from pipelines.contract import Concept, HeatMap, Raster, Reference
from results import codes
from results.context import NotMade
from results.planes.heatmap import build_heatmap, stretched
from tests.integration.results.volumes import (
    IN_SPACE,
    NODULE,
    NOWHERE,
    enhanced,
    frames,
    making,
    position_of,
    write,
)
from tests.peers.validators import dciodvfy, dciodvfy_warnings

QUANTITY = "Unrecognized defined term <QUANTITY>"
LATERALITY = "only permitted to be empty when actually unknown"


def coarse(number: int, rows: int = 7, columns: int = 5) -> NDArray[np.float32]:
    """A small map like no other."""
    return np.random.default_rng(number).random((rows, columns), dtype=np.float32)


def heat(datasets: list[Dataset], **said: object) -> tuple[HeatMap, ...]:
    """A map on every frame."""
    return tuple(
        HeatMap(on=on, raster=Raster.of(coarse(number)), explains=NODULE, **said)  # type: ignore[arg-type]
        for number, (on, _, _) in enumerate(frames(datasets))
    )


@pytest.mark.parametrize("kind", IN_SPACE)
def test_others_find_no_error(kind: str, tmp_path: Path) -> None:
    """dciodvfy finds no error, and warns of a newer term and of a side that nobody knows."""
    datasets = IN_SPACE[kind]()
    (ds,) = build_heatmap(making(datasets, heatmaps=heat(datasets)))
    path = write(ds, tmp_path)
    assert dciodvfy(path) == []
    warnings = dciodvfy_warnings(path)
    assert [line for line in warnings if QUANTITY not in line and LATERALITY not in line] == []


@pytest.mark.parametrize("kind", IN_SPACE)
def test_every_frame_has_its_map_at_its_place(kind: str, tmp_path: Path) -> None:
    """Found by the source's frame and by position: the map that was said of it, stretched."""
    datasets = IN_SPACE[kind]()
    (made,) = build_heatmap(making(datasets, heatmaps=heat(datasets)))
    ds = dcmread(write(made, tmp_path))
    numbers = {
        (on.SOPInstanceUID, on.frame or 1): n for n, (on, _, _) in enumerate(frames(datasets))
    }
    pixels = np.frombuffer(ds.FloatPixelData, "<f4").reshape(-1, ds.Rows, ds.Columns)
    assert len(pixels) == len(numbers)
    for group, plane in zip(ds.PerFrameFunctionalGroupsSequence, pixels, strict=True):
        (of,) = group.DerivationImageSequence[0].SourceImageSequence
        key = of.ReferencedSOPInstanceUID, of.get("ReferencedFrameNumber", 1)
        wanted = stretched(coarse(numbers[key]), ds.Rows, ds.Columns)
        np.testing.assert_array_equal(plane, wanted)
        on = Reference(SOPClassUID="", SOPInstanceUID=key[0], frame=key[1])
        lies = [float(part) for part in group.PlanePositionSequence[0].ImagePositionPatient]
        assert lies == pytest.approx(position_of(datasets, on), abs=1e-6)


@pytest.mark.parametrize("kind", ["ct", "ct-oblique", "mr"])
def test_highdicom_reads_the_same_volume(kind: str, tmp_path: Path) -> None:
    """As a volume it lies on the source's volume, voxel for voxel."""
    datasets = IN_SPACE[kind]()
    (made,) = build_heatmap(making(datasets, heatmaps=heat(datasets)))
    volume = hd.imread(write(made, tmp_path)).get_volume()
    for number, ds in enumerate(datasets):
        indices = volume.map_reference_to_indices(np.array([ds.ImagePositionPatient], float))
        place = int(np.rint(indices[0, 0]))
        np.testing.assert_allclose(indices[0], [place, 0, 0], atol=1e-3)
        wanted = stretched(coarse(number), ds.Rows, ds.Columns)
        np.testing.assert_allclose(volume.array[place], wanted, atol=1e-6)


@pytest.mark.parametrize("kind", NOWHERE)
def test_without_a_place_there_is_none(kind: str) -> None:
    """A source that lies nowhere cannot carry one, and the reason says what serves instead."""
    datasets = NOWHERE[kind]()
    with pytest.raises(NotMade, match=r"no frame of reference.*the overlay shows"):
        build_heatmap(making(datasets, heatmaps=heat(datasets)))


def test_without_heat_maps_there_is_none() -> None:
    """Findings that explain nothing give a reason."""
    with pytest.raises(NotMade, match="no heat map"):
        build_heatmap(making(dx_extremity(size=32)))


@pytest.mark.parametrize(
    ("method", "code"),
    [
        ("Grad-CAM", "130403"),
        ("gradcam", "130403"),
        ("Grad-CAM++", "130403"),
        ("Saliency", "130404"),
        ("SHAP", "heat-map"),
    ],
)
def test_it_says_what_it_shows(method: str, code: str) -> None:
    """The mapping names the quantity, has no unit, and is the number that is stored."""
    datasets = ct_head(size=16, slices=2)
    maps = heat(datasets, method=method, layer="layer4")
    (ds,) = build_heatmap(making(datasets, heatmaps=maps))
    shared = ds.SharedFunctionalGroupsSequence[0]
    (mapping,) = shared.RealWorldValueMappingSequence
    assert mapping.QuantityDefinitionSequence[0].ConceptCodeSequence[0].CodeValue == code
    assert code == codes.method(method).value
    schemes = [i.CodingSchemeDesignator for i in ds.get("CodingSchemeIdentificationSequence", ())]
    assert schemes == (["99DICOMNODE"] if code == "heat-map" else [])
    assert mapping.MeasurementUnitsCodeSequence[0].CodeValue == "1"
    assert (mapping.RealWorldValueSlope, mapping.RealWorldValueIntercept) == (1, 0)
    assert mapping.LUTLabel == "Nodule"
    assert mapping.LUTExplanation == f"{method} for Nodule (layer4)"
    (window,) = shared.FrameVOILUTSequence
    assert (window.WindowCenter, window.WindowWidth) == (0.5, 1)
    assert window.VOILUTFunction == "LINEAR_EXACT"


def test_each_class_has_an_object_of_its_own() -> None:
    """Maps of two classes on the same frames are two objects, and a frame's second map a third."""
    datasets = ct_head(size=16, slices=2)
    other = Concept(value="72704001", scheme="SCT", meaning="Fracture")
    (on, _, _) = next(frames(datasets))
    maps = (
        *heat(datasets),
        HeatMap(on=on, raster=Raster.of(coarse(8)), explains=other),
        HeatMap(on=on, raster=Raster.of(coarse(9)), explains=NODULE),
    )
    made = build_heatmap(making(datasets, heatmaps=maps))
    assert [(ds.ContentDescription, int(ds.NumberOfFrames)) for ds in made] == [
        ("Grad-CAM for Nodule", 2),
        ("Grad-CAM for Fracture", 1),
        ("Grad-CAM for Nodule", 1),
    ]
    assert len({ds.SOPInstanceUID for ds in made}) == 3
    assert {ds.SeriesInstanceUID for ds in made} == {made[0].SeriesInstanceUID}


def test_the_same_arguments_give_the_same_bytes(tmp_path: Path) -> None:
    """Made twice, it is the same file."""
    written = []
    for _ in range(2):
        datasets = enhanced()
        (ds,) = build_heatmap(making(datasets, heatmaps=heat(datasets)))
        written.append(write(ds, tmp_path).read_bytes())
    assert written[0] == written[1]


def test_stretching_keeps_centres_and_corners() -> None:
    """Cells' centres keep their values where pixels lie on them; outside of them it is flat."""
    small = np.array([[0, 1], [0.5, 0.25]], np.float32)
    wide = stretched(small, 6, 6)
    assert wide.dtype == np.float32
    assert (wide[1, 1], wide[1, 4], wide[4, 1], wide[4, 4]) == (0, 1, 0.5, 0.25)
    assert (wide[0, 0], wide[0, 5], wide[5, 0], wide[5, 5]) == (0, 1, 0.5, 0.25)
    np.testing.assert_allclose(wide[1], [0, 0, 1 / 3, 2 / 3, 1, 1], atol=1e-6)
    assert stretched(small, 2, 2) is small
    one = np.full((1, 1), 0.5, np.float32)
    np.testing.assert_array_equal(stretched(one, 3, 4), np.full((3, 4), 0.5))
