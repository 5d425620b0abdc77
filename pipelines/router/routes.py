"""Routes: which studies go to which pipelines, as they are written and as they are used."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Literal, get_args

from pipelines.router.attributes import BODY_PART, Attribute
from pipelines.router.compiling import At, compile_table
from pipelines.router.conditions import Condition
from pipelines.router.errors import RouteError
from pipelines.router.evidence import KEYWORDS as BODY_PART_KEYWORDS

Level = Literal["study", "series", "instance"]
Priority = Literal["stat", "urgent", "routine"]


@dataclass(frozen=True, kw_only=True)
class Route:
    """Which studies go to which pipelines, and where their results go."""

    name: str
    when: Mapping[str, Any] = field(default_factory=dict)
    level: Level = "series"
    pipelines: tuple[str, ...]
    send_to: tuple[str, ...] = ()
    results: tuple[str, ...] | None = None
    """The kinds of results that are sent; None: those that each peer is set to want, or else those
    that the pipeline names."""
    priority: Priority = "routine"
    shadow: bool = False
    enabled: bool = True


@dataclass(frozen=True, kw_only=True, eq=False)
class CompiledRoute:
    """A route whose conditions can be asked."""

    route: Route
    condition: Condition | None
    """None where the route takes every study."""
    attributes: tuple[Attribute, ...]
    """All that the condition looks at."""


def compile_routes(routes: Iterable[Mapping[str, Any] | object]) -> tuple[CompiledRoute, ...]:
    """Check routes and make them ready; a RouteError names the route and what is wrong in it.

    A route is a table, or any object with the same fields: what the settings hold, or a `Route`.
    """
    return tuple(
        item if isinstance(item, CompiledRoute) else _compile(_route(item)) for item in routes
    )


def keywords(routes: Iterable[Mapping[str, Any] | object]) -> frozenset[str]:
    """Every attribute keyword that the routes look at, for the index to keep."""
    found: set[str] = set()
    for compiled in compile_routes(routes):
        for attribute in compiled.attributes:
            found |= attribute.keywords
    return frozenset(found | BODY_PART_KEYWORDS if BODY_PART in found else found)


def _compile(route: Route) -> CompiledRoute:
    try:
        condition = compile_table(route.when, "when") if route.when else None
    except At as at:
        raise RouteError(route.name, at.where, at.wrong.problem, at.wrong.allowed) from None
    leaves = () if condition is None else condition.leaves()
    attributes = dict.fromkeys(leaf.attribute for leaf in leaves)
    return CompiledRoute(route=route, condition=condition, attributes=tuple(attributes))


def _route(item: Mapping[str, Any] | object) -> Route:
    """A route of what is given, each field checked."""
    names = [each.name for each in fields(Route)]
    given: dict[str, Any] = (
        dict(item)
        if isinstance(item, Mapping)
        else {name: getattr(item, name) for name in names if hasattr(item, name)}
    )
    name = given.get("name")
    if not isinstance(name, str) or not name.strip():
        raise RouteError("?", "name", "is missing or empty", "a name for the route")
    for key in given:
        if key not in names:
            raise RouteError(name, str(key), "is no setting of a route", ", ".join(names))
    _check(name, given)
    for key in ("pipelines", "send_to", "results"):
        if given.get(key) is not None:
            given[key] = tuple(given[key])
    return Route(**given)


def _check(name: str, given: Mapping[str, Any]) -> None:
    """Refuse fields of the wrong kind."""
    if not isinstance(given.get("when", {}), Mapping):
        raise RouteError(name, "when", "is not a table", "a table of conditions")
    for key, choices in (("level", get_args(Level)), ("priority", get_args(Priority))):
        if given.get(key, choices[0]) not in choices:
            allowed = " or ".join(f'"{choice}"' for choice in choices)
            raise RouteError(name, key, f'is "{given[key]}"', allowed)
    for key in ("shadow", "enabled"):
        if not isinstance(given.get(key, True), bool):
            raise RouteError(name, key, f'is "{given[key]}"', "true or false")
    if not given.get("pipelines"):
        raise RouteError(name, "pipelines", "names none", "a list of at least one pipeline")
    for key in ("pipelines", "send_to", "results"):
        value = given.get(key)
        if not (_is_names(value) or (value is None and (key == "results" or key not in given))):
            raise RouteError(name, key, "is not a list of names", "a list of names")


def _is_names(value: Any) -> bool:
    is_list = isinstance(value, Sequence) and not isinstance(value, str)
    return is_list and all(isinstance(each, str) and each for each in value)
