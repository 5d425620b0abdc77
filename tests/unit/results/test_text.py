"""Texts and character sets."""

from __future__ import annotations

import pytest

from results.text import fitting


@pytest.mark.parametrize(
    ("character_set", "text", "fitted"),
    [
        (None, "5 µm → é", "5 ?m ? e"),
        ("ISO_IR 100", "5 µm → é", "5 µm ? é"),
        ("ISO_IR 192", "5 µm → é 山", "5 µm → é 山"),
        ("ISO_IR 144", "Люкс é", "Люкс e"),
        (["", "ISO 2022 IR 87"], "山 →", "山 →"),
        ("ISO_IR 6", "a\x00b\tc", "ab c"),
        ("ISO_IR 6", "5 µm é ¯", "5 ?m e ?"),
        (["", "ISO 2022 IR 87"], "5 µm é Ā 山", "5 ?m e A 山"),
        (["ISO 2022 IR 100", "ISO 2022 IR 144"], "é Люкс 山", "é Люкс ?"),
    ],
)
def test_what_has_no_place_is_replaced(
    character_set: str | list[str] | None, text: str, fitted: str
) -> None:
    """What the character set has stays; the nearest ASCII or a question mark is put else."""
    assert fitting(character_set)(text) == fitted
