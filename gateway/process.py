"""The gateway's process: serves HTTP on the sockets it was handed until it is told to stop."""

from __future__ import annotations

import asyncio
import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

import uvicorn

from config.settings import Settings
from gateway.app import create_app
from storage.database import Database
from storage.inbox import Inbox


class Orders(Protocol):
    """What the supervisor has told this process; the settings in it are always the newest."""

    id: str
    settings: Settings
    sockets: list[socket.socket]
    """The listening sockets to serve on."""
    stop: threading.Event
    on_reload: list[Callable[[Settings], None]]

    def ready(self) -> None:
        """Tell the supervisor that this process does its work now."""


class Server(uvicorn.Server):
    """A uvicorn server that follows the orders of the node instead of signals."""

    def __init__(self, config: uvicorn.Config, orders: Orders) -> None:
        super().__init__(config)
        self.orders = orders

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to serve, and say so."""
        await super().startup(sockets)
        if self.started:
            self.orders.ready()

    async def on_tick(self, counter: int) -> bool:
        """Look ten times a second whether it is time to stop."""
        return self.orders.stop.is_set() or await super().on_tick(counter)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals alone: they are answered where the orders are taken."""
        yield


def run(orders: Orders) -> None:
    """Serve until told to stop; requests that are being answered may finish."""
    os.nice(5)  # a peer that sends images waits; a page can wait
    db = Database.of(orders.settings)
    inbox = Inbox.of(orders.settings)
    config = uvicorn.Config(
        create_app(db, inbox, lambda: orders.settings),
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        ws="none",
        http="h11",
        loop="asyncio",
        limit_concurrency=200,
        timeout_graceful_shutdown=5,
    )
    try:
        asyncio.run(Server(config, orders).serve(sockets=orders.sockets))
    finally:
        db.close()
