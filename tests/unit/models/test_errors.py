"""What is wrong with a model is said on one line."""

from __future__ import annotations

from models.registry.errors import in_short


def test_what_a_framework_says_is_one_plain_line() -> None:
    """Without its colours and line breaks, and not cut within a word."""
    said = in_short(
        ValueError("\x1b[1mLayer 'described'\x1b[0m takes\n  4 inputs: " + "many " * 99)
    )
    assert said.startswith("Layer 'described' takes 4 inputs: many many")
    assert said.endswith("many ...")
    assert len(said) <= 300
