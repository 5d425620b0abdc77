"""Medians, ratios, targets and the page, from samples made by hand."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bench.__main__ import PARTS, parse
from bench.ingest import STOCK, Sample, cells
from bench.judging import BATCH, ONE, Judged
from bench.latency import Delay
from bench.making import OURS_CT, OURS_DX, PLAIN_CT, PLAIN_DX, Made
from bench.page import page
from bench.peers import DCMTK, NODE, ORTHANC, PYNETDICOM, SYSTEMS
from bench.report import Results, Spread, as_json, percentile, ratio, targets
from bench.startup import Idle, Startup


def sample(system: str, rate: float, *, cell: str = "CT x4", number: int = 0) -> Sample:
    """A sample of which only the rate matters."""
    return Sample(
        cell=cell,
        system=system,
        round=number,
        rate=rate,
        cpu_ms=1.0,
        receiver_cpu_ms=0.5,
        counted_cpu_ms=1.5,
        generator_cpu_ms=0.1,
        peak_mb=70.0,
        counted_after=0.1,
        held=1,
    )


def whole(fast: float = 1000.0) -> Results:
    """Results of two rounds in which we are that fast."""
    rates = {NODE: fast, DCMTK: 1000.0, ORTHANC: 500.0, PYNETDICOM: 100.0}
    every = [
        sample(system, rates[system], cell=cell.name, number=number)
        for number in range(2)
        for cell in cells(smoke=False)
        for system in SYSTEMS
    ]
    stock = [sample(NODE, 400.0, cell=STOCK), sample(DCMTK, 20.0, cell=STOCK)]
    return Results(
        ingest=(*every, *stock),
        delays=(Delay(total=1.3, pipeline=0.1), Delay(total=1.5, pipeline=0.1)),
        startup=Startup(fresh=[1.0, 1.2, 1.1], existing=[0.9]),
        idle=Idle(percent=0.5, processes=7, peak_mb={"serve": 50.0}),
        made=tuple(
            Made(what=what, round=number, seconds=seconds, peak_mb=300.0, objects=3)
            for number in range(2)
            for what, seconds in ((OURS_DX, 1.0), (PLAIN_DX, 0.5), (OURS_CT, 3.0), (PLAIN_CT, 12.0))
        ),
        judged=tuple(
            Judged(
                what=what,
                round=number,
                seconds=0.3,
                rate=3.6,
                plain_rate=4.0,
                peak_mb=500.0,
                forward_rate=6.0,
            )
            for number in range(2)
            for what in (ONE, BATCH)
        ),
    )


@pytest.fixture
def facts() -> dict[str, Any]:
    """What the page says about machine and run."""
    machine = {
        "processor": "a processor",
        "cores": 2,
        "memory_mb": 1000,
        "kernel": "6",
        "system": "Debian",
        "file_system": "ext4",
        "fsync_ms": {"4 KB": 0.3},
        "versions": {"Orthanc": "1.10.1"},
    }
    return {
        "command": "python -m bench",
        "date": "2026-01-01",
        "rounds": 2,
        "minutes": 3.0,
        "machine": machine,
        "load_before": [0.1, 0.2, 0.3],
        "load_after": [1.1, 1.2, 1.3],
    }


def test_a_ratio_is_taken_within_each_round() -> None:
    """A round in which everybody was slow does not change the ratio."""
    samples = [
        *(sample(NODE, rate, number=n) for n, rate in enumerate((100.0, 10.0, 130.0))),
        *(sample(ORTHANC, rate, number=n) for n, rate in enumerate((50.0, 5.0, 50.0))),
    ]
    assert ratio(samples, "CT x4", ORTHANC) == Spread(median=2.0, least=2.0, most=2.6)
    assert ratio(samples, "CT x8", ORTHANC) is None


def test_every_target_is_judged_by_its_median() -> None:
    """All are reached by a fast node; a slow one misses the two that compare ingest."""
    assert [target.passed for target in targets(whole())] == [True] * 13
    missed = [target.what for target in targets(whole(fast=300.0)) if not target.passed]
    assert missed == [
        "CT, 4 associations: rate over Orthanc",
        "CT, 4 associations: rate over pynetdicom's storescp",
    ]


def test_a_pipeline_that_wastes_the_models_time_is_seen(facts: dict[str, Any]) -> None:
    """The ratio is of throughputs in one process; below 0.8 the target is missed."""
    slow = Judged(what=BATCH, round=0, seconds=0.3, rate=3.0, plain_rate=4.0, peak_mb=500.0)
    results = Results(judged=(slow,))
    told = {target.what: target for target in targets(results)}
    target = told[f"{BATCH}: fracture pipeline's rate over the plain model's"]
    assert target.found == Spread(median=0.75, least=0.75, most=0.75)
    assert target.passed is False
    told_of = as_json(results, facts)["judged"][0]
    assert (told_of["ratio"], told_of["forward_ratio"]) == (0.75, None)


def test_what_was_not_measured_is_neither_reached_nor_missed() -> None:
    """Without samples no target has a verdict."""
    assert {target.passed for target in targets(Results())} == {None}


def test_what_the_node_adds_is_less_the_quiet_period_and_the_pipeline() -> None:
    """1.3 s in all, with 1 s of quiet and 0.1 s of work, is 0.2 s added."""
    assert Delay(total=1.3, pipeline=0.1).added == pytest.approx(0.2)


def test_a_percentile_is_one_of_the_values() -> None:
    """The median of an even number is the lower one, the 100th percentile the largest."""
    values = [4.0, 1.0, 3.0, 2.0]
    assert [percentile(values, share) for share in (0.5, 0.95, 1.0)] == [2.0, 4.0, 4.0]


def test_the_page_names_missed_targets_and_every_system(facts: dict[str, Any]) -> None:
    """A missed target is in bold; each system has a column and each cell a row."""
    text = page(whole(fast=300.0), facts)
    assert text.count("**MISSED**") == 2
    assert all(f"| {name} |" in text or f"| {name} " in text for name in SYSTEMS)
    assert all(f"| {cell.name} |" in text for cell in cells(smoke=False))
    assert "python -m bench" in text
    assert "0.30 ms" in text
    assert f"| {ONE} | 0.300 | 3.60 | 4.00 | 0.90 | 6.00 | 0.60 | 500 |" in text


def test_a_smoke_run_is_not_judged(facts: dict[str, Any]) -> None:
    """Its page has no targets and says that its figures mean nothing."""
    text = page(whole(fast=300.0), {**facts, "smoke": True})
    assert "MISSED" not in text
    assert "figures mean nothing" in text


def test_the_page_of_one_part_has_no_other(facts: dict[str, Any]) -> None:
    """What was not measured has no heading."""
    text = page(Results(startup=Startup(fresh=[1.0], existing=[1.0])), facts)
    assert "## Start and rest" in text
    assert "## Ingest" not in text
    assert "not measured" in text


def test_the_json_carries_samples_and_verdicts(facts: dict[str, Any]) -> None:
    """It can be written, and says of each target whether it was reached."""
    told = json.loads(json.dumps(as_json(whole(), facts)))
    assert [target["passed"] for target in told["targets"]] == [True] * 13
    assert len(told["ingest"]) == 2 * len(cells(smoke=False)) * len(SYSTEMS) + 2
    assert told["delays"][0]["added"] == pytest.approx(0.2)


def test_only_a_whole_run_writes_to_docs() -> None:
    """A smoke run or a part of a run does not overwrite the published page."""
    assert parse([]).out.name == "docs"
    assert parse(["--smoke"]).out.name == "bench"
    assert parse(["--only", "idle"]).out.name == "bench"
    assert parse(["--cell", "CT x4"]).out.name == "bench"
    assert parse([]).only == PARTS


@pytest.mark.parametrize("wrong", [["--only", "nothing"], ["--cell", "CT x3"], ["--rounds", "0"]])
def test_a_wrong_command_line_is_refused(wrong: list[str]) -> None:
    """An unknown part or no round at all ends with the usage."""
    with pytest.raises(SystemExit):
        parse(wrong)
