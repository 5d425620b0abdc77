"""A decision as a person reads it."""

from __future__ import annotations

from collections.abc import Iterator

from pipelines.router.conditions import ALL
from pipelines.router.decision import Assignment, Case, Decision, Reason, RouteOutcome

_MARKS = {True: "✓", False: "✗", None: "?"}


def explain(decision: Decision) -> str:
    """Say route by route and rule by rule why, then what is done and what is not."""
    blocks = [[f"Study {decision.StudyInstanceUID}, revision {decision.revision}"]]
    blocks += [list(_route(outcome)) for outcome in decision.routes]
    if decision.assignments:
        blocks.append(["What is done", *map(_assignment, decision.assignments)])
    if decision.unprocessed:
        lines = [f"  {item.what}: {item.because}" for item in decision.unprocessed]
        blocks.append(["What is not done", *lines])
    return "\n\n".join("\n".join(block) for block in blocks) + "\n"


def _route(outcome: RouteOutcome) -> Iterator[str]:
    off = "" if outcome.enabled else " (switched off)"
    yield f"{_MARKS[outcome.matched]} {outcome.name}{off}"
    for case in outcome.cases:
        yield from _case(outcome.level, case)
    if not outcome.cases:
        yield "    The study has no instances."


def _case(level: str, case: Case) -> Iterator[str]:
    reason = case.reason
    if reason is None:
        yield f"    ✓ {_about(level, case)}: the route has no conditions"
        return
    yield f"    {_MARKS[reason.holds]} {_about(level, case)}"
    # That all conditions of a route must hold goes without saying.
    for part in reason.parts if reason.rule == ALL else (reason,):
        yield from _reason(part, 6)


def _about(level: str, case: Case) -> str:
    """Whom a case is about."""
    instances = _count(case.instances, "instance")
    if level == "study":
        return f"the study as a whole ({_count(len(case.series), 'series', 'series')}, {instances})"
    if len(case.series) > 1:
        return f"{_count(len(case.series), 'series', 'series')}, {instances}"
    if level == "instance":
        return f"{instances} of series {case.series[0]}"
    return f"series {case.series[0]} ({instances})"


def _reason(reason: Reason, indent: int) -> Iterator[str]:
    found = f": {', '.join(reason.found)}" if reason.found else ""
    note = f" ({reason.note})" if reason.note else ""
    yield f"{' ' * indent}{_MARKS[reason.holds]} {reason.rule}{found}{note}"
    for part in reason.parts:
        yield from _reason(part, indent + 2)


def _assignment(assignment: Assignment) -> str:
    instances = sum(map(len, assignment.series.values()))
    what = f"{_count(len(assignment.series), 'series', 'series')}, {_count(instances, 'instance')}"
    return f"  {assignment.pipeline}, {assignment.priority}: {what}; {_results(assignment)}"


def _results(assignment: Assignment) -> str:
    if assignment.shadow:
        return "in shadow, so nothing is sent"
    if not assignment.send_to:
        return "results are sent to nobody"
    return "results to " + ", ".join(
        f"{name} ({_kinds(assignment, name)})" for name in assignment.send_to
    )


def _kinds(assignment: Assignment, name: str) -> str:
    kinds = assignment.send_to[name]
    if kinds is not None:
        return ", ".join(kinds) or "none"
    besides = ", ".join(assignment.besides.get(name, ()))
    own = "its own kinds, else the pipeline's"
    return f"{besides} besides {own}" if besides else own


def _count(number: int, one: str, many: str | None = None) -> str:
    return f"{number:,} {one if number == 1 else many or one + 's'}"
