"""Is everything there? Expected against received, and the numbers that instances bear."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from pipelines.contract import Note, Severity, Study
from pipelines.intake_check.headers import HeaderSeries, images


def check_counts(study: Study) -> Iterator[Note]:
    """Compare how many instances came with how many somebody said there are."""
    received = study.received_instances or len(study.instances)
    expected = study.expected_instances
    if expected is not None and received < expected:
        yield Note(
            code="count-short",
            severity=Severity.ERROR,
            text=f"{received} of {expected} expected instances of the study were received.",
        )
    elif expected is not None and received > expected:
        yield Note(
            code="count-over",
            severity=Severity.INFO,
            text=f"{received} instances of the study were received, {expected} were expected.",
        )
    elsewhere = received - len(study.instances)
    if elsewhere > 0:
        yield Note(
            code="count-elsewhere",
            severity=Severity.INFO,
            text=f"{elsewhere} received instances are in series that this check was not given.",
        )


def check_numbers(series: HeaderSeries) -> Iterator[Note]:
    """Look for instance numbers that are absent, borne twice or left out."""
    nameless = [header for header in series.headers if header.number is None]
    if nameless:
        yield Note(
            code="number-absent",
            severity=Severity.WARNING,
            text=f"{series.called}: {images(len(nameless))} without InstanceNumber.",
            references=series.references(nameless),
        )
    # A number may be used again by another acquisition of the same series.
    borne = Counter(
        (str(header.ds.get("AcquisitionNumber")), header.number)
        for header in series.headers
        if header.number is not None
    )
    twice = {key for key, count in borne.items() if count > 1}
    if twice:
        repeated = sorted({number for _, number in twice if number is not None})
        same = [h for h in series.headers if h.number in repeated]
        yield Note(
            code="number-duplicate",
            severity=Severity.WARNING,
            text=f"{series.called}: more than one instance has the number {ranges(repeated)}.",
            references=series.references(same),
        )
    yield from _left_out(series, sorted({number for _, number in borne if number is not None}))


def _left_out(series: HeaderSeries, present: list[int]) -> Iterator[Note]:
    if len(present) < 2:
        return
    span = present[-1] - present[0] + 1
    missing = span - len(present)
    if missing and missing > len(present):
        yield Note(
            code="number-sparse",
            severity=Severity.INFO,
            text=f"{series.called}: instance numbers are not consecutive, so they cannot show "
            "whether an instance is missing.",
        )
    elif missing:
        have = set(present)
        absent = [number for number in range(present[0], present[-1]) if number not in have]
        yield Note(
            code="number-missing",
            severity=Severity.WARNING,
            text=f"{series.called}: no instance has the number {ranges(absent)}.",
            references=series.references()[:1],
        )


def ranges(numbers: Iterable[int], most: int = 10) -> str:
    """Numbers as a person lists them: `3, 7 to 9 and 12 others`."""
    runs: list[tuple[int, int]] = []
    for number in numbers:
        if runs and number == runs[-1][1] + 1:
            runs[-1] = (runs[-1][0], number)
        else:
            runs.append((number, number))
    shown = ", ".join(str(a) if a == b else f"{a} to {b}" for a, b in runs[:most])
    rest = sum(b - a + 1 for a, b in runs[most:])
    return f"{shown} and {rest} others" if rest else shown
