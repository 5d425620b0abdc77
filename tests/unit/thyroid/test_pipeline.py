"""What the pipeline makes of a study: nodules, sizes, judgements, doubts and refusals."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipelines.contract import Findings, Mask, Presence
from pipelines.thyroid.notes import NO_OUTLINES
from pipelines.thyroid.pipeline import explained_at
from tests.unit.intake_check.stored import codes, note
from tests.unit.radiographs.stored import study_of
from tests.unit.thyroid.conftest import THRESHOLDS, Made, Plain
from tests.unit.thyroid.drawn import SIZE, neck, run, spot

MM = 10 * 4.0 / SIZE
"""Of a pixel of the phantom."""


def test_a_suspicious_nodule_is_present(pipeline: Made, tmp_path: Path) -> None:
    """It is outlined on its frame, measured, judged, explained, and raises the alert."""
    made = run(pipeline(), tmp_path, neck([spot(0.9)]))
    study, nodule = made.classifications
    assert (study.value, nodule.value) == (Presence.PRESENT, Presence.PRESENT)
    assert study.probability == nodule.probability == pytest.approx(0.9, abs=0.02)
    assert study.calibrated
    assert study.threshold == 0.5
    assert nodule.region == "nodule-1"
    (region,) = made.regions
    assert region.label == "Nodule 1 90 %"
    (shape,) = region.shapes
    assert isinstance(shape, Mask)
    assert shape.raster.array.shape == (SIZE, SIZE)
    assert shape.raster.array[150, 128]
    assert made.risk is not None
    assert made.risk.meaning == "High risk"
    assert "biopsy" in made.recommendation
    assert made.alert.startswith("A suspicious thyroid nodule is likely: probability 90 %")
    assert "Not a medical device" in made.limits
    assert [one.explains.meaning for one in made.heatmaps] == ["Suspicious thyroid nodule"]


def test_a_nodule_has_a_size_in_millimetres(pipeline: Made, tmp_path: Path) -> None:
    """By the scale of the region it lies in, on the frame that it was measured on."""
    made = run(pipeline(), tmp_path, neck([spot(0.9, radius=32)]))
    found = {one.name: one for one in made.measurements}
    assert found["Long axis"].value == pytest.approx(64 * MM, abs=0.3)
    assert found["Short axis"].value == pytest.approx(64 * MM, abs=0.3)
    assert found["Area"].value == pytest.approx(np.pi * (32 * MM) ** 2, rel=0.02)
    assert found["Height to width"].value == pytest.approx(1, abs=0.02)
    assert [one.unit for one in found.values()] == ["mm", "mm", "mm2", "1"]
    assert {one.region for one in made.measurements} == {"nodule-1"}
    assert "mm" in made.summary
    assert "no-scale" not in codes(made)


def test_without_a_scale_sizes_are_in_pixels(pipeline: Made, tmp_path: Path) -> None:
    """And a note says so."""
    ds = neck([spot(0.9, radius=32)])
    for keyword in ("PhysicalUnitsXDirection", "PhysicalUnitsYDirection"):
        setattr(ds.SequenceOfUltrasoundRegions[0], keyword, 0)
    made = run(pipeline(), tmp_path, ds)
    found = {one.name: one for one in made.measurements}
    assert found["Long axis"].value == pytest.approx(64, abs=2)
    assert found["Long axis"].unit == "{pixels}"
    assert "pixels" in made.summary
    assert "in pixels" in note(made, "no-scale").text


def test_a_harmless_nodule_is_absent_and_shown(pipeline: Made, tmp_path: Path) -> None:
    """It is outlined all the same, at low risk; its map explains why it looks benign."""
    made = run(pipeline(), tmp_path, neck([spot(0.1)]))
    assert [one.value for one in made.classifications] == [Presence.ABSENT, Presence.ABSENT]
    assert len(made.regions) == 1
    assert made.alert == ""
    assert made.risk is not None
    assert made.risk.meaning == "Low risk"
    assert made.recommendation == "Routine monitoring."
    assert made.heatmaps[0].explains.meaning == "Benign looking thyroid nodule"
    assert made.summary.startswith("Thyroid nodule: not suspicious (probability 10 %, low risk)")


def test_several_nodules_are_told_apart(pipeline: Made, tmp_path: Path) -> None:
    """The gravest is the first, and speaks for the study; that is not called calibrated."""
    ds = neck([spot(0.1, column=70, radius=35), spot(0.9, column=190, radius=20)])
    made = run(pipeline(), tmp_path, ds)
    study, first, second = made.classifications
    assert (first.region, first.value) == ("nodule-1", Presence.PRESENT)
    assert (second.region, second.value) == ("nodule-2", Presence.ABSENT)
    assert study.probability == first.probability
    assert (study.calibrated, first.calibrated) == (False, True)
    assert "the gravest of 2" in made.summary
    assert len(made.heatmaps) == 1


def test_a_nodule_is_followed_through_a_loop(pipeline: Made, tmp_path: Path) -> None:
    """It is one region with a mask on each kept frame; its probability is their mean."""
    radius = [12, 16, 20, 26, 32, 36, 36, 32, 26, 20, 16, 12]
    frames = [[spot(0.6 + r / 200, radius=r)] for r in radius]
    made = run(pipeline(), tmp_path, neck(*frames))
    (region,) = made.regions
    kept = [shape.on.frame for shape in region.shapes]
    assert len(kept) == 3
    assert 1 not in kept
    assert {6, 7} & set(kept)
    study, _ = made.classifications
    assert not study.calibrated
    assert study.probability == pytest.approx(0.6 + 0.17, abs=0.05)
    assert "3 of the 12 pictures" in note(made, "frames-chosen").text


def test_nodules_of_two_images_are_not_said_to_be_one(pipeline: Made, tmp_path: Path) -> None:
    """The same outline twice is two nodules, and a note says why."""
    made = run(pipeline(), tmp_path, neck([spot(0.9)]), neck([spot(0.7, row=140)]))
    assert len(made.regions) == 2
    assert "which of them" in note(made, "not-matched").text


def test_the_side_is_the_header_s(pipeline: Made, tmp_path: Path) -> None:
    """Where it says one; an absence holds on a side only where all nodules are on it."""
    left = neck([spot(0.1)], Laterality="L")
    made = run(pipeline(), tmp_path, left)
    assert made.classifications[0].says.endswith("in left thyroid")
    assert made.regions[0].site is not None
    assert made.regions[0].site.says == "left thyroid"
    right = neck([spot(0.1, column=60, radius=35)], Laterality="R")
    both = run(pipeline(), tmp_path, left, right)
    assert both.classifications[0].says.endswith("in thyroid")


def test_shape_is_told_where_the_card_has_a_cut(pipeline: Made, tmp_path: Path) -> None:
    """What the card does not vouch for is not said, whatever the model gives out."""
    plain = run(pipeline(), tmp_path, neck([spot(0.9)]))
    assert len(plain.classifications) == 2
    settings = {"features": {"solid": 0.5, "hypoechoic": 0.5, "colour": 0.5, "irregular": 0.5}}
    made = run(pipeline(of={"settings": settings}), tmp_path, neck([spot(0.9)]))
    told = [(one.name.meaning, one.value) for one in made.classifications[2:]]
    assert told == [("Solid", Presence.PRESENT), ("Hypoechoic", Presence.ABSENT)]
    assert {one.notable for one in made.classifications[2:]} == {False}


@pytest.mark.parametrize(
    ("options", "risk", "recommended"),
    [
        ({}, "Moderate risk", "Have a specialist look at it, and repeat the ultrasound soon."),
        ({"recommend": False}, "Moderate risk", ""),
        ({"recommendations": {"moderate": "Ask Anna."}}, "Moderate risk", "Ask Anna."),
        ({"risk_levels": {"high": 0.55}}, "High risk", "See a thyroid specialist without delay;"),
    ],
)
def test_risk_and_recommendation_are_the_site_s(
    pipeline: Made, tmp_path: Path, options: dict[str, Any], risk: str, recommended: str
) -> None:
    """Levels and texts can be changed, and texts switched off."""
    made = run(pipeline(**options), tmp_path, neck([spot(0.6)]))
    assert made.risk is not None
    assert made.risk.meaning == risk
    assert made.recommendation.startswith(recommended)
    assert bool(made.recommendation) == bool(recommended)


@pytest.mark.parametrize(
    ("options", "value", "alerts"),
    [
        ({"threshold": 0.99}, Presence.ABSENT, False),
        ({"operating_point": "strict"}, Presence.ABSENT, False),
        ({"alert_threshold": 0.99}, Presence.PRESENT, False),
        ({"threshold": 0.0, "alert_threshold": 0.0}, Presence.PRESENT, True),
    ],
)
def test_thresholds_are_the_site_s(
    pipeline: Made, tmp_path: Path, options: dict[str, Any], value: Presence, alerts: bool
) -> None:
    """An operating point of the card or a number of the site's own decides, for alerts too."""
    made = run(pipeline(**options), tmp_path, neck([spot(0.9)]))
    assert made.classifications[0].value is value
    assert bool(made.alert) is alerts


def test_the_order_of_images_changes_nothing(pipeline: Made, tmp_path: Path) -> None:
    """However the instances of a study came in, the findings are equal in every number."""
    chances = (0.9, 0.2, 0.4, 0.1)
    datasets = [neck([spot(chance, row=130 + 9 * n)]) for n, chance in enumerate(chances)]
    study = study_of([*datasets, neck(*([spot(0.3)] for _ in range(4)))], tmp_path)
    one = pipeline().run(study, lambda fraction, doing: None)
    turned = tuple(
        replace(series, instances=series.instances[::-1]) for series in study.series[::-1]
    )
    other = pipeline().run(replace(study, series=turned), lambda fraction, doing: None)
    assert one == other


def test_findings_survive_the_database(pipeline: Made, tmp_path: Path) -> None:
    """They are plain values and back."""
    made = run(pipeline(), tmp_path, neck([spot(0.9)]))
    assert Findings.from_dict(made.to_dict()) == made


def test_heat_maps_are_of_the_layer_that_the_site_names(pipeline: Made, tmp_path: Path) -> None:
    """The report names it; a model that cannot choose says so."""
    thyroid = pipeline()
    with pytest.raises(ValueError, match="no layer other"):
        explained_at(thyroid.model, "other")
    thyroid.model = explained_at(thyroid.model, "only")
    made = run(thyroid, tmp_path, neck([spot(0.9)]))
    assert [one.layer for one in made.heatmaps] == ["only"]
    with pytest.raises(ValueError, match="cannot be chosen"):
        explained_at(Plain(thyroid.model.card), "only")


def test_names_and_thresholds_are_told(pipeline: Made, tmp_path: Path) -> None:
    """A report says by which rules it was judged."""
    made = run(pipeline(kept_frames=2), tmp_path, neck([spot(0.9)]))
    told = made.algorithm.parameters
    assert told["operating_point"] == "default"
    assert told["threshold"] == f"{THRESHOLDS['default']:.4f}"
    assert told["risk_levels"] == "0.7500 0.5000 0.2500"
    assert told["kept_frames"] == "2"


def test_a_model_without_outlines_judges_whole_pictures(pipeline: Made, tmp_path: Path) -> None:
    """No regions, no sizes; the report says what such a model cannot do."""
    thyroid = pipeline()
    thyroid.model = Plain(thyroid.model.card)
    made = run(thyroid, tmp_path, neck([]))
    (study,) = made.classifications
    assert (study.value, study.probability, study.calibrated) == (Presence.PRESENT, 0.7, True)
    assert (made.regions, made.measurements, made.heatmaps) == ((), (), ())
    assert {"no-gate", "no-nodule", "no-heat-map"} <= codes(made)
    assert note(made, "no-heat-map").text == "It gives no gradients."
    assert note(made, "no-nodule").text == NO_OUTLINES
    several = run(thyroid, tmp_path, *[neck([])] * 3, neck([spot(0.5)]))
    assert note(several, "frames-chosen").text.endswith("are judged: the best pictures.")
    assert not several.classifications[0].calibrated
