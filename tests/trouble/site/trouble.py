"""A third party's pipelines that misbehave as the StudyDescription of the study tells them to.

What they do they write down, a line each, in the file named by the variable TROUBLE_LOG.
"""

from __future__ import annotations

import ctypes
import os
import signal
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from pipelines.contract import (
    Algorithm,
    Classification,
    Concept,
    Findings,
    HeatMap,
    Mask,
    Presence,
    Progress,
    Raster,
    Region,
    Rejected,
    Retryable,
    Series,
    Study,
    Verdict,
    refer,
)

PLANTED = "PLANTED^NAME"
"""The patient's name that must not come out of the node."""


def _note(*words: object) -> None:
    path = os.environ.get("TROUBLE_LOG")
    if path:
        line = " ".join(map(str, (*words, os.getpid(), time.time())))
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.write(descriptor, line.encode() + b"\n")
        os.close(descriptor)


def reject(study: Study, report: Progress, number: float) -> None:
    """Refuse the study in a radiographer's words."""
    raise Rejected("The hand is not in the picture.")


def retry(study: Study, report: Progress, number: float) -> None:
    """Ask to be tried later."""
    raise Retryable("The lamp is being changed.")


def bug(study: Study, report: Progress, number: float) -> None:
    """Fail as programs do, quoting the patient."""
    raise ZeroDivisionError(f"{study.instances[0].dataset.PatientName} divided by nothing")


def leave(study: Study, report: Progress, number: float) -> None:
    """End the process without a word."""
    os._exit(3)


def crash(study: Study, report: Progress, number: float) -> None:
    """Touch memory that is nobody's."""
    signal.signal(signal.SIGSEGV, signal.SIG_DFL)
    ctypes.string_at(0)


def sleep(study: Study, report: Progress, number: float) -> None:
    """Take a while, and report."""
    until = time.monotonic() + number
    while time.monotonic() < until:
        report(1 - (until - time.monotonic()) / number, "sleeping")
        time.sleep(0.02)


def ignore(study: Study, report: Progress, number: float) -> None:
    """Take a while and never report."""
    time.sleep(number)


def hold(study: Study, report: Progress, number: float) -> None:
    """Take a while in native code that keeps the interpreter to itself."""
    ctypes.PyDLL(None).sleep(int(number))


def hog(study: Study, report: Progress, number: float) -> None:
    """Ask for more and more memory."""
    held = []
    while True:
        held.append(bytearray(os.urandom(64)) * (20_000_000 // 64))
        time.sleep(0.05)


def late(study: Study, report: Progress, number: float) -> None:
    """Fail until so many seconds after the first try."""
    marker = Path(os.environ["TROUBLE_LOG"]).with_name(f"late-{study.StudyInstanceUID}")
    if not marker.exists():
        marker.write_text(str(time.time()))
    if time.time() < float(marker.read_text()) + number:
        raise Retryable("The lamp is being changed.")


def alarm(study: Study, report: Progress, number: float) -> None:
    """Nothing by itself: the findings have an alert."""


ACTS: dict[str, Callable[[Study, Progress, float], None]] = {
    act.__name__: act
    for act in (reject, retry, bug, leave, crash, sleep, ignore, hold, hog, late, alarm)
}


class Trouble:
    """Does what the StudyDescription says: an act, and how long it takes."""

    name, version = "trouble", "1.0.0"
    framework: Any = "none"

    def accepts(self, series: Series) -> Verdict:
        """Take everything that does not say it is another's."""
        if series.value("StudyDescription") == "another's":
            return Verdict.no("it is another's.")
        return Verdict.yes()

    def load(self, device: str) -> None:
        """Write down that it was loaded."""
        _note("load", self.name)

    def run(self, study: Study, report: Progress) -> Findings:
        """Do as told, and then find nothing."""
        _note("begin", self.name, study.StudyInstanceUID)
        said = str(study.instances[0].value("StudyDescription") or "").split()
        if said and said[0] in ACTS:
            ACTS[said[0]](study, report, float(said[1]) if len(said) > 1 else 0.0)
        _note("end", self.name, study.StudyInstanceUID)
        return Findings(
            algorithm=Algorithm(name=self.name, version=self.version),
            summary=f"Nothing was found in {len(study.instances)} instances.",
            alert="Somebody should look at this now." if said[:1] == ["alarm"] else "",
            sources=tuple(refer(instance) for instance in study.instances),
        )


class Single(Trouble):
    """The same under another name, for a limit of its own."""

    name = "single"


class Hasty(Trouble):
    """The same under a third name, for a time-out of its own."""

    name = "hasty"


class Tuned(Trouble):
    """The same under a fourth name, which a site can tune, and which makes two kinds by default."""

    name = "tuned"
    results = ("sr", "report")

    def configure(self, options: Mapping[str, Any], models: Path) -> None:
        """Take a level from 0 to 1, and nothing else."""
        for name in options:
            if name != "level":
                raise ValueError(f"{name} is no option; there is level.")
        level = options.get("level", 0.5)
        if not isinstance(level, float) or not 0 <= level <= 1:
            raise ValueError(f"level is {level}; it is a number from 0 to 1.")
        _note("configure", self.name, f"{level}:{models}")


FRACTURE = Concept(value="125605004", scheme="SCT", meaning="Fracture of bone")


class Marker(Trouble):
    """Finds a fracture in the first image of every study, with all that can be said of one."""

    name = "marker"

    def run(self, study: Study, report: Progress) -> Findings:
        """Find it."""
        image = study.instances[0]
        rows, columns = int(image.value("Rows")), int(image.value("Columns"))
        on = refer(image)
        mask = np.zeros((rows, columns), np.bool_)
        mask[rows // 4 : rows // 2, columns // 3 : columns // 2] = True
        heat = np.linspace(0, 1, 49, dtype=np.float32).reshape(7, 7)
        return Findings(
            algorithm=Algorithm(name=self.name, version=self.version, digest="sha256:0123"),
            summary="A fracture is suspected.",
            recommendation="A radiologist should look at it.",
            sources=tuple(refer(instance) for instance in study.instances),
            classifications=(
                Classification(
                    name=FRACTURE, value=Presence.PRESENT, probability=0.875, references=(on,)
                ),
            ),
            regions=(
                Region(
                    tracking="fracture-1",
                    type=FRACTURE,
                    label="Fracture",
                    score=0.875,
                    shapes=(Mask(on=on, raster=Raster.of(mask)),),
                ),
            ),
            heatmaps=(HeatMap(on=on, raster=Raster.of(heat), explains=FRACTURE),),
        )
