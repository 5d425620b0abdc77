"""What a pipeline is shown, and what it has to be."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, Protocol, runtime_checkable

from pydicom import Dataset, dcmread
from pydicom.uid import UID

from pipelines.contract.findings import Findings
from pipelines.contract.words import Reference

Framework = Literal["none", "torch", "tensorflow"]


_IMAGES_BY_ANOTHER_NAME = frozenset(
    {
        "Segmentation Storage",
        "Label Map Segmentation Storage",
        "Parametric Map Storage",
        "RT Dose Storage",
    }
)


def is_image_class(SOPClassUID: str) -> bool:
    """Whether the standard's instances of this SOP class have pixels."""
    name = UID(SOPClassUID).name
    return "Image Storage" in name or name in _IMAGES_BY_ANOTHER_NAME


class Rejected(Exception):
    """The input can never be processed; the message says why in a radiographer's words."""


class Retryable(Exception):
    """The work may succeed later: something outside the input stood in the way."""


class Cancelled(Exception):
    """Somebody asked for this job to stop; raised by `Progress` so that pipelines need not care."""


@dataclass(frozen=True, kw_only=True)
class Instance:
    """One stored SOP instance; `header` holds what was indexed, the file holds everything."""

    SOPClassUID: str
    SOPInstanceUID: str
    TransferSyntaxUID: str
    path: Path
    header: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def dataset(self) -> Dataset:
        """The whole data set, pixel data deferred until it is asked for."""
        return dcmread(self.path, defer_size="64 KB")

    def value(self, keyword: str) -> Any:
        """The value of an attribute: from the index where it is there, else from the file."""
        if keyword in self.header:
            return self.header[keyword]
        return self.dataset.get(keyword)


def refer(instance: Instance, frame: int | None = None) -> Reference:
    """Refer to a stored instance, or to a frame of it."""
    return Reference(
        SOPClassUID=instance.SOPClassUID, SOPInstanceUID=instance.SOPInstanceUID, frame=frame
    )


@dataclass(frozen=True, kw_only=True)
class Series:
    """The instances of one series, in the order they were received."""

    SeriesInstanceUID: str
    instances: tuple[Instance, ...]

    def value(self, keyword: str) -> Any:
        """The value in the first instance that has one."""
        values = (instance.value(keyword) for instance in self.instances)
        return next((value for value in values if value not in (None, "")), None)


@dataclass(frozen=True, kw_only=True)
class Study:
    """What a pipeline works on: the chosen series of one revision of a study."""

    StudyInstanceUID: str
    revision: int
    series: tuple[Series, ...]
    expected_instances: int | None = None
    """How many instances the study should have, where somebody said so."""
    received_instances: int = 0
    """How many instances of the study the node holds, chosen series or not."""

    @property
    def instances(self) -> tuple[Instance, ...]:
        """Every instance of every chosen series."""
        return tuple(instance for series in self.series for instance in series.instances)


@dataclass(frozen=True)
class Verdict:
    """Whether a pipeline takes a series, and why."""

    accepted: bool
    reason: str

    @classmethod
    def yes(cls, reason: str = "accepted") -> Verdict:
        """Take the series."""
        return cls(accepted=True, reason=reason)

    @classmethod
    def no(cls, reason: str) -> Verdict:
        """Leave the series alone, because."""
        return cls(accepted=False, reason=reason)


class Progress(Protocol):
    """Call it often: it shows progress and raises `Cancelled` when the job is to stop."""

    def __call__(self, fraction: float, doing: str) -> None:
        """Say how far the work is, from 0 to 1, and what is being done."""


@runtime_checkable
class Pipeline(Protocol):
    """A task that turns a study into findings."""

    name: str
    version: str
    framework: Framework

    def accepts(self, series: Series) -> Verdict:
        """Say whether the pipeline can work on this series, by its header alone."""

    def load(self, device: str) -> None:
        """Make ready, once per worker process: read weights, move them to the device."""

    def run(self, study: Study, report: Progress) -> Findings:
        """Do the work, or raise `Rejected` or `Retryable`."""


@runtime_checkable
class Configurable(Protocol):
    """What a pipeline is besides where a site can tell it something."""

    def configure(self, options: Mapping[str, Any], models: Path) -> None:
        """Take `[pipelines.NAME.options]` and the site's folder of models; called before `load`.

        An option that is unknown or wrong is a ValueError with a sentence for a person. The folder
        need not be there.
        """


@runtime_checkable
class Checkable(Protocol):
    """What a pipeline is besides where it can tell beforehand why `load` would fail."""

    def problems(self) -> Iterable[str]:
        """A sentence for each; called after `configure`, where no framework is to be imported."""
