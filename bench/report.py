"""Turns samples into medians, ratios and targets, and those into a page and a JSON file."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from bench.ingest import STOCK, Sample
from bench.judging import BATCH, ONE, Judged
from bench.latency import Delay
from bench.making import OURS_CT, OURS_DX, PLAIN_CT, Made
from bench.peers import DCMTK, NODE, ORTHANC, PYNETDICOM
from bench.startup import Idle, Startup


@dataclass(frozen=True, kw_only=True)
class Results:
    """All that one run measured; what was left out is empty or None."""

    ingest: tuple[Sample, ...] = ()
    delays: tuple[Delay, ...] = ()
    startup: Startup | None = None
    idle: Idle | None = None
    made: tuple[Made, ...] = ()
    judged: tuple[Judged, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Spread:
    """The median of some values, and the least and the most of them."""

    median: float
    least: float
    most: float

    @classmethod
    def of(cls, values: Iterable[float]) -> Spread | None:
        """The spread of values, or None where there are none."""
        found = list(values)
        if not found:
            return None
        return cls(median=statistics.median(found), least=min(found), most=max(found))


@dataclass(frozen=True, kw_only=True)
class Target:
    """Something to reach, and whether it was."""

    what: str
    bound: float
    at_least: bool
    unit: str
    found: Spread | None
    """The median is what counts. None: this run did not measure it."""

    @property
    def passed(self) -> bool | None:
        """Whether the target is met; None where it was not measured."""
        if self.found is None:
            return None
        value = self.found.median
        return value >= self.bound if self.at_least else value < self.bound


def of(samples: Iterable[Sample], cell: str, system: str) -> list[Sample]:
    """The samples of one cell and system, in the order of the rounds."""
    found = [s for s in samples if s.cell == cell and s.system == system]
    return sorted(found, key=lambda sample: sample.round)


def ratio(samples: Sequence[Sample], cell: str, peer: str) -> Spread | None:
    """Our rate over a peer's, round by round."""
    ours, theirs = of(samples, cell, NODE), of(samples, cell, peer)
    return Spread.of(one.rate / other.rate for one, other in zip(ours, theirs, strict=False))


def made_of(results: Results, what: str) -> list[Made]:
    """The measurements of one thing that was made, in the order of the rounds."""
    return sorted((m for m in results.made if m.what == what), key=lambda made: made.round)


def making_ratio(results: Results, ours: str, plain: str) -> Spread | None:
    """How many times as long highdicom takes alone, round by round."""
    pairs = zip(made_of(results, ours), made_of(results, plain), strict=False)
    return Spread.of(theirs.seconds / mine.seconds for mine, theirs in pairs)


def targets(results: Results) -> list[Target]:
    """What the project wants to reach, with what this run found."""
    samples, start = results.ingest, results.startup
    peaks = [s.peak_mb for s in samples if s.system == NODE and s.cell.startswith("DX")]
    # The worst of them is what counts: memory has no median that helps anybody.
    peak = Spread.of([max(peaks)] if peaks else [])
    rows: list[tuple[str, float, bool, str, Spread | None]] = [
        ("CT, 4 associations: rate over Orthanc", 1.1, True, "x", ratio(samples, "CT x4", ORTHANC)),
        (
            "CT, 4 associations: rate over pynetdicom's storescp",
            4.0,
            True,
            "x",
            ratio(samples, "CT x4", PYNETDICOM),
        ),
        (
            "CT from a stock storescu: rate over DCMTK's stock storescp",
            10.0,
            True,
            "x",
            ratio(samples, STOCK, DCMTK),
        ),
        ("Peak memory of a receiver process with 15 MB instances", 90.0, False, "MB", peak),
        (
            "Last acknowledged byte to result in Orthanc, less quiet period and pipeline",
            0.5,
            False,
            "s",
            Spread.of(delay.added for delay in results.delays),
        ),
        (
            "`serve` to first association, new data",
            2.0,
            False,
            "s",
            Spread.of(start.fresh if start else []),
        ),
        ("The same, existing data", 2.0, False, "s", Spread.of(start.existing if start else [])),
        *_making_targets(results),
        *_judging_targets(results),
    ]
    return [
        Target(what=what, bound=bound, at_least=at_least, unit=unit, found=found)
        for what, bound, at_least, unit, found in rows
    ]


def _making_targets(results: Results) -> list[tuple[str, float, bool, str, Spread | None]]:
    dx, ct = made_of(results, OURS_DX), made_of(results, OURS_CT)
    ratio_of_ct = making_ratio(results, OURS_CT, PLAIN_CT)
    return [
        (OURS_DX, 1.5, False, "s", Spread.of(made.seconds for made in dx)),
        (f"{OURS_DX}: memory", 400, False, "MB", Spread.of(made.peak_mb for made in dx)),
        (OURS_CT, 5.0, False, "s", Spread.of(made.seconds for made in ct)),
        (f"{PLAIN_CT}: its time over ours", 1.0, True, "x", ratio_of_ct),
    ]


def judged_of(results: Results, what: str) -> list[Judged]:
    """The measurements with one set of radiographs, in the order of the rounds."""
    return sorted((j for j in results.judged if j.what == what), key=lambda judged: judged.round)


def _judging_targets(results: Results) -> list[tuple[str, float, bool, str, Spread | None]]:
    one, batch = judged_of(results, ONE), judged_of(results, BATCH)
    rate = f"{BATCH}: fracture pipeline's rate over the plain model's"
    return [
        (f"{ONE}: file to findings", 0.4, False, "s", Spread.of(found.seconds for found in one)),
        (rate, 0.8, True, "x", Spread.of(found.ratio for found in batch)),
    ]


def as_json(results: Results, facts: dict[str, Any]) -> dict[str, Any]:
    """Everything that was measured, and the targets."""
    told = [
        {**asdict(target), "passed": target.passed, "found": target.found and asdict(target.found)}
        for target in targets(results)
    ]
    delays = [{**asdict(delay), "added": delay.added} for delay in results.delays]
    judged = [
        {**asdict(found), "ratio": found.ratio, "forward_ratio": found.forward_ratio}
        for found in results.judged
    ]
    measured = {**asdict(results), "delays": delays, "judged": judged}
    return {**facts, "targets": told, **measured}


def cells_of(samples: Sequence[Sample]) -> list[str]:
    """The cells that were measured, in the order they were."""
    return list(dict.fromkeys(sample.cell for sample in samples))


def percentile(values: Sequence[float], share: float) -> float:
    """The value that so large a share of the values does not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, round(share * len(ordered)) - 1))]
