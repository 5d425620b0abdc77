"""Pure builders: a source study and its findings become DICOM objects a viewer shows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from pydicom import Dataset
from pydicom.uid import UID

from pipelines.contract import Findings
from results.identity import derive_uid
from results.sr import Device, Predecessor, build_sr

__all__ = ["Built", "Context", "Device", "Predecessor", "Result", "build_results"]


@dataclass(frozen=True, kw_only=True)
class Context:
    """What a result is about besides its findings; with the source it decides every UID."""

    revision: int
    """Which revision of the study was looked at."""
    pipeline_name: str
    pipeline_version: str
    content_datetime: datetime
    """When the findings were made; part of the result, so keep it with the job."""
    root: str = "2.25"
    predecessors: tuple[Predecessor, ...] = ()
    series_number: int = 9000
    device: Device = field(default_factory=Device)


@dataclass(frozen=True, kw_only=True)
class Result:
    """An object to send."""

    kind: str
    SOPClassUID: UID
    SOPInstanceUID: UID
    dataset: Dataset


class Built(NamedTuple):
    """What was made, and in sentences what was not."""

    results: list[Result]
    reasons: list[str]


def build_results(
    kinds: Iterable[str], source: Sequence[Dataset], findings: Findings, context: Context
) -> Built:
    """Build the wanted kinds of objects from one run; a kind that cannot be had gives a reason."""
    built = Built([], [])
    for kind in dict.fromkeys(kinds):
        builder = _BUILDERS.get(kind)
        if builder is None:
            known = ", ".join(_BUILDERS)
            built.reasons.append(
                f"No result of kind '{kind}' was made: this node can make {known}."
            )
            continue
        ds = builder(source, findings, context)
        built.results.append(
            Result(
                kind=kind,
                SOPClassUID=ds.SOPClassUID,
                SOPInstanceUID=ds.SOPInstanceUID,
                dataset=ds,
            )
        )
    return built


def _sr(source: Sequence[Dataset], findings: Findings, context: Context) -> Dataset:
    study = str(source[0].StudyInstanceUID)
    made_by = (study, context.pipeline_name, context.pipeline_version)
    return build_sr(
        source,
        findings,
        SOPInstanceUID=derive_uid(context.root, *made_by, str(context.revision), "sr", "0"),
        SeriesInstanceUID=derive_uid(context.root, *made_by, "sr", "series"),
        series_number=context.series_number,
        instance_number=max(1, context.revision),
        content_datetime=context.content_datetime,
        predecessors=context.predecessors,
        device=context.device,
        uid_root=context.root,
    )


_BUILDERS: Mapping[str, Callable[[Sequence[Dataset], Findings, Context], Dataset]] = {"sr": _sr}
