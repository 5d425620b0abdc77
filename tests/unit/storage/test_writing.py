"""Files written past the page cache hold exactly what was appended, on every file system."""

from __future__ import annotations

import errno
import os
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.writing import STAGE, NewFile, Stages

LENGTHS = [0, 1, 4095, 4096, 65_535, 65_536, 65_537, STAGE - 1, STAGE, STAGE + 1, 3 * STAGE + 5000]
SHM = Path("/dev/shm")  # noqa: S108 - a file system in memory, which takes no direct writes


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the file is to be."""
    return tmp_path / "file"


@pytest.fixture
def on_tmpfs() -> Iterator[Path]:
    """The same on a file system that cannot write past the page cache."""
    if not SHM.is_dir():
        pytest.skip("This machine has no /dev/shm.")
    path = SHM / f"writing-{os.getpid()}"
    yield path
    path.unlink(missing_ok=True)


def written(path: Path, data: bytes, pieces: int = 7) -> bytes:
    """What the file holds after data was appended in so many pieces."""
    file = NewFile(path, Stages())
    step = max(1, -(-len(data) // pieces))
    file.append([memoryview(data)[at : at + step] for at in range(0, len(data), step)])
    assert file.size == len(data)
    file.sync()
    file.close()
    return path.read_bytes()


@pytest.mark.parametrize("length", LENGTHS)
def test_every_length(path: Path, length: int) -> None:
    """Whatever the length, the file holds the bytes that were appended and no more."""
    data = random.Random(length).randbytes(length)
    assert written(path, data) == data


def test_without_direct_writes(on_tmpfs: Path) -> None:
    """A file system that refuses direct writes is written to in the ordinary way."""
    data = random.Random(1).randbytes(2 * STAGE + 77)
    assert written(on_tmpfs, data) == data


@pytest.mark.parametrize("refusal", [errno.EINVAL, errno.EOPNOTSUPP])
def test_refused_direct_writes(path: Path, monkeypatch: pytest.MonkeyPatch, refusal: int) -> None:
    """A disk that refuses a direct write gets the same bytes by ordinary ones."""
    real = os.pwrite
    asked: list[int] = []

    def picky(fd: int, data: memoryview, offset: int) -> int:
        if not asked:
            asked.append(offset)
            raise OSError(refusal, os.strerror(refusal))
        return real(fd, data, offset)

    monkeypatch.setattr(os, "pwrite", picky)
    data = random.Random(2).randbytes(3 * STAGE)
    assert written(path, data) == data


def test_short_writes(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A system call that wrote less than it was given is followed by another."""
    real = os.pwrite
    monkeypatch.setattr(
        os, "pwrite", lambda fd, data, offset: real(fd, bytes(data[:100_000]), offset)
    )
    data = random.Random(3).randbytes(STAGE + 200_001)
    assert written(path, data) == data


@pytest.mark.parametrize("offset", [0, 4096, STAGE - 10, STAGE, STAGE + 10])
def test_read_back(path: Path, offset: int) -> None:
    """What was appended can be read before it is on the disk, from anywhere."""
    data = random.Random(4).randbytes(STAGE + 5000)
    file = NewFile(path, Stages())
    file.append([data])
    assert file.read(4000, offset) == data[offset : offset + 4000]
    assert file.read(1 << 20, offset) == data[offset:]
    file.close()


def test_memory_is_used_again() -> None:
    """A stage that was given back is the one that the next file gets."""
    stages = Stages()
    stage = stages.take()
    stages.give(stage)
    assert stages.take() is stage


def test_closing_twice(path: Path) -> None:
    """Closing a closed file does nothing; its memory is given back once."""
    stages = Stages()
    file = NewFile(path, stages)
    file.close()
    file.close()
    assert stages.take() is not stages.take()
