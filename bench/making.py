"""How long results take to make, and how much memory: ours, and highdicom used plainly.

Every measurement is a process of its own, `python -m bench.making WHAT FOLDER`: it loads what a
worker has loaded long before, starts the clock, makes the objects and writes them as files.

What is plain: objects from arrays that are there already, each by one call of highdicom, with
nothing drawn, traced, reported or checked.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from pydicom import Dataset, dcmread
from pydicom.uid import generate_uid

from bench import proc
from bench.phantoms import ct_head, dx_extremity
from pipelines.contract import (
    Algorithm,
    Classification,
    Concept,
    Findings,
    HeatMap,
    Instance,
    Mask,
    Presence,
    Raster,
    Reference,
    Region,
    Series,
    Study,
)
from results.build import Context, build_results
from results.context import KINDS

ROWS, COLUMNS = 3000, 2500
SLICES, SEGMENTS = 300, 10
FRACTURE = Concept(value="125605004", scheme="SCT", meaning="Fracture of bone")
CONTEXT = Context(
    pipeline="bench", version="1", revision=1, content_datetime=datetime(2026, 1, 1, tzinfo=UTC)
)


@dataclass(frozen=True, kw_only=True)
class Made:
    """One measurement."""

    what: str
    round: int
    seconds: float
    """From the findings to the last file."""
    peak_mb: float
    """The most memory the process had, libraries included."""
    objects: int


def write_sources(folder: Path) -> None:
    """The studies that results are made of: a radiograph of 7.5 million pixels, 300 sections."""
    (folder / "dx").mkdir(parents=True)
    (folder / "ct").mkdir()
    (ds,) = dx_extremity(size=64, fracture=True)
    small = ds.pixel_array
    rows = np.arange(ROWS) * small.shape[0] // ROWS
    columns = np.arange(COLUMNS) * small.shape[1] // COLUMNS
    ds.Rows, ds.Columns = ROWS, COLUMNS
    ds.PixelData = small[rows][:, columns].tobytes()
    ds.save_as(folder / "dx" / "0001.dcm", enforce_file_format=True)
    slices = ct_head(size=32, slices=SLICES, spacing=1.0)
    for number, section in enumerate(slices, 1):
        section.Rows = section.Columns = 512
        section.PixelData = bytes(512 * 512 * 2)
        section.save_as(folder / "ct" / f"{number:04}.dcm", enforce_file_format=True)


def rounds(number: int, folder: Path) -> Iterator[Made]:
    """Measure everything so many times, ours and plain in turns."""
    sources = folder / "made-of"
    write_sources(sources)
    for round_number in range(number):
        for what in _TASKS:
            out = subprocess.run(
                [sys.executable, "-m", "bench.making", what, str(sources), str(round_number)],
                check=True,
                stdout=subprocess.PIPE,
                timeout=300,
            )
            yield Made(**json.loads(out.stdout))


def _study(folder: Path) -> Study:
    instances = []
    for path in sorted(folder.iterdir()):
        ds = dcmread(path, stop_before_pixels=True)
        instances.append(
            Instance(
                SOPClassUID=ds.SOPClassUID,
                SOPInstanceUID=ds.SOPInstanceUID,
                TransferSyntaxUID=ds.file_meta.TransferSyntaxUID,
                path=path,
            )
        )
    series = Series(SeriesInstanceUID=ds.SeriesInstanceUID, instances=tuple(instances))
    return Study(StudyInstanceUID=ds.StudyInstanceUID, revision=1, series=(series,))


def _blob(rows: int, columns: int, number: int) -> np.ndarray[tuple[int, int], np.dtype[np.bool_]]:
    """An ellipse, elsewhere for each number."""
    y, x = np.ogrid[:rows, :columns]
    at = rows * (2 + number % 7) / 10, columns * (2 + number % 5) / 8
    return ((y - at[0]) / (rows / 9)) ** 2 + ((x - at[1]) / (columns / 12)) ** 2 < 1


def _dx_findings(study: Study) -> Findings:
    (instance,) = study.instances
    on = Reference(SOPClassUID=instance.SOPClassUID, SOPInstanceUID=instance.SOPInstanceUID)
    heat = np.linspace(0, 1, 24 * 20, dtype=np.float32).reshape(24, 20)
    return Findings(
        algorithm=Algorithm(name="bench", version="1", digest="sha256:0"),
        summary="A fracture is likely.",
        sources=(on,),
        classifications=(
            Classification(
                name=FRACTURE,
                value=Presence.PRESENT,
                probability=0.9,
                calibrated=True,
                threshold=0.5,
                references=(on,),
            ),
        ),
        regions=(
            Region(
                tracking="fracture-1",
                type=FRACTURE,
                label="Fracture",
                score=0.9,
                shapes=(Mask(on=on, raster=Raster.of(_blob(ROWS, COLUMNS, 1))),),
            ),
        ),
        heatmaps=(HeatMap(on=on, raster=Raster.of(heat), explains=FRACTURE),),
    )


def _ct_findings(study: Study) -> Findings:
    sources = tuple(
        Reference(SOPClassUID=one.SOPClassUID, SOPInstanceUID=one.SOPInstanceUID)
        for one in study.instances
    )
    rasters = [Raster.of(_blob(512, 512, number)) for number in range(SEGMENTS)]
    return Findings(
        algorithm=Algorithm(name="bench", version="1"),
        summary="Ten structures.",
        sources=sources,
        regions=tuple(
            Region(
                tracking=f"structure-{number}",
                type=FRACTURE,
                label=f"Structure {number}",
                shapes=tuple(Mask(on=on, raster=raster) for on in sources),
            )
            for number, raster in enumerate(rasters, 1)
        ),
    )


def _ours(kinds: Sequence[str], name: str, findings: Callable[[Study], Findings]) -> _Task:
    def prepare(folder: Path) -> Callable[[], list[Dataset]]:
        study = _study(folder / name)
        found = findings(study)
        return lambda: [r.dataset for r in build_results(kinds, study, found, CONTEXT)]

    return prepare


def _plain(name: str, *more: Callable[[Sequence[Dataset]], Dataset]) -> _Task:
    """A segmentation by highdicom from a dense array, and more objects of the same sources."""
    from highdicom.seg import Segmentation

    def prepare(folder: Path) -> Callable[[], list[Dataset]]:
        study = _study(folder / name)
        sources = [dcmread(one.path) for one in study.instances]
        rows, columns = sources[0].Rows, sources[0].Columns
        count = SEGMENTS if name == "ct" else 1
        masks = np.stack([_blob(rows, columns, n) for n in range(count)], axis=-1).astype(np.uint8)
        dense = np.broadcast_to(masks, (len(sources), rows, columns, count))

        def make() -> list[Dataset]:
            segmentation = Segmentation(
                source_images=sources,
                pixel_array=np.ascontiguousarray(dense),
                segmentation_type="BINARY",
                segment_descriptions=[_described(n) for n in range(1, count + 1)],
                **_identity(),
                software_versions="1",
                device_serial_number="1",
            )
            return [segmentation, *(one(sources) for one in more)]

        return make

    return prepare


def _plain_capture(sources: Sequence[Dataset]) -> Dataset:
    """A colour picture of the source's size, from an array that is grey."""
    from highdicom.sc import SCImage

    (source,) = sources
    identity = _identity()
    del identity["manufacturer_model_name"]
    return SCImage.from_ref_dataset(
        ref_dataset=source,
        pixel_array=np.repeat((source.pixel_array >> 4).astype(np.uint8)[..., None], 3, axis=-1),
        photometric_interpretation="RGB",
        bits_allocated=8,
        coordinate_system="PATIENT",
        patient_orientation=("L", "F"),
        **identity,
    )


def _plain_presentation(sources: Sequence[Dataset]) -> Dataset:
    from highdicom.pr import GrayscaleSoftcopyPresentationState

    return GrayscaleSoftcopyPresentationState(
        referenced_images=sources,
        **_identity(),
        software_versions="1",
        device_serial_number="1",
        content_label="BENCH",
    )


def _described(number: int) -> Any:
    from highdicom.content import AlgorithmIdentificationSequence
    from highdicom.seg import SegmentDescription
    from highdicom.sr import CodedConcept
    from pydicom.sr.codedict import codes

    return SegmentDescription(
        segment_number=number,
        segment_label=f"Structure {number}",
        segmented_property_category=CodedConcept("49755003", "SCT", "Altered structure"),
        segmented_property_type=CodedConcept(FRACTURE.value, FRACTURE.scheme, FRACTURE.meaning),
        algorithm_type="AUTOMATIC",
        algorithm_identification=AlgorithmIdentificationSequence(
            name="bench", version="1", family=codes.DCM.ArtificialIntelligence
        ),
    )


def _identity() -> dict[str, Any]:
    return {
        "series_instance_uid": generate_uid(),
        "series_number": 1,
        "sop_instance_uid": generate_uid(),
        "instance_number": 1,
        "manufacturer": "bench",
        "manufacturer_model_name": "bench",
    }


_Task = Callable[[Path], Callable[[], list[Dataset]]]
OURS_DX = "DX 3000x2500: all kinds"
PLAIN_DX = "DX 3000x2500: SEG, capture, presentation state by highdicom"
OURS_CT = "CT 300 slices: SEG of 10"
PLAIN_CT = "CT 300 slices: SEG of 10 by highdicom"
_TASKS: Mapping[str, Callable[[], _Task]] = {
    OURS_DX: lambda: _ours(KINDS, "dx", _dx_findings),
    PLAIN_DX: lambda: _plain("dx", _plain_capture, _plain_presentation),
    OURS_CT: lambda: _ours(["seg"], "ct", _ct_findings),
    PLAIN_CT: lambda: _plain("ct"),
}


def main(what: str, folder: str, round_number: str) -> None:
    """Measure one thing in this process and print it as JSON."""
    make = _TASKS[what]()(Path(folder))
    out = Path(folder) / f"made-{os.getpid()}.dcm"
    begun = time.perf_counter()
    made = make()
    for ds in made:
        ds.save_as(out, enforce_file_format=True)
    seconds = time.perf_counter() - begun
    out.unlink()
    sample = Made(
        what=what,
        round=int(round_number),
        seconds=seconds,
        peak_mb=proc.peak_mb(os.getpid()),
        objects=len(made),
    )
    print(json.dumps(asdict(sample)))


if __name__ == "__main__":
    main(*sys.argv[1:])
