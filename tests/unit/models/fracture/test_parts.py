"""Candidates, calibration, domain and the picture: each on numbers made by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from models.fracture.candidates import candidates, overlap
from models.fracture.picture import Prepared, prepare
from models.opinion import Candidate, Opinion


def test_a_picture_keeps_its_aspect_and_is_filled_up_with_black() -> None:
    """The longer side is brought to length, the other follows, the rest is filling."""
    grey = np.zeros((50, 100), np.uint8)
    grey[:, 50:] = 255
    prepared = prepare(grey, 320)
    assert prepared.pixels.shape == (1, 1, 160, 320)
    assert (prepared.rows, prepared.columns) == (160, 320)
    assert prepared.scale == pytest.approx(3.2)
    assert prepared.pixels[0, 0, 80, 10] == -1
    assert prepared.pixels[0, 0, 80, 310] == 1
    assert bool((prepare(grey[:, :90], 320).pixels[0, 0, -1] == -1).all())


def test_brightness_and_contrast_of_the_whole_picture_do_not_matter() -> None:
    """A picture in half the range of greys is the same input, but for rounding."""
    rng = np.random.default_rng(0)
    grey = rng.integers(0, 256, (64, 64)).astype(np.uint8)
    dull = (grey // 2 + 60).astype(np.uint8)
    difference = prepare(grey, 64).pixels - prepare(dull, 64).pixels
    assert difference.abs().max() < 0.05


def test_candidates_are_peaks_in_pixels_of_the_original() -> None:
    """Each peak is a box around it, best first, one for each fracture; filling is no place."""
    heat, reach = torch.zeros(1, 10, 10), torch.full((4, 10, 10), 8.0)
    heat[0, 2, 3], heat[0, 2, 4], heat[0, 7, 7], heat[0, 9, 9] = 0.9, 0.6, 0.4, 0.95
    prepared = Prepared(torch.zeros(1, 1, 80, 80), scale=2.0, rows=72, columns=72)
    found = candidates(heat, reach, prepared, (36, 36))
    assert [round(one.score, 2) for one in found] == [0.9, 0.4]
    assert found[0] == Candidate(10.0, 6.0, 18.0, 14.0, found[0].score)
    assert candidates(torch.zeros(1, 10, 10), reach, prepared, (36, 36)) == []


def test_a_box_without_an_inside_is_none() -> None:
    """A peak in the last row whose box would end above the picture's edge is left out."""
    heat, reach = torch.zeros(1, 4, 4), torch.full((4, 4, 4), 0.1)
    heat[0, 3, 1] = 0.9
    prepared = Prepared(torch.zeros(1, 1, 32, 32), scale=1.0, rows=25, columns=32)
    assert candidates(heat, reach, prepared, (25, 32)) == []


@pytest.mark.parametrize(("probability", "strangeness"), [(math.nan, 0.0), (0.5, math.nan)])
def test_what_is_no_number_is_no_opinion(probability: float, strangeness: float) -> None:
    """A comparison with NaN is false: it would read as absent, and as nothing strange."""
    with pytest.raises(ValueError, match="no number"):
        Opinion(probability=probability, strangeness=strangeness)


def test_overlap_is_shared_area_over_both() -> None:
    """1 for the same box, 0 for boxes apart, a third for halves."""
    one = Candidate(0, 0, 2, 2, 1)
    assert overlap(one, one) == 1
    assert overlap(one, Candidate(1, 0, 3, 2, 1)) == pytest.approx(1 / 3)
    assert overlap(one, Candidate(5, 5, 6, 6, 1)) == 0
