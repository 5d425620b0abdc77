"""Which routes match a study, what is done because of it, and what is not done and why."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from pipelines.contract import Study
from pipelines.router.attributes import Attribute
from pipelines.router.conditions import UNSEEN, YES, Answer, Condition, Leaf
from pipelines.router.decision import Case, Decision, RouteOutcome, Unprocessed
from pipelines.router.merging import assign
from pipelines.router.routes import CompiledRoute, Route, compile_routes
from pipelines.router.subjects import Found, Subject, Subjects


def decide(
    study: Study,
    routes: Iterable[Mapping[str, Any] | object],
    installed: Mapping[str, object],
) -> Decision:
    """Say what the routes make of a study; one that cannot be evaluated does not match.

    `installed` are the pipelines by name; one with an `error` cannot be used.
    """
    compiled = compile_routes(routes)
    levels = {item.route.level for item in compiled}
    subjects_of = {level: Subjects(study, level) for level in levels}
    outcomes = [(item.route, _outcome(item, subjects_of[item.route.level])) for item in compiled]
    taken = [(route, outcome) for route, outcome in outcomes if outcome.matched and route.enabled]
    usable = {name for name, pipeline in installed.items() if not _error(pipeline)}
    return Decision(
        StudyInstanceUID=study.StudyInstanceUID,
        revision=study.revision,
        routes=tuple(outcome for _, outcome in outcomes),
        assignments=assign(study, taken, usable),
        unprocessed=tuple(_unprocessed(outcomes, taken, installed)),
    )


def _error(pipeline: object) -> str:
    return getattr(pipeline, "error", None) or ""


def _outcome(compiled: CompiledRoute, all_of: Subjects) -> RouteOutcome:
    """Ask the route's condition of every subject; what gets the same answers is one case."""
    groups: dict[Answer, list[int]] = {}
    for number, answer in enumerate(_answers(compiled.condition, all_of)):
        groups.setdefault(answer, []).append(number)
    cases = [_case(compiled, answer, group, all_of) for answer, group in groups.items()]
    numbers = sorted(number for answer in groups if answer.holds for number in groups[answer])
    route = compiled.route
    return RouteOutcome(
        name=route.name,
        enabled=route.enabled,
        level=route.level,
        matched=bool(numbers),
        selected=_selected(
            [all_of.subjects[number] for number in numbers], instances=route.level == "instance"
        ),
        cases=tuple(sorted(cases, key=lambda case: not case.matched)),
    )


def _answers(condition: Condition | None, all_of: Subjects) -> Iterator[Answer]:
    """The answer for each subject; files are read only where the index does not settle it."""
    if condition is None:
        yield from [YES] * len(all_of.subjects)
        return
    leaves = list(condition.leaves())
    columns = [_column(leaf, all_of) for leaf in leaves]
    known: dict[tuple[Answer, ...], Answer] = {}
    for number, said in enumerate(zip(*columns, strict=True)):
        if said not in known:
            known[said] = condition.answer(iter(said))
        if known[said].holds is None and UNSEEN in said:
            pairs = zip(leaves, said, strict=True)
            said = tuple(_read(leaf, one, all_of, number) for leaf, one in pairs)
            if said not in known:
                known[said] = condition.answer(iter(said))
        yield known[said]


def _column(leaf: Leaf, all_of: Subjects) -> list[Answer]:
    """A test's answer for each subject, each distinct value tested once."""
    if not all_of.indexed(leaf.attribute):
        return [UNSEEN] * len(all_of.subjects)
    column = all_of.found(leaf.attribute, range(len(all_of.subjects)))
    answers = {found: leaf.ask(found) for found in set(column)}
    return [answers[found] for found in column]


def _read(leaf: Leaf, said: Answer, all_of: Subjects, number: int) -> Answer:
    return said if said.seen else leaf.ask(*all_of.found(leaf.attribute, [number]))


def _case(compiled: CompiledRoute, answer: Answer, group: list[int], all_of: Subjects) -> Case:
    """What is said of a group of subjects."""

    def found(attribute: Attribute) -> list[Found]:
        return list(dict.fromkeys(all_of.found(attribute, group)))

    members = [all_of.subjects[number] for number in group]
    condition = compiled.condition
    return Case(
        matched=bool(answer.holds),
        series=tuple({part.SeriesInstanceUID: None for one in members for part in one.series}),
        instances=sum(len(one.instances) for one in members),
        reason=None if condition is None else condition.explain(answer, found),
    )


def _selected(chosen: list[Subject], *, instances: bool) -> dict[str, tuple[str, ...] | None]:
    if not instances:
        return {series.SeriesInstanceUID: None for one in chosen for series in one.series}
    found: dict[str, list[str]] = {}
    for subject in chosen:
        for series, instance in subject.instances:
            found.setdefault(series.SeriesInstanceUID, []).append(instance.SOPInstanceUID)
    return {uid: tuple(uids) for uid, uids in found.items()}


def _unprocessed(
    outcomes: Sequence[tuple[Route, RouteOutcome]],
    taken: Sequence[tuple[Route, RouteOutcome]],
    installed: Mapping[str, object],
) -> Iterable[Unprocessed]:
    """What is not done: the study, where nothing takes it; pipelines, where they are missing."""
    if not taken:
        yield Unprocessed(what="study", because=_why_none(outcomes))
    for route, outcome in outcomes:
        if outcome.matched and not route.enabled:
            text = f'The route "{route.name}" matches, but is switched off (enabled = false).'
            yield Unprocessed(what=f"route {route.name}", because=text)
    for name in dict.fromkeys(name for route, _ in taken for name in route.pipelines):
        asking = " and ".join(f'"{route.name}"' for route, _ in taken if name in route.pipelines)
        if name not in installed:
            text = f"The pipeline {name}, asked for by {asking}, is not installed here."
            yield Unprocessed(what=f"pipeline {name}", because=text)
        elif _error(installed[name]):
            text = f"The pipeline {name}, asked for by {asking}, is installed but cannot be used."
            yield Unprocessed(what=f"pipeline {name}", because=text)


def _why_none(outcomes: Sequence[tuple[Route, RouteOutcome]]) -> str:
    enabled = sum(route.enabled for route, _ in outcomes)
    if not outcomes:
        return "No route is configured."
    if not enabled:
        return "Every route is switched off (enabled = false)."
    if enabled == 1:
        return "The only route that is switched on does not match it."
    return f"None of the {enabled} routes that are switched on matches it."
