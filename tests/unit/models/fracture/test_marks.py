"""Letters and shutters are put on training pictures, never over what the boxes mark."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from models.fracture import marks
from models.fracture.marks import lettered, marked, shuttered
from models.fracture.windows import SHARE_HIDDEN, window
from tests.unit.models.fracture.test_data import FRACTURED

UNIT = torch.full((200, 160), 0.4)
BOX = torch.tensor([[60.0, 50.0, 110.0, 120.0]])


def test_letters_are_bright_and_nowhere_on_a_fracture() -> None:
    """Many views get letters, all get them beside the box, and none is changed in place."""
    views = [marked(UNIT, BOX, np.random.default_rng(seed)) for seed in range(60)]
    changed = [view for view in views if not torch.equal(view, UNIT)]
    assert 10 < len(changed) < 40
    for view in changed:
        assert view.max() > 0.7
        assert torch.equal(view[50:120, 60:110], UNIT[50:120, 60:110])
    assert torch.equal(UNIT, torch.full((200, 160), 0.4))


def test_shutters_leave_fractures_in_sight() -> None:
    """Some views get dark borders; what the boxes mark is never under them."""
    views = [shuttered(UNIT, BOX, np.random.default_rng(seed)) for seed in range(80)]
    changed = [view for view in views if not torch.equal(view, UNIT)]
    assert 3 < len(changed) < 30
    for view in changed:
        assert view.min() == 0
        assert torch.equal(view[50:120, 60:110], UNIT[50:120, 60:110])


def test_a_healthy_picture_gets_marks_and_shutters_too() -> None:
    """They must not tell one kind from the other."""
    none = torch.zeros(0, 4)
    seeds = [np.random.default_rng(seed) for seed in range(60)]
    assert any(not torch.equal(marked(UNIT, none, rng), UNIT) for rng in seeds)
    assert any(not torch.equal(shuttered(UNIT, none, rng), UNIT) for rng in seeds)


@pytest.mark.parametrize("size", [4, 12, 40])
def test_letters_are_as_large_as_asked(size: int) -> None:
    """Small ones are still letters; nothing is outside 0 to 1."""
    stamp = lettered("R PA", size)
    assert 0 <= stamp.min() < stamp.max() <= 1
    assert stamp.shape[0] <= 2 * max(size, 8) + 4 < stamp.shape[1] * 4


def test_no_window_is_taught_half_a_fracture(monkeypatch: pytest.MonkeyPatch) -> None:
    """A window without a box shows next to nothing of the fracture: what is between is not used."""
    monkeypatch.setattr(marks, "MARKED", 0)
    large = replace(FRACTURED, boxes=((0.3, 0.3, 0.4, 0.4),))
    grey = np.full((300, 240), 40, np.uint8)
    grey[30:150, 24:120] = 255
    full = 120 * 96 * (400 / 300) ** 2
    without = 0
    for seed in range(40):
        view = window(large, grey, 128, 400, np.random.default_rng(seed))
        if not len(view.boxes):
            without += 1
            middle = (view.pixels.max() + view.pixels.min()) / 2
            share = float((view.pixels > middle).sum()) / full
            assert share < 2 * SHARE_HIDDEN or view.pixels.std() < 0.1
    assert without
