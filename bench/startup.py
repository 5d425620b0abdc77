"""How long `dicom-node serve` takes until it accepts an association, and what it uses when idle."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench import proc
from bench.peers import DefaultNode, running
from bench.sending import LoadGenerator, template
from bench.wire import first_acceptance

PATIENCE = 30.0
SETTLE = 20.0
"""Seconds after its last instance before a node counts as idle: its job is done by then."""


@dataclass(frozen=True, kw_only=True)
class Startup:
    """Seconds from the exec of `serve` to the first A-ASSOCIATE-AC."""

    fresh: list[float]
    """Into an empty data folder, the database made new."""
    existing: list[float]
    """Into a data folder that was used before."""


@dataclass(frozen=True, kw_only=True)
class Idle:
    """What a node with nothing to do uses."""

    percent: float
    """Of one core, all its processes together."""
    processes: int
    peak_mb: dict[str, float]
    """The most memory each role had resident, the supervisor's under "serve"."""


def startups(number: int, folder: Path) -> Startup:
    """Start a node into a fresh folder, and again into the same one, so many times."""
    fresh, existing = [], []
    for _ in range(number):
        place = folder / "startup"
        try:
            node = DefaultNode(place)
            fresh.append(_start(node))
            existing.append(_start(node))
        finally:
            shutil.rmtree(place, ignore_errors=True)
    return Startup(fresh=fresh, existing=existing)


def _start(node: DefaultNode) -> float:
    with node.log.open("ab") as log:
        begun = time.monotonic()
        process = subprocess.Popen(
            node.command(),
            cwd=node.folder,
            env=node.environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        return first_acceptance(node.port, node.ae_title, PATIENCE) - begun
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def idle(seconds: float, settle: float, folder: Path) -> Idle:
    """Watch a node that has taken in one instance and has nothing to do."""
    with _used_node(folder) as pid:
        time.sleep(settle)
        pids = proc.tree(pid)
        before, begun = proc.cpu_seconds(pids), time.monotonic()
        time.sleep(seconds)
        pids = proc.tree(pid)
        used = proc.cpu_seconds(pids) - before
        return Idle(
            percent=100 * used / (time.monotonic() - begun),
            processes=len(pids),
            peak_mb=_by_role(pids),
        )


def _by_role(pids: list[int]) -> dict[str, float]:
    found: dict[str, float] = {}
    for pid in pids:
        role = (proc.command_line(pid) or ["ended"])[-1]
        found[role] = max(found.get(role, 0.0), proc.peak_mb(pid))
    return found


@contextmanager
def _used_node(folder: Path) -> Iterator[int]:
    place = folder / "idle"
    try:
        with running("dicom-node", place) as system:
            made = template("small", folder)
            with LoadGenerator(system, made, folder, associations=1, count=1, warm=0) as generator:
                generator.send()
                generator.release()
            os.sync()
            yield system.pid
    finally:
        shutil.rmtree(place, ignore_errors=True)
