"""What is wrong with a route as it is written."""

from __future__ import annotations


class RouteError(ValueError):
    """A route cannot be used; the message names the route, the place, what is wrong and allowed."""

    def __init__(self, route: str, where: str, problem: str, allowed: str = "") -> None:
        self.route, self.where = route, where
        place = f'route "{route}": ' + (f"{where} " if where else "")
        super().__init__(place + problem + (f"; allowed is {allowed}." if allowed else "."))


class Wrong(Exception):
    """Something is wrong at one place of a route, which the caller knows."""

    def __init__(self, problem: str, allowed: str = "") -> None:
        self.problem, self.allowed = problem, allowed
        super().__init__(problem)
