"""Who may ask at all, and the headers that tell a browser what it may do with the answer."""

from __future__ import annotations

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from config.settings import Http, is_loopback
from gateway.problems import Problem, answer

ALWAYS_OPEN = frozenset({"/healthz", "/readyz"})
"""What monitoring asks for: it says nothing about studies."""

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cache-Control": "no-store",
}


class Guard:
    """Wraps the whole application, its error answers included.

    On loopback a request must name this machine as its host: a page elsewhere that rebinds its
    own name to 127.0.0.1 is not served. Off loopback nothing but health is.
    """

    def __init__(self, app: ASGIApp, http: Http) -> None:
        self.app, self.http = app, http
        self.closed = not is_loopback(http.host)
        self.names = {"localhost", "127.0.0.1", "::1", http.host.casefold().strip("[]")}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or answer it here."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        problem = self._problem(scope)
        app = self.app if problem is None else answer(problem, Headers(scope=scope))
        await app(scope, receive, send_guarded)

    def _problem(self, scope: Scope) -> Problem | None:
        if self.closed:
            return None if scope["path"] in ALWAYS_OPEN else self._not_yet()
        host = _name(Headers(scope=scope).get("host", ""))
        if host in self.names:
            return None
        return Problem(
            status=421,
            title="This is not the host you asked for",
            detail=f"The page answers to http://127.0.0.1:{self.http.port} and localhost only.",
        )

    def _not_yet(self) -> Problem:
        port = self.http.port
        return Problem(
            status=403,
            title="The page is not open to the network",
            detail=(
                "Access control comes with a later version of the node; until then only programs "
                f"on its own machine may read the page, and http.host is {self.http.host}. "
                'Set http.host to "127.0.0.1", start the node again, open a tunnel with '
                f"`ssh -L {port}:127.0.0.1:{port} USER@NODE`, and go to http://127.0.0.1:{port}."
            ),
        )


def _name(host: str) -> str:
    """The name in a Host header, without its port."""
    host = host.casefold()
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0]
