"""`python -m bench` measures the node against its peers and writes docs/benchmarks.md.

`--smoke` does a little of everything in about a minute, to see that it works and that nothing is
lost; its figures mean nothing.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from bench import ingest, judging, latency, making, startup
from bench.machine import NoDisk, check_disk, command_line, describe, load_average
from bench.page import page
from bench.peers import warm_up
from bench.report import Results, Target, as_json, targets
from bench.sending import ROOT
from models.registry import RegistryError

PARTS = ("ingest", "stock", "latency", "startup", "idle", "results", "fracture")
NEEDED_MB = 3000
SCRATCH = ROOT / "build" / "bench"
"""On the same disk as the default data folder, and not under version control."""


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--smoke", action="store_true", help="tiny counts: only whether it works")
    parser.add_argument("--rounds", type=int, default=5, help="rounds of every measurement (5)")
    parser.add_argument("--only", default=",".join(PARTS), help=f"of {', '.join(PARTS)}")
    parser.add_argument("--cell", action="append", help='of ingest only this one, "CT x4" say')
    parser.add_argument("--check", action="store_true", help="exit with 1 where a target is missed")
    parser.add_argument(
        "--out",
        type=Path,
        help="the folder for page and JSON (docs; build/bench where not all is measured)",
    )
    told = parser.parse_args(arguments)
    told.only = tuple(told.only.split(","))
    if unknown := sorted(set(told.only) - set(PARTS)):
        parser.error(f"there is no {', '.join(unknown)}; there are {', '.join(PARTS)}")
    known = [cell.name for cell in ingest.cells(told.smoke)]
    if unknown := sorted(set(told.cell or ()) - set(known)):
        parser.error(f"there is no cell {', '.join(unknown)}; there are {', '.join(known)}")
    if told.rounds < 1:
        parser.error("at least one round is needed")
    is_whole = not told.smoke and not told.cell and set(told.only) == set(PARTS)
    told.out = told.out or (ROOT / "docs" if is_whole else SCRATCH)
    return told


@contextmanager
def _scratch() -> Iterator[Path]:
    SCRATCH.mkdir(parents=True, exist_ok=True)
    check_disk(SCRATCH, NEEDED_MB)
    folder = Path(mkdtemp(dir=SCRATCH, prefix="run-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def measure(told: argparse.Namespace, folder: Path) -> Results:
    """Measure what was asked for."""
    rounds, smoke, only = 1 if told.smoke else told.rounds, told.smoke, told.only
    samples: list[ingest.Sample] = []
    if "ingest" in only:
        cells = [c for c in ingest.cells(smoke) if not told.cell or c.name in told.cell]
        samples += _shown(ingest.rounds(rounds, folder, cells))
    if "stock" in only:
        samples += _shown(ingest.stock_rounds(rounds, folder, smoke=smoke))
    delays = latency.delays(2 if smoke else 20, folder) if "latency" in only else []
    for delay in delays:
        print(f"latency: {delay.total:.3f} s, added {delay.added:.3f} s", flush=True)
    started = startup.startups(1 if smoke else 5, folder) if "startup" in only else None
    seconds, settle = (2.0, 1.0) if smoke else (10.0, startup.SETTLE)
    idle = startup.idle(seconds, settle, folder) if "idle" in only else None
    made = list(making.rounds(rounds, folder)) if "results" in only else []
    for one in made:
        print(f"{one.what}: {one.seconds:.2f} s, {one.peak_mb:.0f} MB", flush=True)
    judged = list(judging.rounds(rounds, folder, smoke=smoke)) if "fracture" in only else []
    for found in judged:
        beside = f", to networks {found.forward_ratio:.2f}" if found.forward_ratio else ""
        print(f"{found.what}: {found.seconds:.3f} s, ratio {found.ratio:.2f}{beside}", flush=True)
    return Results(
        ingest=tuple(samples),
        delays=tuple(delays),
        startup=started,
        idle=idle,
        made=tuple(made),
        judged=tuple(judged),
    )


def _shown(samples: Iterator[ingest.Sample]) -> Iterator[ingest.Sample]:
    for sample in samples:
        print(
            f"round {sample.round + 1} {sample.cell:>12} {sample.system:<20} "
            f"{sample.rate:8.0f}/s {sample.cpu_ms:7.2f} ms CPU {sample.peak_mb:6.0f} MB, "
            f"all {sample.held} there",
            flush=True,
        )
        yield sample


def _facts(told: argparse.Namespace, folder: Path) -> dict[str, Any]:
    return {
        "command": command_line(),
        "date": datetime.now().astimezone().strftime("%Y-%m-%d %H:%M %Z"),
        "smoke": told.smoke,
        "rounds": 1 if told.smoke else told.rounds,
        "load_before": load_average(),
        "machine": describe(folder),
    }


def _write(told: argparse.Namespace, results: Results, facts: dict[str, Any]) -> None:
    told.out.mkdir(parents=True, exist_ok=True)
    text = page(results, facts)
    (told.out / "benchmarks.md").write_text(text, encoding="utf-8")
    data = json.dumps(as_json(results, facts), indent=1)
    (told.out / "benchmarks.json").write_text(data + "\n", encoding="utf-8")
    print(f"\n{text}\nWritten to {told.out}/benchmarks.md and benchmarks.json.")


def _missed(wanted: list[Target]) -> int:
    missed = [target for target in wanted if target.passed is False]
    for target in missed:
        print(f"Missed: {target.what}.", file=sys.stderr)
    return 1 if missed else 0


def main() -> int:
    """Measure, write the page, and say whether the targets are reached."""
    told = parse()
    # Some images forbid it; then every process compiles every module anew when it starts.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    begun = time.monotonic()
    try:
        if "fracture" in told.only:
            judging.check()  # before all else is measured in vain
            if why := judging.why_not():
                print(why, file=sys.stderr)
                told.only = tuple(part for part in told.only if part != "fracture")
        with _scratch() as folder:
            facts = _facts(told, folder)
            if not told.smoke:
                warm_up(folder / "warm-up")
            results = measure(told, folder)
    except (NoDisk, RegistryError, ingest.Lost) as error:
        print(error, file=sys.stderr)
        return 1
    facts |= {"load_after": load_average(), "minutes": (time.monotonic() - begun) / 60}
    _write(told, results, facts)
    return _missed(targets(results)) if told.check and not told.smoke else 0


if __name__ == "__main__":
    sys.exit(main())
