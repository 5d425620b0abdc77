"""Checks of the machine: the data folder, how fast a disk really writes, the clock."""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from dicom_node.cli.doctor.finding import Finding, fail, ok, warn

if TYPE_CHECKING:
    from config.settings import Settings

SLOW_SYNC_MS = 50.0
SYNCED_BYTES = 512 * 1024
"""About one CT slice."""
EARLIEST = datetime(2025, 1, 1, tzinfo=UTC).timestamp()
"""The clock of a machine that does not know the time says 1970, or when it was built."""


def folder(settings: Settings) -> Iterator[Finding]:
    """The data folder: can it be written, is there room, how long does a sync take."""
    path = Path(settings.node.data_dir)
    try:
        path.mkdir(parents=True, exist_ok=True)
        times = [_synced(path) for _ in range(5)]
    except OSError as error:
        yield fail(
            "data folder",
            f"{path} cannot be written: {(error.strerror or str(error)).lower()}.",
            "Give the user that runs the node the right to write there, or change node.data_dir.",
        )
        return
    yield ok("data folder", f"{path} can be written.")
    yield _sync(times)
    yield _room(settings, path)


def _synced(folder: Path) -> float:
    """Seconds to make one instance durable as the receiver does: file and folder synced."""
    began = time.perf_counter()
    with tempfile.NamedTemporaryFile(dir=folder, prefix=".doctor-") as file:
        file.write(bytes(SYNCED_BYTES))
        file.flush()
        os.fsync(file.fileno())
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        return time.perf_counter() - began


def _sync(times: list[float]) -> Finding:
    took = statistics.median(times) * 1000
    told = f"Making 0.5 MB durable takes {took:.1f} ms (fsync)."
    if took > SLOW_SYNC_MS:
        return warn(
            "fsync",
            told,
            "Every instance waits for it: use a local disk or an SSD instead of a network share.",
        )
    return ok("fsync", told)


def _room(settings: Settings, path: Path) -> Finding:
    free, needed = shutil.disk_usage(path).free // 2**20, settings.receiver.min_free_mb
    told = f"{free} MB are free; below {needed} MB instances are refused (0xA700)."
    if free < needed:
        return fail(
            "disk", told, "Make room, switch [retention] on, or lower receiver.min_free_mb."
        )
    if free < 4 * needed:
        return warn("disk", told, "Make room soon, or switch [retention] on.")
    return ok("disk", told)


def clock() -> Iterator[Finding]:
    """Whether the clock can be right: results and the trail carry its times."""
    shown = datetime.now().astimezone().isoformat(timespec="seconds")
    if time.time() < EARLIEST:
        yield fail("clock", f"It says {shown}, which cannot be.", "Set it, best by NTP.")
        return
    if _synchronised() is False:
        yield warn(
            "clock", f"It says {shown}; nothing keeps it right.", "Switch NTP on: `timedatectl`."
        )
        return
    yield ok("clock", f"It says {shown}.")


def _synchronised() -> bool | None:
    """What systemd says about NTP; None where it cannot be asked."""
    command = ["timedatectl", "show", "--property=NTPSynchronized", "--value"]
    try:
        told = subprocess.run(command, capture_output=True, text=True, timeout=5, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return {"yes": True, "no": False}.get(told.stdout.strip()) if told.returncode == 0 else None
