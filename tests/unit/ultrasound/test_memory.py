"""However long a loop is, no more than a frame of it is in memory."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.unit.ultrasound.stored import cine, compressed, jpegs, stored_alone, written

FRAMES, ROWS, COLUMNS = 200, 480, 640
MOST = 10
"""Megabytes; all frames of the loop have 184."""
READING = """
import sys
from pathlib import Path
from pipelines.contract import Instance
from pipelines.ultrasound import Loop, frames, kind

def peak():  # of this process alone; getrusage would tell that of its parent where it had more
    (line,) = [one for one in open("/proc/self/status") if one.startswith("VmHWM")]
    return int(line.split()[1]) / 1024

path, uid, syntax, count = sys.argv[1], "1.2.3", sys.argv[2], int(sys.argv[3])
instance = Instance(SOPClassUID=uid, SOPInstanceUID=uid, TransferSyntaxUID=syntax, path=Path(path))
loop = Loop(instance=instance, count=count)
for frame in frames(loop, [1, 2]):
    kind(frame)
before, seen = peak(), 0
for frame in frames(loop, range(1, count + 1, 5)):
    seen += frame.picture.nbytes
assert seen == count // 5 * 480 * 640 * 3
print(peak() - before)
"""


def uncompressed(folder: Path, syntax: str) -> tuple[Path, str]:
    """A loop in colours without any compression, or deflated as a whole."""
    ds = cine(2, Rows=ROWS, Columns=COLUMNS, NumberOfFrames=FRAMES)
    ds.PixelData = bytes(range(250)) * (FRAMES * ROWS * COLUMNS * 3 // 250)
    ds["PixelData"].VR = "OB"
    instance = written(ds, syntax, folder)
    return instance.path, instance.TransferSyntaxUID


def jpeg(folder: Path, offsets: str) -> tuple[Path, str]:
    """The same as JPEG, of which 12 MB are on disk."""
    packed = jpegs(4, ROWS, COLUMNS) * (FRAMES // 4)
    instance = stored_alone(compressed(packed, offsets, (ROWS, COLUMNS)), folder)
    return instance.path, instance.TransferSyntaxUID


@pytest.mark.skipif(
    not Path("/proc/self/status").exists(), reason="this system does not say what a process takes"
)
@pytest.mark.parametrize("kind", ["native", "deflated", "basic", "none, in pieces"])
def test_a_long_loop_takes_the_memory_of_a_frame(kind: str, tmp_path: Path) -> None:
    """Uncompressed, deflated, or as JPEG with and without a table of offsets."""
    made = uncompressed if kind in ("native", "deflated") else jpeg
    path, syntax = made(tmp_path, kind)
    command = [sys.executable, "-c", READING, str(path), syntax, str(FRAMES)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=110)
    assert done.returncode == 0, done.stderr
    assert float(done.stdout) < MOST
