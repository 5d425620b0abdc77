"""What the pipeline leaves alone and says so, and what keeps it within bounds."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bench.phantoms import ct_head
from pipelines.contract import Cancelled, Presence, Rejected, Retryable, Severity
from pipelines.thyroid.pipeline import Thyroid
from tests.unit.intake_check.stored import codes, note
from tests.unit.radiographs.stored import put, study_of
from tests.unit.thyroid.conftest import NO_NECK, NO_NODULE, Dark, Made
from tests.unit.thyroid.drawn import SIZE, neck, run, spot


def test_frames_with_flow_are_left_out(pipeline: Made, tmp_path: Path) -> None:
    """Colour Doppler is counted in one note; the other frames are judged."""
    ds = neck(*([spot(0.9)] for _ in range(6)), colour=(1, 3))
    made = run(pipeline(), tmp_path, ds)
    assert note(made, "frames-left-out").text.startswith("2 of 6 frames were left out: ")
    assert not {2, 4} & {shape.on.frame for shape in made.regions[0].shapes}
    with pytest.raises(Rejected, match="olour"):
        run(pipeline(), tmp_path, neck([spot(0.9)], colour=(0,)))


def test_what_the_model_refuses_is_not_judged(pipeline: Made, tmp_path: Path) -> None:
    """'Not processed, because': beside others it is named, alone it ends the job."""
    ds = neck([])
    dark = put(ds, (ds.pixel_array // 4).astype(np.uint8))
    made = run(pipeline(), tmp_path, neck([spot(0.9)]), dark)
    assert [one.because for one in made.refusals] == [NO_NECK.rstrip(".")]
    with pytest.raises(Rejected, match="No image of the study can be judged: "):
        run(pipeline(), tmp_path, dark)


def test_without_a_nodule_it_is_indeterminate(pipeline: Made, tmp_path: Path) -> None:
    """The model's doubt is told, and there is no risk and no recommendation."""
    made = run(pipeline(), tmp_path, neck([]))
    (study,) = made.classifications
    assert study.value is Presence.INDETERMINATE
    assert study.because == NO_NODULE
    assert (made.risk, made.recommendation, made.regions) == (None, "", ())
    assert {"no-nodule", "no-heat-map"} <= codes(made)
    assert made.summary.startswith("Thyroid nodule: indeterminate")


def test_other_parts_of_the_body_are_refused(pipeline: Made, tmp_path: Path) -> None:
    """A liver beside a neck is named as not looked at; alone it ends the job with that reason."""
    liver = neck([spot(0.9)], BodyPartExamined="LIVER")
    made = run(pipeline(), tmp_path, neck([spot(0.1)]), liver)
    assert made.classifications[0].value is Presence.ABSENT
    assert ["LIVER" in one.because for one in made.refusals] == [True]
    with pytest.raises(Rejected, match="LIVER, which is not the neck"):
        run(pipeline(), tmp_path, liver)


def test_what_is_no_neck_ultrasound_is_not_accepted(pipeline: Made, tmp_path: Path) -> None:
    """By the header, before anything is read."""
    thyroid = pipeline()
    for name, datasets, reason in (
        ("ct", ct_head(size=32, slices=2), "no ultrasound"),
        ("liver", [neck([], BodyPartExamined="LIVER")], "LIVER"),
    ):
        (tmp_path / name).mkdir()
        verdict = thyroid.accepts(study_of(datasets, tmp_path / name).series[0])
        assert not verdict.accepted
        assert reason in verdict.reason
    assert thyroid.accepts(study_of([neck([])], tmp_path).series[0]).accepted


def test_what_was_not_seen_is_not_absent(pipeline: Made, tmp_path: Path) -> None:
    """A damaged image beside a harmless one leaves the study undecided."""
    broken = neck([spot(0.9)])
    broken.PixelData = broken.PixelData[: SIZE * SIZE]
    made = run(pipeline(), tmp_path, broken, neck([spot(0.1)]))
    study, nodule = made.classifications
    assert (study.value, study.calibrated) == (Presence.INDETERMINATE, False)
    assert study.because == "An image of the study could not be read."
    assert nodule.value is Presence.ABSENT
    assert made.risk is None


def test_a_loop_that_is_cut_off_is_judged_as_far_as_it_goes(pipeline: Made, tmp_path: Path) -> None:
    """What could not be read is counted in a warning."""
    loop = neck(*([spot(0.9)] for _ in range(6)))
    loop.PixelData = loop.PixelData[: 4 * SIZE * SIZE * 3]
    made = run(pipeline(), tmp_path, loop)
    told = note(made, "frames-unread")
    assert told.text.startswith("2 of 6 frames could not be read: ")
    assert told.severity is Severity.WARNING


def test_looks_are_bounded(pipeline: Made, tmp_path: Path) -> None:
    """A long loop and many images: no more looks than the site allows."""
    thyroid = pipeline(most_looks=7, most_frames=5)
    datasets = [neck(*([spot(0.9)] for _ in range(30))), neck([spot(0.1)]), neck([spot(0.2)])]
    run(thyroid, tmp_path, *datasets)
    assert isinstance(thyroid.model, Dark)
    assert thyroid.model.looks == 7


def test_images_that_are_not_looked_at_are_named(pipeline: Made, tmp_path: Path) -> None:
    """There may be more than there is time for."""
    made = run(pipeline(most_looks=2), tmp_path, *(neck([spot(0.1)]) for _ in range(5)))
    assert "more images than are looked at" in made.refusals[0].because
    assert len(made.refusals[0].references) == 3


def test_a_job_can_be_cancelled_between_frames(pipeline: Made, tmp_path: Path) -> None:
    """Progress is reported before each frame, and what it raises goes through."""
    seen: list[float] = []

    def stop(fraction: float, doing: str) -> None:
        seen.append(fraction)
        if len(seen) == 3:
            raise Cancelled

    with pytest.raises(Cancelled):
        pipeline().run(study_of([neck(*([] for _ in range(6)))], tmp_path), stop)
    assert seen == sorted(seen)


def test_a_model_that_is_not_there_is_known_beforehand(tmp_path: Path) -> None:
    """A person is told; a job waits until somebody has mended it."""
    thyroid = Thyroid()
    thyroid.configure({"model": "mine"}, tmp_path)
    (problem,) = thyroid.problems()
    assert "There is no model mine" in problem
    with pytest.raises(Retryable, match="no model mine; registered are"):
        thyroid.load("cpu")
