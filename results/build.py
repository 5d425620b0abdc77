"""Builds the wanted kinds of results from one run of a pipeline."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from pydicom import Dataset
from pydicom.uid import UID

from pipelines.contract import Findings, Study
from results.identity import Device, derive_uid
from results.source import headers
from results.sr import Predecessor, build_sr

__all__ = ["Built", "Context", "Device", "Predecessor", "Result", "build_results", "headers"]


@dataclass(frozen=True, kw_only=True)
class Context:
    """What a result is about besides its findings; with the source it decides every UID."""

    pipeline: str
    version: str
    """The pipeline's."""
    revision: int
    """Which revision of the study was looked at."""
    content_datetime: datetime
    """What the report is dated; part of its bytes, so it must be the same when built again."""
    root: str = "2.25"
    ae_title: str = ""
    predecessors: Mapping[str, Sequence[Predecessor]] = field(default_factory=dict)
    """For each kind, what the latest earlier revision gave."""
    series_number: int = 9000
    device: Device = field(default_factory=Device)


@dataclass(frozen=True, kw_only=True)
class Result:
    """An object to send."""

    kind: str
    SOPClassUID: UID
    SOPInstanceUID: UID
    dataset: Dataset


@dataclass(frozen=True, kw_only=True)
class Built:
    """What was made, which is what one gets by iterating, and in sentences what was not."""

    results: tuple[Result, ...]
    reasons: tuple[str, ...]

    def __iter__(self) -> Iterator[Result]:
        return iter(self.results)

    def __len__(self) -> int:
        return len(self.results)


def build_results(
    kinds: Iterable[str],
    source: Study | Sequence[Dataset],
    findings: Findings,
    context: Context,
) -> Built:
    """Build the wanted kinds of objects from one run; a kind that cannot be had gives a reason.

    The source is the study, or the headers of its instances with `PATIENT_AND_STUDY` in the first.
    """
    images = headers(source) if isinstance(source, Study) else source
    results, reasons = [], []
    for kind in sorted(set(kinds)):
        builder = _BUILDERS.get(kind)
        if builder is None:
            known = ", ".join(_BUILDERS)
            reasons.append(f"No result of kind '{kind}' was made: this node can make {known}.")
            continue
        ds = builder(images, findings, context)
        results.append(
            Result(
                kind=kind,
                SOPClassUID=UID(ds.SOPClassUID),
                SOPInstanceUID=UID(ds.SOPInstanceUID),
                dataset=ds,
            )
        )
    return Built(results=tuple(results), reasons=tuple(reasons))


def _sr(source: Sequence[Dataset], findings: Findings, context: Context) -> Dataset:
    study = str(source[0].StudyInstanceUID)
    made_by = (study, context.pipeline, context.version)
    return build_sr(
        source,
        findings,
        SOPInstanceUID=derive_uid(context.root, *made_by, str(context.revision), "sr", "0"),
        SeriesInstanceUID=derive_uid(context.root, *made_by, "sr", "series"),
        series_number=context.series_number,
        instance_number=max(1, context.revision),
        content_datetime=context.content_datetime,
        predecessors=context.predecessors.get("sr", ()),
        device=replace(context.device, station=context.ae_title or context.device.station),
        uid_root=context.root,
    )


_BUILDERS: Mapping[str, Callable[[Sequence[Dataset], Findings, Context], Dataset]] = {"sr": _sr}
