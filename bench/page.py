"""Writes what was measured as a page: targets first, then ratios, then what stands behind them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from bench.ingest import STOCK, Sample
from bench.judging import CORES, SETS
from bench.latency import INSTANCES, QUIET_SECONDS
from bench.making import OURS_CT, OURS_DX, PLAIN_CT, PLAIN_DX
from bench.peers import DCMTK, NODE, ORTHANC, PYNETDICOM, SYSTEMS
from bench.report import (
    Results,
    Spread,
    Target,
    cells_of,
    judged_of,
    made_of,
    making_ratio,
    of,
    percentile,
    ratio,
    targets,
)

PEERS = (DCMTK, ORTHANC, PYNETDICOM)
_INTRODUCTION = """# Benchmarks

Written by `{command}`, with `benchmarks.json` beside it. Figures are medians,
with the least and the most in brackets. A ratio is taken within a round, where all systems had
their turn within seconds of each other; its median and spread are over the rounds.
"""
_INGEST = """
What is compared: the whole node as `dicom-node serve` starts it (receivers, assembly, database,
workers, page; each instance and its folder synced before success is answered), with its default
configuration but for folder and ports; `storescp --fork`, Orthanc with SQLite and without plug-ins
and `python -m pynetdicom storescp`, none of which syncs before it answers. Peers have TCP_NODELAY=1
in their environment and take PDUs of 128 KB. The sender is the same for all: `bench/load.py`, made
bytes with UIDs patched in. A measurement has a fresh process with an empty store, is warmed up over
the same associations, and counts only when the system then holds every instance it acknowledged.
"""
_STOCK = """
What users see: DCMTK's `storescu` over one association and each receiver as it is installed,
without TCP_NODELAY. The time includes the start of `storescu`.
"""
_MAKING = """
From findings to files, in a process that has its libraries loaded, as a worker has; memory is the
whole process's. highdicom alone is given finished arrays and makes each object by one call: it
draws, traces, reports and checks nothing.
"""
_JUDGING = """
Real radiographs enlarged to 12 uncompressed bits, each a study of its own, through the loaded
fracture pipeline on {cores} cores: reading the file, which is in the page cache, decoding,
windowing, judging, and saying what was found; regions and heat maps are made for every one. The
plain model looks at the same greys, which are in memory already, in the same process and in turns
with the pipeline: it prepares the input, runs the networks forward, asks how strange the picture
is, finds candidates and calibrates. The ratio to it is what counts. Networks alone are the forward
pass on inputs that are prepared already, and give no answer. Memory is the whole process's.
"""


def page(results: Results, facts: dict[str, Any]) -> str:
    """The whole page in Markdown."""
    parts = [_INTRODUCTION.format(command=facts["command"]), _machine(facts)]
    if facts.get("smoke"):
        parts += ["**A smoke run: it shows that everything works; its figures mean nothing.**\n"]
    else:
        parts += ["## Targets\n", _targets(targets(results))]
    if results.ingest:
        parts += _ingest(results.ingest)
    if results.delays:
        parts += ["## From the last byte to the result\n", _latency(results)]
    if results.startup or results.idle:
        parts += ["## Start and rest\n", _start(results)]
    if results.made:
        parts += ["## Making results\n", _MAKING, _made(results)]
    if results.judged:
        parts += ["## Judging radiographs\n", _JUDGING.format(cores=CORES), _judged(results)]
    return "\n".join(parts).rstrip() + "\n"


def _machine(facts: dict[str, Any]) -> str:
    machine = facts["machine"]
    syncs = ", ".join(f"{size} in {ms:.2f} ms" for size, ms in machine["fsync_ms"].items())
    versions = ", ".join(f"{name} {number}" for name, number in machine["versions"].items())
    begun, ended = (", ".join(map(str, facts[key])) for key in ("load_before", "load_after"))
    return (
        f"{facts['date']}, {facts['rounds']} rounds, {facts['minutes']:.0f} minutes. "
        f"{machine['cores']} cores ({machine['processor']}), {machine['memory_mb']} MB of memory, "
        f"{machine['system']}, Linux {machine['kernel']}, {machine['file_system']}; a new file is "
        f"synced: {syncs}. {versions}. Load average (1, 5, 15 minutes) before: {begun}; "
        f"after: {ended}.\n"
    )


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table; all columns but the first are numbers."""
    lines = [header, ["---", *("--:" for _ in header[1:])], *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _targets(wanted: Sequence[Target]) -> str:
    said = {True: "reached", False: "**MISSED**", None: "not measured"}
    rows = [
        [
            target.what,
            f"{'at least' if target.at_least else 'under'} {target.bound:g} {target.unit}",
            _spread(target.found, 2 if target.unit in ("x", "s") else 0),
            said[target.passed],
        ]
        for target in wanted
    ]
    return table(["target", "wanted", "found", ""], rows)


def _spread(found: Spread | None, digits: int) -> str:
    if found is None:
        return "-"
    middle, least, most = (f"{v:.{digits}f}" for v in (found.median, found.least, found.most))
    return middle if least == most else f"{middle} ({least}-{most})"


def _ingest(samples: Sequence[Sample]) -> list[str]:
    usual = [cell for cell in cells_of(samples) if cell != STOCK]
    parts = ["## Ingest\n", _INGEST] if usual else []
    if usual:
        parts += ["### Ratios: our rate over theirs\n", _ratios(samples, usual)]
        parts += ["### Instances a second\n", _by_system(samples, usual, lambda s: s.rate, 0)]
        parts += [_more(samples, usual)]
    if STOCK in cells_of(samples):
        parts += ["## As installed\n", _STOCK, _ratios(samples, [STOCK])]
        parts += [_by_system(samples, [STOCK], lambda s: s.rate, 0)]
    return parts


def _ratios(samples: Sequence[Sample], cells: Sequence[str]) -> str:
    rows = [[cell, *(_spread(ratio(samples, cell, peer), 2) for peer in PEERS)] for cell in cells]
    return table(["instances x associations", *(f"over {peer}" for peer in PEERS)], rows)


def _by_system(
    samples: Sequence[Sample], cells: Sequence[str], what: Callable[[Sample], float], digits: int
) -> str:
    rows = [
        [
            cell,
            *(_spread(Spread.of(map(what, of(samples, cell, name))), digits) for name in SYSTEMS),
        ]
        for cell in cells
    ]
    return table(["instances x associations", *SYSTEMS], rows)


def _more(samples: Sequence[Sample], cells: Sequence[str]) -> str:
    ours = [sample for sample in samples if sample.system == NODE and sample.cell != STOCK]
    header = ["receivers' CPU ms", "all CPU ms until counted", "counted after, s"]
    rows = [
        [
            cell,
            _spread(Spread.of(s.receiver_cpu_ms for s in of(ours, cell, NODE)), 2),
            _spread(Spread.of(s.counted_cpu_ms for s in of(ours, cell, NODE)), 2),
            _spread(Spread.of(s.counted_after for s in of(ours, cell, NODE)), 2),
        ]
        for cell in cells
    ]
    return "\n".join(
        (
            "### CPU ms an instance, all processes of a system, while it receives\n",
            _by_system(samples, cells, lambda s: s.cpu_ms, 2),
            "The load generator itself, the same:\n",
            _by_system(samples, cells, lambda s: s.generator_cpu_ms, 2),
            "### Peak memory of a receiving process, MB\n",
            _by_system(samples, cells, lambda s: s.peak_mb, 0),
            "### Our receivers alone, and the index\n",
            "Counted: assembly has read an instance's header and counted it to its study.\n",
            table(["instances x associations", *header], rows),
        )
    )


def _latency(results: Results) -> str:
    added = [delay.added for delay in results.delays]
    rows = [
        ["all", _seconds([delay.total for delay in results.delays])],
        ["of it the pipeline", _seconds([delay.pipeline for delay in results.delays])],
        ["added by the node", _seconds(added)],
    ]
    return (
        f"{len(added)} studies of {INSTANCES} small CT images, one after the other, sent to the "
        f"node; its results go to this repository's Orthanc. The quiet period is "
        f"{QUIET_SECONDS:g} s and taken off, with the pipeline's own time, in the last line.\n\n"
        + table(["seconds", "median, 95th percentile, worst"], rows)
    )


def _seconds(values: Sequence[float]) -> str:
    return ", ".join(f"{percentile(values, share):.3f}" for share in (0.5, 0.95, 1.0))


def _start(results: Results) -> str:
    rows = []
    if results.startup is not None:
        for name, values in (
            ("new", results.startup.fresh),
            ("existing", results.startup.existing),
        ):
            found = _spread(Spread.of(values), 2)
            rows.append([f"`serve` to the first accepted association, {name} data, s", found])
    if results.idle is not None:
        rows.append(["CPU with nothing to do, % of one core", f"{results.idle.percent:.1f}"])
        for role, peak in results.idle.peak_mb.items():
            rows.append([f"peak memory of an idle node's {role}, MB", f"{peak:.0f}"])
    return table(["what", "found"], rows)


def _made(results: Results) -> str:
    rows = []
    for what in (OURS_DX, PLAIN_DX, OURS_CT, PLAIN_CT):
        found = made_of(results, what)
        seconds, peak = Spread.of(m.seconds for m in found), Spread.of(m.peak_mb for m in found)
        rows.append([what, _spread(seconds, 2), _spread(peak, 0), str(found[0].objects)])
    pairs = ((OURS_DX, PLAIN_DX), (OURS_CT, PLAIN_CT))
    ratios = [
        f"{theirs}: {_spread(making_ratio(results, ours, theirs), 2)} times our time"
        for ours, theirs in pairs
    ]
    return table(["what", "seconds", "MB", "objects"], rows) + "\n" + ". ".join(ratios) + ".\n"


def _judged(results: Results) -> str:
    rows = []
    for what in SETS:
        found = judged_of(results, what)
        rows.append(
            [
                what,
                _spread(Spread.of(one.seconds for one in found), 3),
                _spread(Spread.of(one.rate for one in found), 2),
                _spread(Spread.of(one.plain_rate for one in found), 2),
                _spread(Spread.of(one.ratio for one in found), 2),
                _spread(Spread.of(one.forward_rate for one in found if one.forward_rate), 2),
                _spread(Spread.of(one.forward_ratio for one in found if one.forward_ratio), 2),
                _spread(Spread.of(one.peak_mb for one in found), 0),
            ]
        )
    header = ["radiographs", "seconds for one", "a second", "the plain model", "ratio to it"]
    return table([*header, "networks alone", "ratio to these", "MB"], rows)
