"""Do the slices of a CT, MR or PET series make a volume?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from pipelines.contract import Measurement, Note, Severity
from pipelines.intake_check.headers import HeaderSeries, images, text
from pipelines.intake_check.planes import Floats, Slices, Volume, spacing_of, volumes

_SAME_PLACE_MM = 1e-3
_SAME_DIRECTION = 1e-3
"""Direction cosines are written with few digits; 0.001 is 0.06 degrees."""
_EVEN_PART = 0.02
_EVEN_MM = 0.02
"""Slices are evenly spaced when each step is within 2 % or 0.02 mm of the usual one."""
_GAP = 1.5
"""A step of so many usual ones is a gap."""
_RARE = 0.25
"""Gaps are rare; when more of the steps than this are wide, the spacing is uneven instead."""
_TILT_DEGREES = 0.5


@dataclass(frozen=True, kw_only=True)
class Geometry:
    """What was found about a series' geometry."""

    notes: tuple[Note, ...]
    measurements: tuple[Measurement, ...]


def check_geometry(series: HeaderSeries) -> Geometry:
    """Compare directions, steps and positions of the slices, and what must be the same in all."""
    notes: list[Note] = []
    measurements: list[Measurement] = []
    found = list(volumes(series))
    if found:
        notes.extend(_same_throughout(series))
    for volume in found:
        notes.extend(_placeless(series, volume))
        for stack in _stacks(series, volume.slices, notes):
            notes.extend(_check_stack(series.called, stack, measurements))
    return Geometry(notes=tuple(notes), measurements=tuple(measurements))


def _placeless(series: HeaderSeries, volume: Volume) -> Iterator[Note]:
    if volume.placeless:
        yield Note(
            code="geometry-absent",
            severity=Severity.ERROR,
            text=f"{series.called}: {images(len(volume.placeless))} without a "
            "valid ImagePositionPatient and ImageOrientationPatient, so the place is unknown.",
            references=series.references(list(volume.placeless)),
        )


def _same_throughout(series: HeaderSeries) -> Iterator[Note]:
    """Size, spacing and frame of reference, of which a volume has one each."""
    ours = series.headers
    for what, values in (
        ("image sizes", {(text(h.ds, "Rows"), text(h.ds, "Columns")) for h in ours}),
        ("values of PixelSpacing", {spacing_of(h.ds) for h in ours}),
        ("frames of reference", {text(h.ds, "FrameOfReferenceUID") for h in ours} - {""}),
    ):
        if len(values) > 1:
            yield Note(
                code="geometry-mixed",
                severity=Severity.WARNING,
                text=f"{series.called}: the series has {len(values)} different {what}.",
                references=series.references(),
            )
    without = [header for header in ours if not text(header.ds, "FrameOfReferenceUID")]
    if without:
        yield Note(
            code="frame-of-reference-absent",
            severity=Severity.WARNING,
            text=f"{series.called}: {images(len(without))} without FrameOfReferenceUID.",
            references=series.references(without),
        )


def _stacks(series: HeaderSeries, slices: Slices, notes: list[Note]) -> list[Slices]:
    """The slices by direction; those whose direction cosines are impossible are left out."""
    if not len(slices):
        return []
    rows, columns = slices.orientations[:, :3], slices.orientations[:, 3:]
    wrong = (
        (np.abs(np.linalg.norm(rows, axis=1) - 1) > _SAME_DIRECTION * 10)
        | (np.abs(np.linalg.norm(columns, axis=1) - 1) > _SAME_DIRECTION * 10)
        | (np.abs(np.sum(rows * columns, axis=1)) > _SAME_DIRECTION * 10)
        | ~np.isfinite(slices.orientations).all(axis=1)
        | ~np.isfinite(slices.positions).all(axis=1)
    )
    if wrong.any():
        notes.append(
            Note(
                code="geometry-invalid",
                severity=Severity.ERROR,
                text=f"{series.called}: {int(wrong.sum())} slices have direction cosines that are "
                "not perpendicular unit vectors, or a position that is no number.",
                references=slices.references(np.flatnonzero(wrong)),
            )
        )
    groups = _by_direction(slices.orientations, np.flatnonzero(~wrong))
    if len(groups) > 1:
        groups.sort(key=len, reverse=True)
        odd = np.concatenate(groups[1:])
        notes.append(
            Note(
                code="geometry-directions",
                severity=Severity.WARNING,
                text=f"{series.called}: the slices face {len(groups)} different directions; "
                f"{len(groups[0])} face one way and {len(odd)} others.",
                references=slices.references(odd),
            )
        )
    return [slices.only(group) for group in groups if len(group) > 1]


def _by_direction(orientations: Floats, indices: np.ndarray) -> list[np.ndarray]:
    groups: list[np.ndarray] = []
    rest = indices
    while len(rest):
        same = (np.abs(orientations[rest] - orientations[rest[0]]) < _SAME_DIRECTION * 2).all(
            axis=1
        )
        groups.append(rest[same])
        rest = rest[~same]
    return groups


def _check_stack(called: str, stack: Slices, measurements: list[Measurement]) -> Iterator[Note]:
    """Steps, gaps, duplicates and tilt of slices that face the same way."""
    row, column = stack.orientations[0, :3], stack.orientations[0, 3:]
    normal = np.cross(row, column)
    depths = stack.positions @ normal
    order = np.argsort(depths, kind="stable")
    steps = np.diff(depths[order])
    first_of_place = np.concatenate(([True], steps > _SAME_PLACE_MM))
    counts = np.diff(np.append(np.flatnonzero(first_of_place), len(order)))
    yield from _repeats(called, stack, order, counts)
    places = order[first_of_place]
    if len(places) < 2:
        return
    distances = np.diff(depths[places])
    usual = float(np.median(distances))
    measurements.append(
        Measurement(
            name="slice spacing",
            value=round(usual, 4),
            unit="mm",
            references=(stack.where[places[0]], stack.where[places[-1]]),
        )
    )
    yield from _gaps(called, stack, places, distances, usual)
    yield from _tilt(called, stack, places, normal)


def _repeats(called: str, stack: Slices, order: np.ndarray, counts: np.ndarray) -> Iterator[Note]:
    """Slices that share a place: time points and echoes when all do, else duplicates."""
    usual = int(np.median(counts)) if len(counts) > 1 else 1
    ends = np.cumsum(counts)
    over = [i for i, count in enumerate(counts) if count > usual]
    if usual > 1:
        yield Note(
            code="geometry-volumes",
            severity=Severity.INFO,
            text=f"{called}: each place has {usual} slices, so the series holds {usual} volumes, "
            "such as time points or echoes.",
        )
        short = int((counts < usual).sum())
        if short:
            yield Note(
                code="geometry-volumes-uneven",
                severity=Severity.WARNING,
                text=f"{called}: {short} places have fewer slices than the others.",
            )
    if over:
        same = np.concatenate([order[ends[i] - counts[i] : ends[i]] for i in over])
        yield Note(
            code="geometry-duplicate",
            severity=Severity.WARNING,
            text=f"{called}: {len(over)} places have more than {usual} "
            f"slice{'s' if usual > 1 else ''}: {_listed(stack, same)}.",
            references=stack.references(same),
        )


def _gaps(
    called: str, stack: Slices, places: np.ndarray, distances: Floats, usual: float
) -> Iterator[Note]:
    wide = np.flatnonzero(distances > _GAP * usual)
    if len(wide) > _RARE * len(distances):
        wide = wide[:0]  # so many are no gaps: the slices were planned at two distances
    if len(wide):
        missing = int(np.sum(np.rint(distances[wide] / usual) - 1))
        sides = np.unique(np.concatenate([places[wide], places[wide + 1]]))
        at = wide[0]
        yield Note(
            code="geometry-gap",
            severity=Severity.WARNING,
            text=f"{called}: {len(wide)} gap{'s' if len(wide) > 1 else ''} between slices, room "
            f"for about {missing} more; the first of {distances[at]:.2f} mm instead of "
            f"{usual:.2f} mm is between {stack.called[places[at]]} and "
            f"{stack.called[places[at + 1]]}.",
            references=stack.references(sides),
        )
    uneven = np.abs(distances - usual) > max(_EVEN_MM, _EVEN_PART * usual)
    uneven[wide] = False
    if uneven.any():
        yield Note(
            code="geometry-uneven",
            severity=Severity.WARNING,
            text=f"{called}: slices are unevenly spaced, from {distances.min():.2f} to "
            f"{distances.max():.2f} mm; {int(uneven.sum())} of {len(distances)} steps differ from "
            f"the usual {usual:.2f} mm.",
            references=stack.references(places[np.flatnonzero(uneven)]),
        )


def _tilt(called: str, stack: Slices, places: np.ndarray, normal: Floats) -> Iterator[Note]:
    """Whether the stack leans: a tilted gantry moves each slice sideways."""
    along = stack.positions[places[-1]] - stack.positions[places[0]]
    length = float(np.linalg.norm(along))
    lean = float(np.degrees(np.arccos(np.clip(abs(along @ normal) / length, 0.0, 1.0))))
    if lean > _TILT_DEGREES:
        yield Note(
            code="geometry-tilt",
            severity=Severity.WARNING,
            text=f"{called}: the stack of slices leans by {lean:.1f} degrees, as with a tilted "
            "gantry; a volume made without regard to it is sheared.",
            references=stack.references([places[0], places[-1]]),
        )


def _listed(stack: Slices, chosen: np.ndarray, most: int = 8) -> str:
    names = [stack.called[int(i)] for i in chosen[:most]]
    rest = len(chosen) - len(names)
    return ", ".join(names) + (f" and {rest} others" if rest > 0 else "")
