"""How fast instances are taken in, what that costs, and whether every one of them is there.

Every measurement has a fresh process with an empty store. The systems take turns within a round,
each round begins with another one. What the one before left unwritten is synced first and memory
is touched, so that nobody pays for another's noise.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench import proc
from bench.load import Sent, Template
from bench.peers import SYSTEMS, System, running
from bench.phantoms import ct_like, write_files
from bench.phantoms.sized import CT_BYTES
from bench.sending import LoadGenerator, new_token, template
from tests.peers.dcmtk import storescu

COUNT_SECONDS = 60.0
"""How long a system may take until all it acknowledged is in its index."""


class Lost(Exception):
    """A system does not hold what it acknowledged."""


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One kind of instance over so many associations."""

    kind: str
    associations: int
    count: int
    """Instances, all associations together."""
    warm: int
    """Instances an association sends before the clock starts."""

    @property
    def name(self) -> str:
        """What the cell is called in results."""
        return f"{self.kind} x{self.associations}"


@dataclass(frozen=True, kw_only=True)
class Sample:
    """One measurement of one system."""

    cell: str
    system: str
    round: int
    rate: float
    """Instances a second."""
    cpu_ms: float
    """CPU of all the system's processes for one instance, while it receives."""
    receiver_cpu_ms: float
    """The same of its receiving processes alone."""
    counted_cpu_ms: float
    """CPU of all the system's processes for one instance, until its index holds all."""
    generator_cpu_ms: float
    peak_mb: float
    """The most memory one receiving process had."""
    counted_after: float
    """Seconds from the last acknowledgement until its index held all."""
    held: int
    """Instances it held in the end: all that were sent, or there is no sample."""


FULL = {"CT": (480, 4), "small": (1200, 10), "DX": (24, 1)}
SMOKE = {"CT": (16, 1), "small": (32, 1), "DX": (8, 1)}
STOCK = "CT x1 stock"


def cells(smoke: bool) -> list[Cell]:
    """What is measured: three kinds of instances over 1, 4 and 8 associations."""
    counts: Mapping[str, tuple[int, int]] = SMOKE if smoke else FULL
    pairs = [("CT", 4), ("small", 1), ("DX", 8)] if smoke else None
    every = [(kind, number) for kind in counts for number in (1, 4, 8)]
    return [
        Cell(kind=kind, associations=number, count=counts[kind][0], warm=counts[kind][1])
        for kind, number in pairs or every
    ]


def rounds(number: int, folder: Path, wanted: Sequence[Cell]) -> Iterator[Sample]:
    """Measure every cell with every system so many times."""
    templates = {kind: template(kind, folder) for kind in FULL}
    for round_number in range(number):
        for cell in wanted:
            for name in _turns(round_number):
                yield _measure(cell, name, round_number, templates[cell.kind], folder)


def _turns(round_number: int) -> list[str]:
    first = round_number % len(SYSTEMS)
    return [*SYSTEMS[first:], *SYSTEMS[:first]]


def _measure(cell: Cell, name: str, number: int, made: Template, folder: Path) -> Sample:
    place = folder / "store"
    try:
        with running(name, place) as system:
            return _one(cell, system, number, made, folder)
    finally:
        shutil.rmtree(place, ignore_errors=True)


@dataclass(frozen=True)
class _Cpu:
    """CPU seconds used so far, by all processes and by those that receive."""

    all: float
    receivers: float

    @classmethod
    def of(cls, system: System) -> _Cpu:
        return cls(proc.cpu_seconds(proc.tree(system.pid)), proc.cpu_seconds(system.receivers()))


def _one(cell: Cell, system: System, number: int, made: Template, folder: Path) -> Sample:
    generator = LoadGenerator(
        system,
        made,
        folder,
        associations=cell.associations,
        count=cell.count // cell.associations,
        warm=cell.warm,
    )
    with generator:
        _calm_down(2 * cell.count * Path(made.path).stat().st_size)
        before = _Cpu.of(system)
        sent = generator.send()
        after = _Cpu.of(system)
        peak = max(proc.peak_mb(pid) for pid in system.receivers())
        generator.release()
    held = _count(system, generator.instances)
    counted_after = _since(sent)
    counted = _Cpu.of(system)
    return Sample(
        cell=cell.name,
        system=system.name,
        round=number,
        rate=sent.instances / sent.seconds,
        cpu_ms=1000 * (after.all - before.all) / sent.instances,
        receiver_cpu_ms=1000 * (after.receivers - before.receivers) / sent.instances,
        counted_cpu_ms=1000 * (counted.all - before.all) / sent.instances,
        generator_cpu_ms=1000 * sent.cpu_seconds / sent.instances,
        peak_mb=peak,
        counted_after=counted_after,
        held=held,
    )


def _calm_down(touched: int) -> None:
    """Leave the disk nothing to write and the kernel so many bytes of memory that is really there.

    A virtual machine gives free memory back to its host; the first touch of each page after that
    costs several times what writing a file into it does, and hits whoever happens to come first.
    """
    os.sync()
    bytearray(b"\1") * touched


def _since(sent: Sent) -> float:
    return max(0.0, time.time() - sent.acknowledged_at)


def _count(system: System, expected: int) -> int:
    """How many instances the system holds, once it is all of them; fewer raise `Lost`."""
    deadline = time.monotonic() + COUNT_SECONDS
    while (held := system.count()) < expected:
        if time.monotonic() > deadline:
            raise Lost(f"{system.name} acknowledged {expected} instances and holds {held}.")
        time.sleep(0.02)
    if held > expected:
        raise Lost(f"{system.name} was sent {expected} instances and holds {held}.")
    return held


def stock_rounds(number: int, folder: Path, *, smoke: bool) -> Iterator[Sample]:
    """Measure what users see: stock storescu, one association, every peer as it is installed."""
    count = 10 if smoke else 200
    for round_number in range(number):
        files = folder / "files"
        write_files(ct_like(count, seed=new_token()), files)
        for name in _turns(round_number):
            place = folder / "store"
            try:
                with running(name, place, stock=True) as system:
                    yield _stock(system, round_number, files, count)
            finally:
                shutil.rmtree(place, ignore_errors=True)
        shutil.rmtree(files)


def _stock(system: System, number: int, files: Path, count: int) -> Sample:
    _calm_down(2 * count * CT_BYTES)
    before, begun = _Cpu.of(system), time.perf_counter()
    done = storescu([files], system.port, called=system.called, nodelay=False)
    seconds, ended = time.perf_counter() - begun, time.time()
    after = _Cpu.of(system)
    if done.returncode:
        raise Lost(f"storescu to {system.name} failed:\n{done.stderr[-1500:]}")
    held = _count(system, count)
    counted_after, counted = time.time() - ended, _Cpu.of(system)
    return Sample(
        cell=STOCK,
        system=system.name,
        round=number,
        rate=count / seconds,
        cpu_ms=1000 * (after.all - before.all) / count,
        receiver_cpu_ms=1000 * (after.receivers - before.receivers) / count,
        counted_cpu_ms=1000 * (counted.all - before.all) / count,
        generator_cpu_ms=0.0,
        peak_mb=max((proc.peak_mb(pid) for pid in system.receivers()), default=0.0),
        counted_after=counted_after,
        held=held,
    )
