"""The router: which pipelines a study goes to, by rules that a person can read, and why.

Rules are data and never evaluated text. `compile_routes` checks them, `decide` applies them to
a study and gives a frozen `Decision`, `explain` tells it to a person.
"""

from __future__ import annotations

from pipelines.router.deciding import decide
from pipelines.router.decision import (
    Assignment,
    Case,
    Decision,
    Reason,
    RouteOutcome,
    Unprocessed,
)
from pipelines.router.errors import RouteError
from pipelines.router.explaining import explain
from pipelines.router.routes import CompiledRoute, Route, compile_routes, keywords

__all__ = [
    "Assignment",
    "Case",
    "CompiledRoute",
    "Decision",
    "Reason",
    "Route",
    "RouteError",
    "RouteOutcome",
    "Unprocessed",
    "compile_routes",
    "decide",
    "explain",
    "keywords",
]
