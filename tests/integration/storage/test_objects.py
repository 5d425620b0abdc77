"""Files of results: whole or not there, and the same when written again."""

from __future__ import annotations

from pathlib import Path

import pytest

from storage import objects

UID = "2.25.123"


class Report:
    """Writes some bytes, and fails half-way where told to."""

    def __init__(self, content: bytes, fails: bool = False) -> None:
        self.content, self.fails = content, fails

    def save_as(self, filename: Path, /, *, enforce_file_format: bool) -> None:
        """Write a Part 10 file."""
        assert enforce_file_format
        if self.fails:
            filename.write_bytes(self.content[:3])
            raise OSError(28, "No space left on device")
        filename.write_bytes(self.content)


def _files(folder: Path) -> list[str]:
    return [str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()]


def test_an_object_is_written_under_a_hash_of_its_uid(tmp_path: Path) -> None:
    """The key says where it is, and no UID is part of a path."""
    key, size = objects.write(tmp_path, UID, Report(b"DICM..."))
    assert key == objects.key_of(UID)
    assert UID not in key
    assert (tmp_path / key).read_bytes() == b"DICM..."
    assert size == 7


def test_writing_again_leaves_one_file(tmp_path: Path) -> None:
    """A job that is done twice writes the same name twice."""
    first = objects.write(tmp_path, UID, Report(b"the same"))
    assert objects.write(tmp_path, UID, Report(b"the same")) == first
    assert _files(tmp_path) == [first[0]]


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    """A reader sees the old object or the new one, never a part; no scraps pile up."""
    key, _ = objects.write(tmp_path, UID, Report(b"the old one"))
    with pytest.raises(OSError, match="No space"):
        objects.write(tmp_path, UID, Report(b"the new one", fails=True))
    assert (tmp_path / key).read_bytes() == b"the old one"
    assert _files(tmp_path) == [key]


@pytest.mark.parametrize("uid", ["1.2.3", "../../etc/passwd", "", "2.25." + "9" * 60])
def test_a_key_is_a_plain_name_whatever_the_uid(uid: str) -> None:
    """Two characters, a slash, the rest of the hash."""
    folder, _, name = objects.key_of(uid).partition("/")
    assert len(folder) == 2
    assert name.endswith(".dcm")
    assert set(folder + name.removesuffix(".dcm")) <= set("0123456789abcdef")
