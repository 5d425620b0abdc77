"""Damaged and hostile images end as `Rejected` with a reason, and nothing else."""

from __future__ import annotations

import random
import struct
import zlib
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from pydicom import Dataset, dcmread

from pipelines.contract import Instance, Rejected, Retryable, Series, Study
from pipelines.stored import packing
from pipelines.ultrasound import chosen, frames
from tests.unit.radiographs.stored import SYNTAXES
from tests.unit.ultrasound.stored import (
    OFFSETS,
    cine,
    compressed,
    jpegs,
    loop_of,
    pick,
    stored_alone,
    written,
)

SIZE = (120, 160)


def every(instance: Instance, count: int = 4) -> int:
    """Read each frame for itself; how many can be read."""
    good = 0
    for number in range(1, count + 1):
        with suppress(Rejected):
            good += len(list(frames(loop_of(instance, count), [number])))
    return good


def judged(instance: Instance) -> None:
    """Choose, which never raises but `Retryable`."""
    series = Series(SeriesInstanceUID="1.2", instances=(instance,))
    taken, refusals = chosen(Study(StudyInstanceUID="1.1", revision=1, series=(series,)))
    assert len(taken) + len(refusals) == 1


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_of_a_file_that_is_cut_off_the_first_frames_are_read(syntax: str, tmp_path: Path) -> None:
    """What is missing is missed, what is there is read."""
    instance = written(cine(4), syntax, tmp_path)
    data = instance.path.read_bytes()
    assert every(instance) == 4
    counts = []
    for share in (0.05, 0.4, 0.7, 0.95):
        instance.path.write_bytes(data[: int(share * len(data))])
        judged(instance)
        counts.append(every(instance))
    assert counts == sorted(counts)
    assert counts[0] == 0
    assert 1 <= counts[2] <= counts[3] == 3


@pytest.mark.parametrize("offsets", OFFSETS)
def test_of_cut_off_jpegs_the_first_frames_are_read(offsets: str, tmp_path: Path) -> None:
    """However they are found."""
    instance = stored_alone(compressed(jpegs(4), offsets, SIZE), tmp_path)
    data = instance.path.read_bytes()
    instance.path.write_bytes(data[: int(0.7 * len(data))])
    assert every(instance) == 2


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_flipped_bytes_raise_nothing_else(syntax: str, tmp_path: Path) -> None:
    """A frame is read, or rejected; no decoder's error ever comes through."""
    instance = written(cine(2, size=120), syntax, tmp_path)
    data = instance.path.read_bytes()
    rng = random.Random(4)
    for step in range(25):
        changed = bytearray(data)
        most = len(changed) if step % 2 else 3000
        for _ in range(rng.choice((1, 10, 40))):
            changed[rng.randrange(132, min(most, len(changed)))] = rng.randrange(256)
        instance.path.write_bytes(bytes(changed))
        judged(instance)
        every(instance, 2)


@pytest.mark.parametrize("keyword", ["table", "ExtendedOffsetTable", "ExtendedOffsetTableLengths"])
def test_offsets_that_lie_lead_nowhere(keyword: str, tmp_path: Path) -> None:
    """Behind the end, or to more than a frame can have."""
    for lie in (3, 10**6, 2**31, 2**32 - 1, 2**62, 2**64 - 1):
        kind = "basic" if keyword == "table" else "extended"
        ds = compressed(jpegs(3), kind, SIZE)
        if keyword == "table":
            ds.PixelData = ds.PixelData[:12] + struct.pack("<L", lie % 2**32) + ds.PixelData[16:]
        else:
            setattr(ds, keyword, struct.pack("<3Q", 0, lie, lie))
        assert every(stored_alone(ds, tmp_path), 3) <= 2


@pytest.mark.parametrize(
    ("stated", "good"),
    [(4, 4), (3, 3), (1, 1), (9, 4), (50_000, 4)],
)
def test_a_number_of_frames_that_lies_is_noticed(stated: int, good: int, tmp_path: Path) -> None:
    """Of frames without a table each ends where a JPEG does; what is not there is rejected."""
    ds = compressed(jpegs(4), "none", SIZE)
    ds.NumberOfFrames = stated
    assert every(stored_alone(ds, tmp_path), min(stated, 10)) == good


def test_frames_that_are_announced_but_not_there_are_rejected(tmp_path: Path) -> None:
    """Uncompressed ones too; those that are there are read."""
    ds = cine(2, NumberOfFrames=1000)
    ds["PixelData"].value = ds.PixelData
    instance = stored_alone(ds, tmp_path)
    assert every(instance, 5) == 2
    with pytest.raises(Rejected, match="the pixels of a frame are damaged or cut off"):
        list(frames(loop_of(instance, 1000), [900]))


def test_frames_that_are_there_but_not_announced_are_noticed(tmp_path: Path) -> None:
    """Where a frame or more is left over the header lies; a little left over is padding."""
    ds = cine(3)
    ds["PixelData"].value = ds.PixelData + b"\0" * 100
    assert every(stored_alone(ds, tmp_path), 3) == 3
    ds.NumberOfFrames = 2
    with pytest.raises(Rejected, match="more frames than its header says"):
        list(frames(loop_of(stored_alone(ds, tmp_path), 2), [1]))


def test_a_length_that_is_not_stated_is_rejected(tmp_path: Path) -> None:
    """Pixels that are not compressed have one."""
    instance = stored_alone(cine(2), tmp_path)
    data = bytearray(instance.path.read_bytes())
    at = data.index(b"\xe0\x7f\x10\x00O") + 8
    data[at : at + 4] = b"\xff" * 4
    instance.path.write_bytes(bytes(data))
    judged(instance)
    assert every(instance, 2) == 0


@pytest.mark.parametrize(
    "attributes",
    [
        {"Rows": 0},
        {"Rows": None},
        {"Columns": 65535, "Rows": 65535},
        {"Rows": 64},
        {"BitsAllocated": 0},
        {"BitsAllocated": 12},
        {"BitsAllocated": None},
        {"SamplesPerPixel": 0},
        {"SamplesPerPixel": None},
        {"PhotometricInterpretation": None},
        {"PhotometricInterpretation": "CMYK"},
        {"PixelData": None},
        {"SOPClassUID": None},
    ],
)
def test_pixels_that_are_described_wrongly_are_rejected(
    attributes: dict[str, Any], tmp_path: Path
) -> None:
    """Or read, where it does not matter; never anything else."""
    uid = attributes.pop("SOPClassUID", "")
    instance = stored_alone(cine(2, **attributes), tmp_path)
    if uid is None:
        ds = dcmread(instance.path)
        del ds.SOPClassUID
        ds.save_as(instance.path)
    judged(instance)
    every(instance, 2)


def test_a_small_file_is_not_unpacked_to_a_large_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that is deflated has an end."""
    monkeypatch.setattr(packing, "MOST_INFLATED", 1 << 22)
    instance = written(cine(2), "deflated", tmp_path)
    data = instance.path.read_bytes()
    start = 144 + int.from_bytes(data[140:144], "little")
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    bomb = packer.compress(bytes(1 << 23)) + packer.flush()
    instance.path.write_bytes(data[:start] + bomb)
    judged(instance)
    with pytest.raises(Rejected, match="unpacked it would have more than"):
        list(frames(loop_of(instance, 2), [1]))


def test_a_frame_that_claims_another_size_is_not_unpacked(tmp_path: Path) -> None:
    """A few bytes may claim billions of pixels."""
    packed = bytearray(jpegs(1)[0])
    struct.pack_into(">2H", packed, packed.index(b"\xff\xc0") + 5, 60_000, 60_000)
    with pytest.raises(Rejected, match="cannot be decoded"):
        pick(compressed([bytes(packed), bytes(packed)], "basic", SIZE), tmp_path)


def test_one_damaged_frame_does_not_hide_the_next(tmp_path: Path) -> None:
    """Those behind it can be asked for anew."""
    packed = jpegs(3)
    packed[1] = packed[1][:40]
    instance = stored_alone(compressed(packed, "basic", SIZE), tmp_path)
    seen = frames(loop_of(instance, 3), [1, 2, 3])
    next(seen)
    with pytest.raises(Rejected, match="cannot be decoded"):
        next(seen)
    assert len(list(frames(loop_of(instance, 3), [3]))) == 1


def test_thousands_of_regions_take_no_time(tmp_path: Path) -> None:
    """No scanner writes more than a handful."""
    item = Dataset()
    item.RegionSpatialFormat = 1
    (frame,) = pick(cine(1, SequenceOfUltrasoundRegions=[item] * 2000), tmp_path)
    assert frame.regions == ()


def test_a_file_that_is_gone_is_tried_again(tmp_path: Path) -> None:
    """A disk that does not answer is no fault of the image."""
    instance = stored_alone(cine(2), tmp_path)
    instance.path.unlink()
    with pytest.raises(Retryable):
        list(frames(loop_of(instance, 2), [1]))
