"""Builds the wanted kinds of results from one run of a pipeline."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from pydicom import Dataset
from pydicom.uid import UID

from pipelines.contract import Findings, Study
from results.captures.images import build_images
from results.captures.overlay import overlaid
from results.checks import check
from results.context import KINDS, Context, Making, NotMade, Predecessor
from results.identity import Device
from results.key_objects import build_key_objects
from results.page import build_report
from results.planes.heatmap import build_heatmap
from results.planes.seg import build_seg
from results.presentation import build_presentation
from results.source import Source
from results.sr import build_sr

__all__ = ["Built", "Context", "Device", "Predecessor", "Result", "build_results"]


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
    source: Study | Source | Sequence[Dataset],
    findings: Findings,
    context: Context,
) -> Built:
    """Build the wanted kinds of objects from one run; a kind that cannot be had gives a reason.

    Findings that cannot be true of their source raise `Rejected`.
    """
    if isinstance(source, Study):
        source = Source.of_study(source)
    elif not isinstance(source, Source):
        source = Source.of_datasets(source)
    check(source, findings)
    making = Making(source=source, findings=findings, context=context)
    results: list[Result] = []
    reasons: list[str] = []
    for kind in sorted(set(kinds), key=KINDS.index):
        try:
            made, left_out = _BUILDERS[kind](making)
        except NotMade as reason:
            reasons.append(f"{kind}: {reason}.")
            continue
        reasons.extend(f"{kind}: {sentence}" for sentence in left_out)
        results.extend(
            Result(
                kind=kind,
                SOPClassUID=UID(ds.SOPClassUID),
                SOPInstanceUID=UID(ds.SOPInstanceUID),
                dataset=ds,
            )
            for ds in made
        )
    return Built(results=tuple(results), reasons=tuple(reasons))


Builder = Callable[[Making], tuple[Sequence[Dataset], Sequence[str]]]
"""Makes the objects of a kind, and says in sentences what they leave out."""


def _all(build: Callable[[Making], Sequence[Dataset]]) -> Builder:
    """A builder that leaves nothing out."""
    return lambda making: (build(making), ())


_BUILDERS: Mapping[str, Builder] = {
    "sr": _all(lambda making: [build_sr(making)]),
    "seg": _all(build_seg),
    "overlay": overlaid,
    "presentation": _all(build_presentation),
    "heatmap": _all(build_heatmap),
    "key-objects": _all(build_key_objects),
    "report": _all(build_report),
    "images": _all(build_images),
}
