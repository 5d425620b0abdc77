"""What went wrong, as RFC 9457 says it to programs and as a page to people."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import OperationalError
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, JSONResponse, Response

from gateway.pages import render


@dataclass(frozen=True, kw_only=True)
class Problem:
    """Why a request was not answered as asked."""

    status: int
    title: str
    detail: str

    def to_dict(self) -> dict[str, Any]:
        """The members of the problem document."""
        return {
            "type": "about:blank",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
        }


def answer(problem: Problem, asked: Headers) -> Response:
    """A page for browsers, `application/problem+json` for everybody else."""
    if "text/html" in asked.get("accept", ""):
        return HTMLResponse(render("problem.html", problem=problem), problem.status)
    return JSONResponse(problem.to_dict(), problem.status, media_type="application/problem+json")


def install(app: FastAPI) -> None:
    """Make every error of an application one of ours."""

    @app.exception_handler(HTTPException)
    def _http(request: Request, error: HTTPException) -> Response:
        title = HTTPStatus(error.status_code).phrase
        detail = error.detail if error.detail != title else _SENTENCES.get(error.status_code, title)
        found = Problem(status=error.status_code, title=title, detail=detail)
        response = answer(found, request.headers)
        response.headers.update(error.headers or {})
        return response

    @app.exception_handler(RequestValidationError)
    def _validation(request: Request, error: RequestValidationError) -> Response:
        # What was sent is not repeated: it may be anything.
        names = ", ".join(sorted({str(part["loc"][-1]) for part in error.errors()}))
        detail = f"The request cannot be understood; look at: {names}."
        found = Problem(status=422, title="The request cannot be understood", detail=detail)
        return answer(found, request.headers)

    @app.exception_handler(OperationalError)
    def _database(request: Request, _error: OperationalError) -> Response:
        found = Problem(
            status=503,
            title="The database does not answer",
            detail="The node's database cannot be read at the moment; /readyz says more.",
        )
        return answer(found, request.headers)

    @app.exception_handler(Exception)
    def _bug(request: Request, _error: Exception) -> Response:
        found = Problem(
            status=500,
            title="A bug in the node",
            detail="The request met a bug; its trace is in the node's log.",
        )
        return answer(found, request.headers)


_SENTENCES = {
    404: "There is nothing at this address.",
    405: "This address cannot be asked in that way.",
}
