"""Many instances of a wanted size, quickly: one is encoded and its UIDs are patched in copies."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from io import BytesIO
from pathlib import Path

import numpy as np
from pydicom import Dataset, dcmwrite
from pydicom.uid import UID

from bench.phantoms.sections import ct_head
from bench.phantoms.xray import dx_extremity

CT_BYTES = 512 * 1024
SMALL_BYTES = 10 * 1024
DX_BYTES = 15 * 1024 * 1024


def ct_like(count: int, size: int = CT_BYTES, seed: int = 1) -> Iterator[bytes]:
    """Files of one CT series, each of about so many bytes."""
    yield from _copies(ct_head(seed, size=16, slices=1)[0], count, size, seed)


def small_like(count: int, size: int = SMALL_BYTES, seed: int = 1) -> Iterator[bytes]:
    """Files of one series of small CT images."""
    yield from ct_like(count, size, seed)


def dx_like(count: int, size: int = DX_BYTES, seed: int = 1) -> Iterator[bytes]:
    """Files of one series of large radiographs."""
    yield from _copies(dx_extremity(seed, size=16)[0], count, size, seed)


def write_files(files: Iterator[bytes], folder: Path) -> list[Path]:
    """Write files as they come, numbered; say where."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for number, data in enumerate(files, start=1):
        path = folder / f"{number:06}.dcm"
        path.write_bytes(data)
        paths.append(path)
    return paths


def _copies(ds: Dataset, count: int, size: int, seed: int) -> Iterator[bytes]:
    original = _fixed_width(seed, size, 0)
    for keyword in ("StudyInstanceUID", "SeriesInstanceUID"):
        setattr(ds, keyword, _fixed_width(seed, size, keyword))
    ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = original
    ds.InstanceNumber = "000000"
    data = _encoded(ds, size)
    needle, mark = original.encode(), b"IS\x06\x00000000"
    places = [data.index(needle), data.index(needle, data.index(needle) + 1)]
    number_at = data.index(mark) + 4
    for number in range(1, count + 1):
        uid = _fixed_width(seed, size, number).encode()
        for place in places:
            data[place : place + len(uid)] = uid
        data[number_at : number_at + 6] = b"%06d" % number
        yield bytes(data)


def _encoded(ds: Dataset, size: int) -> bytearray:
    """The file, with as many rows of noise as make up the size."""
    ds.PixelData = b""
    room = max(4, size - len(_file(ds)))
    columns = 1 << max(3, round(np.log2(room / 2) / 2))
    rows = max(1, room // (columns * 2))
    ds.Rows, ds.Columns = rows, columns
    noise = np.random.default_rng(1).integers(0, 1024, rows * columns, dtype=np.uint16)
    ds.PixelData = noise.tobytes()
    return _file(ds)


def _file(ds: Dataset) -> bytearray:
    buffer = BytesIO()
    dcmwrite(buffer, ds, enforce_file_format=True)
    return bytearray(buffer.getvalue())


def _fixed_width(*parts: object) -> UID:
    """A UID under 2.25 that is always 44 characters long, so that it can be patched."""
    digest = int.from_bytes(sha256(repr(parts).encode()).digest(), "big")
    return UID(f"2.25.{10**38 + digest % (2 * 10**38)}")
