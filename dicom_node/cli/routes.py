"""What the router says about the configured routes, without starting anything."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.router import RouteError, compile_routes

if TYPE_CHECKING:
    from config.settings import Settings


def problems(found: Settings) -> list[str]:
    """What is wrong with the routes' conditions, in sentences; empty where nothing is."""
    try:
        compile_routes(found.routes)
    except RouteError as error:
        return [str(error)]
    return []
