"""The application over a real database in a temporary folder, asked without a network."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from starlette.types import ASGIApp

from config.loader import load
from config.settings import Settings
from gateway.app import create_app
from storage import fleet
from storage.database import Database
from storage.inbox import Inbox

SITE = """
[peers.pacs]
ae_title = "ORTHANC"
port = 4242

[[routes]]
name = "everything is checked"
pipelines = ["intake-check"]
send_to = ["pacs"]
"""
ROLES = ("supervisor", "receiver", "receiver", "assembly", "sender", "gateway")


@dataclass(frozen=True, kw_only=True)
class Client:
    """Asks an application, and shows what it answers to its bugs too."""

    app: ASGIApp
    base_url: str

    def ask(
        self, path: str, headers: Mapping[str, str] | None = None, method: str = "GET"
    ) -> httpx.Response:
        """The answer to one request."""

        async def request() -> httpx.Response:
            transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url=self.base_url) as client:
                return await client.request(method, path, headers=headers)

        return asyncio.run(request())


MakeClient = Callable[..., Client]


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    """A new database."""
    found = Database(f"sqlite:///{tmp_path / 'node.sqlite'}")
    found.upgrade()
    yield found
    found.close()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A site with one PACS that results go to."""
    path = tmp_path / "site.toml"
    path.write_text(SITE)
    return load(
        {"DICOM_NODE_CONFIG": str(path), "DICOM_NODE_NODE__DATA_DIR": str(tmp_path / "data")}
    )


@pytest.fixture
def make_client(db: Database, settings: Settings) -> MakeClient:
    """Makes clients of an application with other settings of [http] or another address."""

    def make(base_url: str = "http://127.0.0.1:8080", **http: object) -> Client:
        current = settings.model_copy(update={"http": settings.http.model_copy(update=http)})
        app = create_app(db, Inbox.of(current), lambda: current)
        return Client(app=app, base_url=base_url)

    return make


@pytest.fixture
def client(make_client: MakeClient) -> Client:
    """A client on the node's own machine."""
    return make_client()


@pytest.fixture
def everyone(db: Database) -> Database:
    """A database in which every process of the node is alive."""
    for number, role in enumerate(ROLES):
        fleet.enrol(db, f"process-{number}", role, 90000 + number)
    return db
