"""What the pipeline makes of a study: judgements, doubts, refusals and alerts."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom import Dataset
from pydicom.uid import generate_uid

from bench.phantoms import cr_skull, ct_head, dx_extremity
from pipelines.contract import Cancelled, Findings, Presence, Rejected, Retryable, Severity
from pipelines.fracture.doubts import AGE
from pipelines.fracture.pipeline import Fracture
from tests.unit.fracture.conftest import Made
from tests.unit.radiographs.stored import changed, put, study_of


def plain(level: int, **attributes: Any) -> Dataset:
    """A hand of an adult: from black to white, and nothing darker than this level but an edge."""
    (ds,) = dx_extremity(size=64)
    ramp = 255 * np.linspace(0, 1, 48) ** 6
    pixels = np.tile(np.maximum(ramp, level * (np.arange(48) > 2)), (64, 1)).astype(np.uint8)
    changed(ds, WindowCenter=None, WindowWidth=None, **{"PatientAge": "043Y", **attributes})
    ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    return put(ds, pixels)


BRIGHT, DARK = 200, 0
"""These levels give the small model a probability above a half, and one below."""


def run(pipeline: Fracture, folder: Path, *datasets: Dataset) -> Findings:
    """The findings on a study of these."""
    return pipeline.run(study_of(datasets, folder), lambda fraction, doing: None)


def test_a_likely_fracture_is_present(pipeline: Made, tmp_path: Path) -> None:
    """The judgement has probability, threshold, image and model digest, and raises the alert."""
    made = run(pipeline(), tmp_path, plain(BRIGHT))
    (judgement,) = made.classifications
    assert judgement.value is Presence.PRESENT
    assert judgement.probability is not None
    assert judgement.probability > 0.6
    assert judgement.threshold == 0.5
    assert not judgement.calibrated
    assert [one.SOPInstanceUID for one in judgement.references]
    assert len(made.algorithm.digest or "") == 64
    assert "no-gate" in {note.code for note in made.notes}
    assert made.summary.startswith("Fracture: present in right hand, PA")
    assert "likely" in made.alert
    assert "Not a medical device" in made.limits


def test_an_unlikely_fracture_is_absent_and_silent(pipeline: Made, tmp_path: Path) -> None:
    """No alert, no region, no heat map: there is nothing to point at."""
    made = run(pipeline(), tmp_path, plain(DARK))
    assert [one.value for one in made.classifications] == [Presence.ABSENT]
    assert made.alert == ""
    assert made.regions == ()
    assert made.heatmaps == ()


def test_the_likeliest_view_speaks_for_the_study(pipeline: Made, tmp_path: Path) -> None:
    """Two views: one judgement for the study and one for each, told apart by their names."""
    made = run(pipeline(), tmp_path, plain(DARK), plain(BRIGHT))
    assert [(one.tracking, one.value) for one in made.classifications] == [
        ("fracture", Presence.PRESENT),
        ("fracture-1", Presence.ABSENT),
        ("fracture-2", Presence.PRESENT),
    ]
    study, first, second = made.classifications
    assert study.probability == second.probability
    assert not study.calibrated
    assert set(study.references) == {*first.references, *second.references}
    assert "1 of 2 images" in made.summary


def test_a_sure_view_outweighs_a_doubtful_one(pipeline: Made, tmp_path: Path) -> None:
    """A fracture that is seen is not hidden by a view that could not be judged."""
    made = run(pipeline(), tmp_path, plain(BRIGHT), plain(255, PatientAge=None))
    assert made.classifications[0].value is Presence.PRESENT


@pytest.mark.parametrize(
    ("changes", "because"),
    [
        ({"PatientAge": None, "PatientBirthDate": ""}, AGE),
        ({"level": 255}, "poorly exposed"),
        ({"PresentationIntentType": "FOR PROCESSING"}, "for processing"),
    ],
)
def test_doubt_makes_it_indeterminate(
    pipeline: Made, tmp_path: Path, changes: dict[str, Any], because: str
) -> None:
    """'Indeterminate, because': the probability is told, and so is the reason."""
    made = run(pipeline(), tmp_path, plain(**({"level": BRIGHT} | changes)))
    (judgement,) = made.classifications
    assert judgement.value is Presence.INDETERMINATE
    assert because in judgement.because
    assert judgement.probability is not None
    assert because in made.summary


def test_an_unknown_age_may_be_a_note_only(pipeline: Made, tmp_path: Path) -> None:
    """A site may decide that its patients are of the age that its model knows."""
    image = plain(BRIGHT, PatientBirthDate="")
    made = run(pipeline(unknown_age="note"), tmp_path, changed(image, PatientAge=None))
    assert made.classifications[0].value is Presence.PRESENT
    assert [note.code for note in made.notes if note.code == "age-unknown"]


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
    made = run(pipeline(**options), tmp_path, plain(BRIGHT))
    assert made.classifications[0].value is value
    assert bool(made.alert) is alerts


def test_an_operating_point_that_the_card_lacks_is_refused(pipeline: Made) -> None:
    """The sentence names those there are."""
    with pytest.raises(Retryable, match="no operating point best; it has default, strict"):
        pipeline(operating_point="best")
    with pytest.raises(Retryable, match="no model mine; registered are"):
        pipeline(model="mine")


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"model": "mine"}, "There is no model mine; registered are: "),
        ({"operating_point": "best"}, "has no operating point best; it has default, strict"),
    ],
)
def test_wrong_choices_are_known_beforehand(site: Path, options: dict[str, Any], told: str) -> None:
    """Nobody has to send a patient's study to find them."""
    pipeline = Fracture()
    pipeline.configure({"model": "theirs", **options}, site)
    (problem,) = pipeline.problems()
    assert told in problem


def test_weights_that_are_not_the_card_s_are_known_beforehand(site: Path, tmp_path: Path) -> None:
    """Each file is read and compared; the right ones are no problem."""
    pipeline = Fracture()
    shutil.copytree(site, tmp_path / "models")
    pipeline.configure({"model": "theirs"}, tmp_path / "models")
    assert list(pipeline.problems()) == []
    (weights,) = (tmp_path / "models" / "theirs").glob("*.onnx")
    weights.write_bytes(weights.read_bytes() + b" ")
    (problem,) = pipeline.problems()
    assert "is not what its card says" in problem


def test_other_parts_of_the_body_are_refused(pipeline: Made, tmp_path: Path) -> None:
    """A skull beside a hand is named as not looked at; alone it ends the job with that reason."""
    hand = plain(BRIGHT)
    (skull,) = cr_skull(size=64)
    made = run(pipeline(), tmp_path, hand, skull)
    assert len(made.classifications) == 1
    assert ["no extremity" in one.because for one in made.refusals] == [True]
    with pytest.raises(Rejected, match="SKULL, which is no extremity"):
        run(pipeline(), tmp_path, skull)


def test_what_is_no_radiograph_is_not_accepted(pipeline: Made, tmp_path: Path) -> None:
    """CT and skulls are left alone by the header, before anything of them is read."""
    fracture = pipeline()
    for name, datasets, reason in (
        ("ct", ct_head(size=32, slices=2), "no radiograph"),
        ("skull", cr_skull(size=64), "its header says that it shows SKULL, which is no extremity"),
    ):
        (tmp_path / name).mkdir()
        verdict = fracture.accepts(study_of(datasets, tmp_path / name).series[0])
        assert not verdict.accepted
        assert reason in verdict.reason


def test_a_series_with_an_extremity_in_it_is_accepted(pipeline: Made, tmp_path: Path) -> None:
    """Also where another image of it shows something else."""
    study = study_of([plain(DARK), *cr_skull(size=64)], tmp_path)
    both = replace(study.series[0], instances=study.instances)
    assert pipeline().accepts(both).accepted


def test_damaged_pixels_are_a_refusal_and_the_rest_is_judged(
    pipeline: Made, tmp_path: Path
) -> None:
    """One broken image does not cost the others their judgement."""
    broken = plain(BRIGHT)
    broken.PixelData = broken.PixelData[:100]
    made = run(pipeline(), tmp_path, broken, plain(BRIGHT))
    assert len(made.refusals) == 1
    assert made.classifications[0].value is Presence.PRESENT
    with pytest.raises(Rejected, match="No image of the study can be judged"):
        run(pipeline(), tmp_path, broken)


def test_what_was_not_seen_is_not_absent(pipeline: Made, tmp_path: Path) -> None:
    """A healthy view beside one that cannot be read leaves the study undecided."""
    broken = plain(BRIGHT)
    broken.PixelData = broken.PixelData[:100]
    made = run(pipeline(), tmp_path, broken, plain(DARK))
    study, view = made.classifications
    assert study.value is Presence.INDETERMINATE
    assert study.because == "1 of 2 images could not be read."
    assert study.because in made.summary
    assert view.value is Presence.ABSENT


def test_an_unreadable_skull_leaves_the_hand_s_judgement(pipeline: Made, tmp_path: Path) -> None:
    """What was never to be judged is not missed."""
    (skull,) = cr_skull(size=64)
    skull.PixelData = skull.PixelData[:100]
    made = run(pipeline(), tmp_path, skull, plain(DARK))
    assert [one.value for one in made.classifications] == [Presence.ABSENT]


def test_a_child_is_named_as_such(pipeline: Made, tmp_path: Path) -> None:
    """The judgement stands, with a warning that nobody measured it on children."""
    made = run(pipeline(), tmp_path, plain(BRIGHT, PatientAge="004Y"))
    assert made.classifications[0].value is Presence.PRESENT
    assert [note.severity for note in made.notes if note.code == "child"] == [Severity.WARNING]


def test_a_job_can_be_cancelled_between_images(pipeline: Made, tmp_path: Path) -> None:
    """Progress is reported before each image, and what it raises goes through."""

    def stop(fraction: float, doing: str) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        pipeline().run(study_of([plain(DARK)], tmp_path), stop)


def test_twice_is_the_same(pipeline: Made, tmp_path: Path) -> None:
    """The findings of a second run are equal in every number."""
    study = study_of([plain(BRIGHT), plain(DARK)], tmp_path)
    one, other = (pipeline().run(study, lambda fraction, doing: None) for _ in range(2))
    assert one == other


def test_findings_survive_the_database(pipeline: Made, tmp_path: Path) -> None:
    """They are plain values and back."""
    made = run(pipeline(), tmp_path, plain(BRIGHT))
    assert Findings.from_dict(made.to_dict()) == made
