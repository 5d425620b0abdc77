"""How long the fracture pipeline takes for a radiograph, and how much of that is the model's.

Every measurement is a process of its own, on two cores:

    python -m bench.judging WHAT FOLDER ROUND TIMES

It loads the model as a worker does, looks at every study once, and then measures. Each study goes
through the whole pipeline, the plain model looks at the same greys, which are in memory already,
and its networks run on inputs that are prepared already, in turns: what disturbs the machine
disturbs all.

What counts is how much of the plain model's throughput the pipeline keeps. The plain model is what
anybody has to run to get its answer of an array: it prepares the input, runs the networks forward,
asks how strange the picture is, finds candidates, and calibrates. The networks alone give no
answer; how the pipeline compares with them is told beside it.

The radiographs are real ones, enlarged: a phantom is refused as strange, and then neither regions
nor heat maps are made.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pydicom import Dataset, dcmread

from bench import proc
from bench.phantoms import dx_extremity
from bench.sending import ROOT
from models.evaluation import read_index, read_picture
from models.opinion import Model
from models.registry import Registry
from pipelines.contract import Findings, Instance, Pipeline, Series, Study

Grey = NDArray[np.uint8]

CORES = 2
MODEL = "fracture"
SLOWEST = 600
"""Seconds after which a measurement is given up."""
OPTIONS: Mapping[str, Any] = {"threads": CORES, "threshold": 0.0}
"""Every radiograph is called fractured, so that regions and heat maps are made for all of them."""
RADIOGRAPHS = ROOT.parent / "shared" / "data" / "fracture"
"""Where `index.csv` and `images` are."""
ASPECT, NEARLY = 1.225, 0.03
"""Rows for each column of the pictures that are taken: enlarged, they are hardly distorted."""


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
    """Greys a second that the plain model looks at."""
    peak_mb: float
    """The most memory the process had, framework and weights included."""
    forward_rate: float | None = None
    """Prepared inputs a second that its networks run on; None where the model is not ours."""

    @property
    def ratio(self) -> float:
        """How much of the plain model's throughput the pipeline keeps."""
        return self.rate / self.plain_rate

    @property
    def forward_ratio(self) -> float | None:
        """How much of that of its networks alone."""
        return self.rate / self.forward_rate if self.forward_rate else None


class Incomplete(Exception):
    """The pipeline has made less of a study than is to be measured."""


def check() -> None:
    """Raise `RegistryError` where there is no model to measure with, or it cannot be used."""
    Registry().find(MODEL).check()


def why_not() -> str:
    """Why nothing can be measured here; empty: it can."""
    if (RADIOGRAPHS / "index.csv").exists():
        return ""
    return f"Judging is not measured: it takes real radiographs, and {RADIOGRAPHS} has none."


def radiographs(count: int) -> list[Grey]:
    """So many real ones with a fracture that the model was not trained on and does not refuse."""
    from models.registry import load

    model = load(Registry().find(MODEL))
    found: list[Grey] = []
    for row in read_index(RADIOGRAPHS / "index.csv", "val"):
        if row.positive and row.more["hardware"] == "0" and len(found) < count:
            grey = read_picture(RADIOGRAPHS / "images" / row.file)
            alike = abs(grey.shape[0] / grey.shape[1] / ASPECT - 1) < NEARLY
            if alike and not model.look(grey).refused:
                found.append(grey)
    return found


def write_sources(folder: Path, pictures: Sequence[Grey], sets: Mapping[str, Set] = SETS) -> None:
    """The studies: pictures enlarged to 12 bits in 16, uncompressed, with a detector's grain."""
    for what, wanted in sets.items():
        place = folder / what
        place.mkdir(parents=True)
        for seed, picture in enumerate(pictures[: wanted.studies], start=1):
            ds = _radiograph(picture, seed, wanted.rows, wanted.columns)
            ds.save_as(place / f"{seed:04}.dcm", enforce_file_format=True)


def _radiograph(picture: Grey, seed: int, rows: int, columns: int) -> Dataset:
    """An adult's hand, by the header."""
    (ds,) = dx_extremity(seed, size=64)
    large = Image.fromarray(picture).resize((columns, rows), Image.Resampling.BICUBIC)
    grain = np.random.default_rng(seed).integers(0, 64, (rows, columns), np.uint16)
    pixels = np.minimum(np.asarray(large, np.uint16) * 16 + grain, (1 << ds.BitsStored) - 1)
    ds.Rows, ds.Columns, ds.PatientAge = rows, columns, "043Y"
    ds.PixelData = pixels.astype("<u2").tobytes()
    return ds


def rounds(number: int, folder: Path, *, smoke: bool) -> Iterator[Judged]:
    """Measure every set so many times."""
    sources = folder / "judged"
    write_sources(sources, radiographs(max(wanted.studies for wanted in SETS.values())))
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
    for path in paths:
        _check_whole(_through(pipeline, _study(path)), options.get("model", MODEL) == MODEL)
    greys = [square(read(_study(path).instances[0])) for path in paths]
    networks = [_networks(pipeline.model, grey) for grey in greys]
    whole, alone, forward = [], [], []
    for _ in range(times):
        for path, grey, run in zip(paths, greys, networks, strict=True):
            whole.append(_seconds(partial(_through, pipeline, _study(path))))
            alone.append(_seconds(partial(pipeline.model.look, grey)))
            forward += [_seconds(run)] if run else []
    return Judged(
        what=what,
        round=round_number,
        seconds=statistics.median(whole),
        rate=len(whole) / sum(whole),
        plain_rate=len(alone) / sum(alone),
        peak_mb=proc.peak_mb(os.getpid()),
        forward_rate=len(forward) / sum(forward) if forward else None,
    )


def _check_whole(findings: Findings, ours: bool) -> None:
    """Our model shows where a fracture is and what spoke for it, unless it refuses the picture."""
    if ours and not (findings.regions and findings.heatmaps):
        raise Incomplete(f"There are no regions or no heat map: {findings.summary}")


def _networks(model: Model, grey: Grey) -> Callable[[], object] | None:
    """The networks alone, on an input that is prepared; None of a model that is not ours."""
    import torch

    from models.fracture.model import FractureEnsemble
    from models.fracture.picture import prepare

    if not isinstance(model, FractureEnsemble):
        return None
    pixels = prepare(grey).pixels.to(memory_format=torch.channels_last)

    def forward() -> object:
        with torch.no_grad():
            return [member(pixels) for member in model.members]

    return forward


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
