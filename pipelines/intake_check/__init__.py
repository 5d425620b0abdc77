"""The first look at a study: is it whole, readable and consistent enough to be worked on?"""

from __future__ import annotations

from collections.abc import Iterable

from pydicom.config import disable_value_validation

from pipelines.contract import (
    Algorithm,
    Findings,
    Framework,
    Measurement,
    Note,
    Progress,
    Refusal,
    Series,
    Severity,
    Study,
    Verdict,
    refer,
)
from pipelines.intake_check.attributes import check_attributes, check_patient
from pipelines.intake_check.counting import check_counts, check_numbers
from pipelines.intake_check.geometry import check_geometry
from pipelines.intake_check.headers import HeaderSeries, read_series
from pipelines.intake_check.pixels import Decoded, check_pixels
from pipelines.intake_check.privacy import check_privacy
from pipelines.intake_check.scope import verdict

__all__ = ["IntakeCheck"]

_HEADERS_SHARE = 0.2
"""Reading headers is about this much of the work, decoding the rest."""


class IntakeCheck:
    """Checks what arrived: counts, pixels, geometry, attributes, and what could identify."""

    name = "intake-check"
    version = "1.0.0"
    framework: Framework = "none"

    def accepts(self, series: Series) -> Verdict:
        """Take every series of images; any other is refused with the kind of its objects."""
        return verdict(series)

    def load(self, device: str) -> None:
        """Nothing to load."""

    def run(self, study: Study, report: Progress) -> Findings:
        """Check every image of the study, frame by frame."""
        # pydicom would log each invalid value that it reads, and values may be the patient's.
        with disable_value_validation():
            return self._run(study, report)

    def _run(self, study: Study, report: Progress) -> Findings:
        taken, refusals = _headers(study, report)
        notes = [*check_counts(study), *check_patient(taken)]
        measurements: list[Measurement] = []
        decoded = Decoded()
        step = (1 - _HEADERS_SHARE) / max(1, sum(len(images.headers) for images in taken))
        for images in taken:
            notes += [*check_numbers(images), *check_attributes(images), *check_privacy(images)]
            geometry = check_geometry(images)
            notes += geometry.notes
            measurements += geometry.measurements
            start = _HEADERS_SHARE + decoded.instances * step
            pixels = check_pixels(images, _part(report, start, step))
            notes += pixels.notes
            refusals += pixels.refusals
            decoded += pixels.decoded
        report(1.0, "writing down what was found")
        return Findings(
            algorithm=Algorithm(name=self.name, version=self.version),
            summary=_summary(decoded, notes, refusals),
            sources=tuple(refer(instance) for instance in study.instances),
            notes=tuple(sorted(notes, key=_gravest_first)),
            refusals=tuple(refusals),
            measurements=(*_counts(decoded), *measurements),
        )


def _headers(study: Study, report: Progress) -> tuple[list[HeaderSeries], list[Refusal]]:
    """The images of each series that has any, and what is refused."""
    taken: list[HeaderSeries] = []
    refusals: list[Refusal] = []
    step = _HEADERS_SHARE / max(1, len(study.instances))
    done = 0
    for series in study.series:
        images, refused = read_series(series, _part(report, done * step, step))
        done += len(series.instances)
        refusals.extend(refused)
        if images.headers:
            taken.append(images)
    return taken, refusals


def _part(report: Progress, start: float, step: float) -> Progress:
    """A progress that counts items within a part of the whole."""

    def reported(fraction: float, doing: str) -> None:
        report(min(1.0, start + fraction * step), doing)

    return reported


def _gravest_first(note: Note) -> int:
    return (Severity.ERROR, Severity.WARNING, Severity.INFO).index(note.severity)


def _counts(decoded: Decoded) -> tuple[Measurement, ...]:
    return (
        Measurement(name="instances checked", value=decoded.instances, unit="1"),
        Measurement(name="frames decoded", value=decoded.frames, unit="1"),
        Measurement(name="frames broken", value=decoded.broken, unit="1"),
    )


def _summary(decoded: Decoded, notes: Iterable[Note], refusals: Iterable[Refusal]) -> str:
    severities = [note.severity for note in notes]
    errors, warnings = severities.count(Severity.ERROR), severities.count(Severity.WARNING)
    looked = (
        f"{decoded.instances} instances checked, {decoded.frames} of their frames decoded: "
        f"{_number(errors, 'error')}, {_number(warnings, 'warning')}."
    )
    refused = len(list(refusals))
    return f"{looked} {_number(refused, 'part')} not processed." if refused else looked


def _number(count: int, noun: str) -> str:
    return f"{count or 'no'} {noun}{'' if count == 1 else 's'}"
