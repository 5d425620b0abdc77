"""How long the fracture pipeline takes for a radiograph, and how much of that is the model's.

Every measurement is a process of its own, on two cores:

    python -m bench.judging WHAT FOLDER ROUND TIMES

It loads the model as a worker does, looks at every study once, and then measures. Each study goes
through the whole pipeline, and the model alone looks at the same greys, which are in memory
already, in turns: what disturbs the machine disturbs both.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from pydicom import Dataset, dcmread

from bench import proc
from bench.phantoms import dx_extremity
from models.registry import Registry
from pipelines.contract import Findings, Instance, Pipeline, Series, Study

CORES = 2
MODEL = "fracture"
SLOWEST = 600
"""Seconds after which a measurement is given up."""
OPTIONS: Mapping[str, Any] = {"threads": CORES, "threshold": 0.0}
"""Every radiograph is called fractured, so that regions and heat maps are made for all of them."""


@dataclass(frozen=True, kw_only=True)
class Set:
    """What is measured with: so many studies of one radiograph, looked at again and again."""

    rows: int
    columns: int
    studies: int
    times: int


ONE, BATCH = "DX 3000x2500", "12 DX 2880x2304"
SETS = {
    ONE: Set(rows=3000, columns=2500, studies=1, times=10),
    BATCH: Set(rows=2880, columns=2304, studies=12, times=2),
}


@dataclass(frozen=True, kw_only=True)
class Judged:
    """One measurement."""

    what: str
    round: int
    seconds: float
    """From a stored file to findings; the median."""
    rate: float
    """Radiographs a second through the whole pipeline."""
    plain_rate: float
    """Greys a second that the model alone looks at."""
    peak_mb: float
    """The most memory the process had, framework and weights included."""

    @property
    def ratio(self) -> float:
        """How much of the model's own throughput the pipeline keeps."""
        return self.rate / self.plain_rate


def check() -> None:
    """Raise `RegistryError` where there is no model to measure with, or it cannot be used."""
    Registry().find(MODEL).check()


def write_sources(folder: Path, sets: Mapping[str, Set] = SETS) -> None:
    """The studies: limbs of 12 bits in 16, uncompressed, with grain such as detectors have."""
    for what, wanted in sets.items():
        place = folder / what
        place.mkdir(parents=True)
        for seed in range(1, wanted.studies + 1):
            ds = _radiograph(seed, wanted.rows, wanted.columns)
            ds.save_as(place / f"{seed:04}.dcm", enforce_file_format=True)


def _radiograph(seed: int, rows: int, columns: int) -> Dataset:
    """A small phantom of an adult's hand, enlarged."""
    (ds,) = dx_extremity(seed, size=256, fracture=True)
    small = ds.pixel_array
    down = np.arange(rows) * small.shape[0] // rows
    across = np.arange(columns) * small.shape[1] // columns
    grain = np.random.default_rng(seed).integers(0, 64, (rows, columns), np.uint16)
    pixels = np.minimum(small[down][:, across] + grain, (1 << ds.BitsStored) - 1)
    ds.Rows, ds.Columns, ds.PatientAge = rows, columns, "043Y"
    ds.PixelData = pixels.astype("<u2").tobytes()
    return ds


def rounds(number: int, folder: Path, *, smoke: bool) -> Iterator[Judged]:
    """Measure every set so many times."""
    sources = folder / "judged"
    write_sources(sources)
    for round_number in range(number):
        for what, wanted in SETS.items():
            times = 1 if smoke else wanted.times
            told = (what, str(sources), str(round_number), str(times))
            out = subprocess.run(
                [sys.executable, "-m", "bench.judging", *told],
                check=True,
                stdout=subprocess.PIPE,
                timeout=SLOWEST,
            )
            yield Judged(**json.loads(out.stdout))


def judge(
    what: str,
    folder: Path,
    round_number: int,
    times: int,
    options: Mapping[str, Any] = OPTIONS,
    models: Path | None = None,
) -> Judged:
    """Measure with the studies of a set, in this process."""
    from pipelines.fracture.pipeline import Fracture
    from pipelines.radiographs import read, square

    pipeline = Fracture()
    pipeline.configure(options, models or folder / "no models of a site")
    pipeline.load("cpu")
    paths = sorted((folder / what).iterdir())
    greys = [square(read(_study(path).instances[0])) for path in paths]
    for path in paths:
        _through(pipeline, _study(path))
    whole, alone = [], []
    for _ in range(times):
        for path, grey in zip(paths, greys, strict=True):
            whole.append(_seconds(partial(_through, pipeline, _study(path))))
            alone.append(_seconds(partial(pipeline.model.look, grey)))
    return Judged(
        what=what,
        round=round_number,
        seconds=statistics.median(whole),
        rate=len(whole) / sum(whole),
        plain_rate=len(alone) / sum(alone),
        peak_mb=proc.peak_mb(os.getpid()),
    )


def _study(path: Path) -> Study:
    """The study as a job has it: nothing of it has been read yet."""
    ds = dcmread(path, stop_before_pixels=True)
    instance = Instance(
        SOPClassUID=ds.SOPClassUID,
        SOPInstanceUID=ds.SOPInstanceUID,
        TransferSyntaxUID=ds.file_meta.TransferSyntaxUID,
        path=path,
    )
    series = Series(SeriesInstanceUID=ds.SeriesInstanceUID, instances=(instance,))
    return Study(StudyInstanceUID=ds.StudyInstanceUID, revision=1, series=(series,))


def _through(pipeline: Pipeline, study: Study) -> Findings:
    return pipeline.run(study, lambda fraction, doing: None)


def _seconds(act: Callable[[], object]) -> float:
    begun = time.perf_counter()
    act()
    return time.perf_counter() - begun


def main(what: str, folder: str, round_number: str, times: str) -> None:
    """Measure one set in this process, on two cores, and print it as JSON."""
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:CORES])
    print(json.dumps(asdict(judge(what, Path(folder), int(round_number), int(times)))))


if __name__ == "__main__":
    main(*sys.argv[1:])
