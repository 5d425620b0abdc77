"""A loop of minutes costs no more than one of a second, and a worker fits into a small machine."""

from __future__ import annotations

import json
import struct
import subprocess
import sys
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.integration.thyroid.studies import Picture, moved, scan
from tests.unit.ultrasound.stored import changed, compressed

ROOT = Path(__file__).parents[3]
ROWS, COLUMNS, SHORT, LONG = 480, 640, 30, 600
LOOKS = 12
"""`most_frames` of the site."""
MOST_RESIDENT = 1200
"""Megabytes of a worker with the model, which has judged a frame."""
MOST_GROWN = 30
"""Megabytes that a long loop takes beyond a short one; unpacked it has 553."""
MOST_FIRST = 3
"""Seconds of the first study of a worker: the model was made ready when it was loaded."""
MOST_READ = 0.1
"""The share of a long file that is read; 12 frames of 600 are 0.02 of it."""
WATCHING = """
import json, sys, time
from pathlib import Path
from tests.integration.thyroid.studies import loaded
from tests.unit.ultrasound.stored import stored

def told(file, key):  # of this process alone; getrusage would tell that of its parent
    (line,) = [one for one in open(f"/proc/self/{file}") if one.startswith(key)]
    return int(line.split()[1])

pipeline, said = loaded(Path(sys.argv[1]), most_frames=int(sys.argv[2])), []
for path in map(Path, sys.argv[3:]):
    doing, read, began = [], told("io", "rchar"), time.monotonic()
    found = pipeline.run(stored([path]), lambda fraction, what: doing.append(what))
    said.append({
        "summary": found.summary,
        "looks": sum(what.startswith("looking") for what in doing),
        "seconds": round(time.monotonic() - began, 1),
        "resident": told("status", "VmRSS") / 1024,
        "peak": told("status", "VmHWM") / 1024,
        "read": (told("io", "rchar") - read) / path.stat().st_size,
    })
print(json.dumps(said))
"""


def native(path: Path, frames: list[Picture], count: int) -> Path:
    """A loop in plain colours, over and over; written bit by bit as it fills half a gigabyte."""
    scan(*frames[:1], NumberOfFrames=count).save_as(path, enforce_file_format=True)
    size = frames[0].nbytes
    header = path.read_bytes()[: -size - 4]
    with path.open("wb") as file:
        file.write(header + struct.pack("<L", count * size))
        for at in range(count):
            file.write(frames[at % len(frames)].tobytes())
    return path


def jpeg(path: Path, frames: list[Picture], count: int) -> Path:
    """The same as most scanners compress it."""
    packed = []
    for frame in frames:
        out = BytesIO()
        Image.fromarray(frame).save(out, "JPEG", quality=90)
        packed.append(out.getvalue())
    ds = compressed([packed[at % len(packed)] for at in range(count)], "basic", (ROWS, COLUMNS))
    changed(ds, SequenceOfUltrasoundRegions=None).save_as(path, enforce_file_format=True)
    return path


@pytest.mark.skipif(
    not Path("/proc/self/io").exists(), reason="this system does not say what a process takes"
)
@pytest.mark.timeout(600)
def test_a_long_loop_costs_no_more_than_a_short_one(
    pictures: list[Picture], tmp_path: Path
) -> None:
    """Looks, memory and what is read are bounded, in a fresh worker of a bounded size."""
    rows, columns = pictures[0].shape[:2]
    down, across = (ROWS - rows) // 2, (COLUMNS - columns) // 2
    whole = np.pad(pictures[0], ((down, down), (across, across), (0, 0)))
    frames = moved(whole, SHORT)
    kinds = ((jpeg, 1), (jpeg, SHORT), (jpeg, LONG), (native, SHORT), (native, LONG))
    paths = [make(tmp_path / f"{make.__name__}-{count}", frames, count) for make, count in kinds]
    command = [sys.executable, "-c", WATCHING, str(tmp_path), str(LOOKS), *map(str, paths)]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=580
    )
    for path in paths:
        path.unlink()
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    for path, one in zip(paths, told, strict=True):
        print(path.name, one)
    assert [one["looks"] for one in told] == [1, LOOKS, LOOKS, LOOKS, LOOKS]
    assert max(one["peak"] for one in told) < MOST_RESIDENT
    assert told[0]["seconds"] < MOST_FIRST
    for short, long in (told[1:3], told[3:5]):
        assert long["peak"] - short["peak"] < MOST_GROWN
        assert long["read"] < MOST_READ
        assert "hyroid nodule" in long["summary"]
