"""One assignment for each pipeline, however many routes ask for it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import get_args

from pipelines.contract import Study
from pipelines.router.decision import Assignment, RouteOutcome
from pipelines.router.routes import Priority, Route

Taken = Sequence[tuple[Route, RouteOutcome]]
Kinds = Mapping[str, tuple[str, ...] | None]


def assign(study: Study, taken: Taken, usable: Collection[str]) -> tuple[Assignment, ...]:
    """The assignments of the routes that take the study, to the pipelines that can be used."""
    wanted = dict.fromkeys(name for route, _ in taken for name in route.pipelines)
    return tuple(
        _merged(name, study, [pair for pair in taken if name in pair[0].pipelines])
        for name in wanted
        if name in usable
    )


def _merged(pipeline: str, study: Study, asking: Taken) -> Assignment:
    routes = [route for route, _ in asking]
    shadow = all(route.shadow for route in routes)
    # A shadow route sends nothing, so it adds no destination to the routes that do.
    send_to, besides = _destinations([route for route in routes if shadow or not route.shadow])
    return Assignment(
        pipeline=pipeline,
        series=_series(study, [outcome.selected for _, outcome in asking]),
        send_to=send_to,
        besides=besides,
        priority=min((route.priority for route in routes), key=get_args(Priority).index),
        shadow=shadow,
        routes=tuple(route.name for route in routes),
    )


def _series(study: Study, selections: Sequence[Kinds]) -> dict[str, tuple[str, ...]]:
    """The instances that any route selects, in the order of the study."""
    found: dict[str, tuple[str, ...]] = {}
    for series in study.series:
        uid = series.SeriesInstanceUID
        chosen = [selection[uid] for selection in selections if uid in selection]
        if chosen:
            named = {one for uids in chosen if uids is not None for one in uids}
            own = (instance.SOPInstanceUID for instance in series.instances)
            found[uid] = tuple(one for one in own if None in chosen or one in named)
    return found


def _destinations(
    routes: Sequence[Route],
) -> tuple[dict[str, tuple[str, ...] | None], dict[str, tuple[str, ...]]]:
    """What each destination gets; what one wants by itself and what routes name are kept apart."""
    send_to: dict[str, tuple[str, ...] | None] = {}
    besides: dict[str, tuple[str, ...]] = {}
    for name in dict.fromkeys(name for route in routes for name in route.send_to):
        asked = [route.results for route in routes if name in route.send_to]
        kinds = tuple(dict.fromkeys(kind for results in asked for kind in results or ()))
        send_to[name] = None if None in asked else kinds
        if None in asked and kinds:
            besides[name] = kinds
    return send_to, besides
