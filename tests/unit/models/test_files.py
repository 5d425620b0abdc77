"""Files that are there whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from models.files import write_whole


def test_a_file_is_replaced_and_nothing_is_left_beside_it(tmp_path: Path) -> None:
    """The new text is in the old one's place."""
    path = tmp_path / "told.json"
    write_whole(path, "old")
    write_whole(path, "néw")
    assert path.read_bytes() == "néw".encode()
    assert list(tmp_path.iterdir()) == [path]


def test_what_cannot_be_written_leaves_the_old_one(tmp_path: Path) -> None:
    """A text that cannot be encoded, and a place that is none, change nothing."""
    path = tmp_path / "told.json"
    write_whole(path, "old")
    with pytest.raises(UnicodeEncodeError):
        write_whole(path, "\ud800")
    with pytest.raises(OSError, match="No such file"):
        write_whole(tmp_path / "none" / "told.json", "new")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]
