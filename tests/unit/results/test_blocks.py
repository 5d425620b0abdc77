"""Blocks of text: how large, how they wrap, and where they go."""

from __future__ import annotations

import numpy as np

from results.drawing.blocks import Line, block, letter_size, stamp
from results.drawing.placing import REGION, TEXT, Room


def test_text_wraps_and_is_cut_where_it_must_be() -> None:
    """Words go to the next line, long ones are broken, and dots stand for what has no room."""
    made = block([Line("several words and one_that_is_far_too_long_for_a_line")], 10, (500, 80))
    assert len(made.lines) > 4
    assert "".join(line.text.replace(" ", "") for line in made.lines).startswith("severalwordsand")
    assert not made.cut
    cut = block([Line("several words " * 20)], 10, (40, 80))
    assert cut.cut
    assert cut.lines[-1].text.endswith("...")
    assert (cut.height, cut.width) <= (40, 80)


def test_letters_of_east_asia_are_drawn() -> None:
    """Each is its own picture, none is a question mark, and they take the room that is kept."""

    def stamped(text: str) -> tuple[bytes, int]:
        made = block([Line(text)], 20, (100, 300))
        picture = np.zeros((100, 300, 3), np.uint8)
        stamp(picture, made, 0, 0)
        assert not picture[made.height :].any()
        return picture.tobytes(), made.width

    texts = ("A 骨折 2", "A 골절 2", "A ほね 2", "A ?? 2")
    assert len({stamped(text)[0] for text in texts}) == 4
    assert stamped("骨折")[1] - stamped("骨")[1] == 20


def test_letters_grow_with_the_picture() -> None:
    """From 7 pixels on a thumbnail to what can be read on a radiograph shown at a third."""
    assert letter_size(64, 64) == 7
    assert letter_size(512, 512) == 10
    assert letter_size(3000, 2500) == 50


def test_a_block_goes_to_the_nearest_place_that_is_free() -> None:
    """Beside what is taken, and onto it only where nothing else is left."""
    room = Room(100, 100, 2)
    room.occupy((0, 0, 50, 100), REGION)
    cost, top, left = room.place(20, 30, (0, 0, 0, 0))
    assert (top, left) == (50, 0)
    assert cost < REGION
    room.occupy((50, 0, 100, 100), TEXT)
    cost, top, _ = room.place(20, 30, (90, 0, 100, 10))
    assert cost >= REGION
    assert top <= 30
