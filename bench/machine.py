"""Says on what machine and against which versions something was measured."""

from __future__ import annotations

import os
import platform
import shutil
import statistics
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

_MEASURED_SYNCS = 100
_MB = 1 << 20


class NoDisk(Exception):
    """The folder to measure in will not do."""


def describe(folder: Path) -> dict[str, Any]:
    """The machine, its disk by what a sync takes, and the versions of what is compared."""
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "memory_mb": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // _MB,
        "kernel": platform.release(),
        "system": platform.freedesktop_os_release().get("PRETTY_NAME", platform.system()),
        "file_system": file_system(folder),
        "fsync_ms": {"4 KB": fsync_ms(folder, 4096), "512 KB": fsync_ms(folder, 512 * 1024)},
        "versions": {
            "Python": platform.python_version(),
            "DCMTK": _first_line("storescp", "--version").strip("$ ").removeprefix("dcmtk: "),
            "Orthanc": _first_line("Orthanc", "--version"),
            "pynetdicom": version("pynetdicom"),
            "pydicom": version("pydicom"),
            "dicom-node": _commit(),
        },
    }


def check_disk(folder: Path, needed_mb: int) -> None:
    """Raise `NoDisk` where the folder lies in memory or has too little room."""
    if file_system(folder) in ("tmpfs", "ramfs"):
        raise NoDisk(f"{folder} lies in memory: what is measured there says nothing about disks.")
    free = shutil.disk_usage(folder).free // _MB
    if free < needed_mb:
        raise NoDisk(f"{folder} has {free} MB free; the benchmark needs {needed_mb} MB.")


def file_system(folder: Path) -> str:
    """The type of the file system a folder lies on."""
    best, kind = "", "unknown"
    real = str(folder.resolve())
    for line in Path("/proc/mounts").read_text().splitlines():
        _, place, found, *_ = line.split()
        inside = real == place or real.startswith(place.rstrip("/") + "/")
        if inside and len(place) >= len(best):
            best, kind = place, found
    return kind


def fsync_ms(folder: Path, size: int) -> float:
    """The median time to make a new file of this size durable."""
    path, data, times = folder / "fsync", bytes(size), []
    for _ in range(_MEASURED_SYNCS):
        with path.open("wb", buffering=0) as file:
            file.write(data)
            begun = time.perf_counter()
            os.fsync(file.fileno())
            times.append(1000 * (time.perf_counter() - begun))
        path.unlink()
    return statistics.median(times)


def load_average() -> list[float]:
    """The load averages of the last 1, 5 and 15 minutes."""
    return [round(value, 2) for value in os.getloadavg()]


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _first_line(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False, errors="replace")
    return (done.stdout or done.stderr).partition("\n")[0].strip()


def _commit() -> str:
    """The commit that is measured, as far as git knows."""
    if shutil.which("git") is None:
        return "unknown"
    root = Path(__file__).parents[1]
    commit = _first_line("git", "-C", str(root), "rev-parse", "--short", "HEAD")
    changed = _first_line("git", "-C", str(root), "status", "--porcelain", "--untracked-files=no")
    return f"{commit} with changes" if changed else commit


def command_line() -> str:
    """The command that measures the same again."""
    return " ".join(["python -m bench", *sys.argv[1:]])
