"""The application: what it answers at which address."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Annotated

from anyio import to_thread
from fastapi import FastAPI, Path, Response
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from config.settings import Settings
from gateway import problems
from gateway.board import Board, board
from gateway.guard import Guard
from gateway.health import Readiness, readiness
from gateway.pages import STATIC, render
from gateway.story import timeline, trail
from storage.database import Database
from storage.inbox import Inbox
from storage.story import story

StudyNumber = Annotated[int, Path(ge=1, le=2**31 - 1)]
"""A study's number in this node: a UID in an address would end in every log on the way."""

THREADS = 8
"""How many requests are answered at once; each holds one connection of the database's pool."""


def create_app(db: Database, inbox: Inbox, current: Callable[[], Settings]) -> ASGIApp:
    """The whole application, guarded; `current` gives the configuration now in force."""
    app = FastAPI(
        title="DICOM node",
        summary="What comes in, waits, runs, failed and was delivered. Not a medical device.",
        version="2",
        docs_url=None,  # it would be fetched from a CDN
        redoc_url=None,
        openapi_url="/api/v2/openapi.json",
        lifespan=_lifespan,
    )
    problems.install(app)
    _add_health(app, db, inbox, current)
    _add_pages(app, db, inbox, current)
    app.mount("/static", StaticFiles(directory=STATIC))
    return Guard(app, current().http)


@asynccontextmanager
async def _lifespan(_app: FastAPI) -> AsyncIterator[None]:
    to_thread.current_default_thread_limiter().total_tokens = THREADS
    yield


def _add_health(app: FastAPI, db: Database, inbox: Inbox, current: Callable[[], Settings]) -> None:
    @app.get("/healthz", tags=["health"])
    async def healthz() -> dict[str, str]:
        """Say that this process answers."""
        return {"status": "alive"}

    @app.get("/readyz", tags=["health"], responses={503: {"model": Readiness}})
    def readyz(response: Response) -> Readiness:
        """Ask every dependency; 503 where one of them fails."""
        found = readiness(db, inbox, current())
        response.status_code = 200 if found.ok else 503
        return found

    @app.get("/api/v2/status", tags=["status"])
    def status() -> Board:
        """What comes in, waits, runs, failed and was delivered, with the newest studies."""
        return board(db, inbox, current())


def _add_pages(app: FastAPI, db: Database, inbox: Inbox, current: Callable[[], Settings]) -> None:
    def page(path: str) -> Callable[[Callable[..., str]], Callable[..., str]]:
        return app.get(path, response_class=HTMLResponse, include_in_schema=False)

    @page("/")
    def first_page() -> str:
        return render("board.html", board=board(db, inbox, current()))

    @page("/fragments/board")
    def board_fragment() -> str:
        return render("_board.html", board=board(db, inbox, current()))

    @page("/studies/{study_id}")
    def study_page(study_id: StudyNumber) -> str:
        return _study("study.html", study_id)

    @page("/fragments/studies/{study_id}")
    def study_fragment(study_id: StudyNumber) -> str:
        return _study("_study.html", study_id)

    def _study(template: str, study_id: int) -> str:
        found = story(db, study_id)
        if found is None:
            raise HTTPException(404, "The node knows no study with this number.")
        return render(
            template,
            study=found.study,
            held=sum(row["count"] for row in found.brought if not row["ours"]),
            timeline=timeline(found),
            trail=trail(found),
            ae_title=current().node.ae_title.strip(),
        )
