"""The shipped model's judgement stays what it is when nothing of the bones changes."""

from __future__ import annotations

import pytest

from models.fracture.measuring.steady import CHANGES, steady
from models.registry import Registry, load
from tests.real import radiographs

EASY = ("a letter in a corner", "letters in all corners", "mirrored", "6 of 8 bits of brightness")


def test_marks_sides_and_brightness_matter_little() -> None:
    """Of three radiographs, the probability of the middle one moves little under any change."""
    pictures = radiographs("1", 2) + radiographs("0", 1)
    told = steady(load(Registry().find("fracture")), pictures)
    moved = {name: told["changes"][name]["median"] for name in CHANGES}
    assert {name: moved[name] for name in EASY} == pytest.approx(dict.fromkeys(EASY, 0), abs=0.15)
    assert max(moved.values()) < 0.4
