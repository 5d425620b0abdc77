"""What is learnt on frames that the outlining network never saw, and how that is measured."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from models.thyroid.data import FOLDS
from models.thyroid.finish import (
    Looked,
    auroc,
    calibration,
    crossed,
    divided,
    operating_points,
    otherwise,
    rows,
)
from models.thyroid.nodules import nodules
from models.thyroid.texture import knowing, known_of
from tests.unit.models.thyroid.phantoms import frame


@pytest.fixture(scope="module")
def known() -> list[Looked]:
    """Forty frames; the suspicious ones are darker, mostly."""
    network, found = knowing(), []
    rng = np.random.default_rng(0)
    for number in range(40):
        suspicious = number % 3 > 0
        dark = (0.5 if suspicious else 0.7) + rng.normal(0, 0.1)
        one = frame(number, suspicious=suspicious, dark=dark)
        assert one.inside is not None
        outlined = one.inside > 0
        (nodule,) = nodules(one.sight.grey, outlined)
        row = known_of(network, nodule)
        found.append(Looked(one, outlined, [row], np.array([float(outlined.sum())]), row))
    return found


def test_the_rows_are_of_what_was_not_learnt_from(known: list[Looked]) -> None:
    """Every frame is judged once, and better than by chance."""
    found = crossed(known)
    truth = np.array([one.truth[0] for one in known])
    assert {one.frame.case.fold for one in known} == set(range(FOLDS))
    assert auroc(found[:, 0], truth) > 0.75
    worth = calibration(found, known)
    chances = np.array([worth.probability(float(one)) for one in found[:, 0]])
    told = rows(known, found, chances)
    assert [one["file"] for one in told] == [one.frame.case.file for one in known]
    assert all(one["dice"] == 1 for one in told)
    assert all(0 < one["score"] < 1 for one in told)


def test_a_label_of_its_own_does_not_move_a_score(known: list[Looked]) -> None:
    """The score of a frame is the same with its own label turned round: it was not learnt from."""
    found = crossed(known)
    case = known[0].frame.case
    turned = type(case)(**{**vars(case), "suspicious": not case.suspicious})
    other = type(known[0].frame)(turned, known[0].frame.sight, known[0].frame.inside)
    again = crossed([replace(known[0], frame=other), *known[1:]])
    assert again[0] == pytest.approx(found[0])
    assert again[1:] != pytest.approx(found[1:])


def test_another_division_keeps_cases_together(known: list[Looked]) -> None:
    """Frames of a case share its fold; every fold has cases; another seed divides otherwise."""
    twice = [*known, *known[:7]]
    folds = divided(twice, 1)
    assert folds[-7:].tolist() == folds[:7].tolist()
    assert set(folds.tolist()) == set(range(FOLDS))
    assert folds.tolist() == divided(twice, 1).tolist() != divided(twice, 2).tolist()
    assert np.isfinite(crossed(known, divided(known, 1))).all()


def test_nodules_are_taught_as_others_would_have_shown_them() -> None:
    """As outlined, wider, narrower, and darker and brighter: the same nodule five times."""
    one = frame(3, suspicious=True)
    assert one.inside is not None
    sizes, greys = [], []
    for nodule in otherwise(one.sight.grey, one.inside > 0):
        sizes.append(int((nodule.distances[0] > 0).sum()))
        greys.append(float(nodule.grey.mean()))
    assert sizes[2] < sizes[0] == sizes[3] == sizes[4] < sizes[1]
    assert greys[4] < greys[0] < greys[3]


def test_calibration_makes_a_higher_logit_likelier(known: list[Looked]) -> None:
    """The mean probability is the share of suspicious frames."""
    found = crossed(known)
    worth = calibration(found, known)
    chances = [worth.probability(float(one)) for one in found[:, 0]]
    share = np.mean([one.truth[0] for one in known])
    assert np.mean(chances) == pytest.approx(share, abs=0.02)
    assert worth.temperature > 0


def test_operating_points_are_where_their_names_say() -> None:
    """Half of the benign ones lie below the threshold for a specificity of one half."""
    chances = np.linspace(0, 1, 200)
    suspicious = np.arange(200) % 2 == 0
    points = operating_points(chances, suspicious)
    assert (chances[~suspicious] < points["specificity-0.50"]).mean() == pytest.approx(
        0.5, abs=0.01
    )
    assert (chances[suspicious] >= points["sensitivity-0.90"]).mean() == pytest.approx(
        0.9, abs=0.02
    )


def test_auroc_counts_ties_half_and_leaves_out_what_nobody_knows() -> None:
    """By hand: of four pairs three are in order and one is a tie."""
    scores, truth = np.array([1.0, 2, 2, 3, 9]), np.array([0.0, 0, 1, 1, np.nan])
    assert auroc(scores, truth) == pytest.approx(3.5 / 4)
