"""Damaged and hostile images end as `Rejected` with a reason, and nothing else."""

from __future__ import annotations

import random
import struct
import zlib
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from pydicom import Dataset, dcmread
from pydicom.encaps import encapsulate

from pipelines.contract import Instance, Rejected, Retryable
from pipelines.radiographs import chosen, read
from pipelines.stored import packing
from tests.unit.radiographs.stored import (
    SYNTAXES,
    radiograph,
    stored,
    stored_as,
    study_of,
    written,
)


def again(instance: Instance, data: bytes) -> Instance:
    """The same instance with other bytes in its file."""
    instance.path.write_bytes(data)
    return replace(instance)


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_half_a_file_is_rejected(syntax: str, tmp_path: Path) -> None:
    """Whatever the encoding, what is missing is missed."""
    instance = written(stored_as(12, False, "window"), syntax, tmp_path)
    data = instance.path.read_bytes()
    for share in (0.4, 0.7, 0.95):
        with pytest.raises(Rejected):
            read(again(instance, data[: int(share * len(data))]))


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_flipped_bytes_raise_nothing_else(syntax: str, tmp_path: Path) -> None:
    """An image is read, or rejected; no decoder's error ever comes through."""
    instance = written(stored_as(12, False, "window"), syntax, tmp_path)
    data = instance.path.read_bytes()
    rng = random.Random(4)
    for _ in range(25):
        changed = bytearray(data)
        for _ in range(rng.choice((1, 10, 40))):
            changed[rng.randrange(132, len(changed))] = rng.randrange(256)
        with suppress(Rejected):
            read(again(instance, bytes(changed)))


def compressed(tmp_path: Path, syntax: str) -> tuple[Instance, Dataset, bytes]:
    """An image in a compressed syntax, and its one frame."""
    instance = written(stored_as(12, False, "window"), syntax, tmp_path)
    ds = dcmread(instance.path)
    return instance, ds, ds.PixelData


@pytest.mark.parametrize(
    ("syntax", "mark", "skip", "kind"),
    [
        ("jpeg2000", b"\xff\x4f\xff\x51", 8, ">2L"),
        ("jpeg-ls", b"\xff\xf7", 5, ">2H"),
        ("jpeg-lossless", b"\xff\xc3", 5, ">2H"),
    ],
)
def test_a_frame_that_claims_another_size_is_not_unpacked(
    syntax: str, mark: bytes, skip: int, kind: str, tmp_path: Path
) -> None:
    """A few bytes may claim billions of pixels, whatever the header of the image says."""
    instance, ds, data = compressed(tmp_path, syntax)
    frame = bytearray(data)
    most = 60_000
    struct.pack_into(kind, frame, frame.index(mark) + skip, most, most)
    ds["PixelData"].value = bytes(frame)
    ds.save_as(instance.path)
    with pytest.raises(Rejected, match="cannot be decoded"):
        read(replace(instance))


def test_a_panic_of_the_rle_decoder_is_caught(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Its panics are no exceptions of Python's, and would end the worker."""
    instance, ds, _ = compressed(tmp_path, "rle")
    longer = b"\x81\0" * (ds.Rows * ds.Columns // 128 + 1)
    offsets = struct.pack("<16L", 2, 64, 64 + len(longer), *[0] * 13)
    ds.PixelData = encapsulate([offsets + longer + longer])
    ds.save_as(instance.path)
    with pytest.raises(Rejected, match="cannot be decoded") as caught:
        read(replace(instance))
    assert caught.value.__cause__ is not None
    assert not isinstance(caught.value.__cause__.__cause__, Exception)
    capfd.readouterr()


def test_a_deflated_bomb_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that unpacks to more than a worker's memory is not unpacked."""
    monkeypatch.setattr(packing, "MOST_INFLATED", 1 << 22)
    whole = stored([written(radiograph(), "deflated", tmp_path).path])
    (instance,) = whole.instances
    data = instance.path.read_bytes()
    start = 144 + int.from_bytes(data[140:144], "little")
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    bomb = packer.compress(bytes(1 << 23)) + packer.flush()
    again(instance, data[:start] + bomb)
    assert len(bomb) < 20_000
    with pytest.raises(Rejected, match="unpacked it would have more than"):
        read(replace(instance))
    _, (refusal,) = chosen(whole)
    assert "unpacked it would have" in refusal.because


def test_a_stated_size_is_refused_before_memory_is_asked_for(tmp_path: Path) -> None:
    """4 billion pixels of a file with none."""
    ds = radiograph(Rows=65535, Columns=65535)
    with pytest.raises(Rejected, match="beyond that of any radiograph"):
        read(study_of([ds], tmp_path).instances[0])


def test_an_image_without_pixels_is_rejected(tmp_path: Path) -> None:
    """Its header alone says nothing to look at."""
    with pytest.raises(Rejected, match="cannot be decoded"):
        read(study_of([radiograph(PixelData=None)], tmp_path).instances[0])


def test_a_frame_that_is_not_there_is_rejected(tmp_path: Path) -> None:
    """The second of one."""
    with pytest.raises(Rejected, match="cannot be decoded"):
        read(study_of([radiograph()], tmp_path).instances[0], 2)


def test_a_file_that_is_gone_is_tried_again(tmp_path: Path) -> None:
    """A disk that does not answer is no fault of the image."""
    instance = study_of([radiograph()], tmp_path).instances[0]
    instance.path.unlink()
    with pytest.raises(Retryable):
        read(instance)
